// The rules broken one by one. Each is to be noticed by some seed, and the number beside it is one that did; or by the test
// that is named, where what is broken is no matter of what both sides hold in the end.

namespace NanoSync.Simulation;

/// <summary>All source mutants.</summary>
public static class Mutants
{
    /// <summary>The head of their table in DESIGN.md, which `table` prints.</summary>
    public const string Head = "| rule broken in the source | seed, or test, that notices |\n|---|---|";

    /// <summary>A row of it.</summary>
    /// <param name="name">The mutant's.</param>
    /// <param name="by">What <see cref="SourceMutant.Run"/> says: the seed, or the test with its project.</param>
    public static string Row(string name, string by) => $"| {name} | {(by.StartsWith("seed ", StringComparison.Ordinal) ? by["seed ".Length..] : by.Split('.') is [_, var type, var test] ? $"{type}.{test}" : by)} |";

    /// <summary>The row as the mutant itself has it.</summary>
    public static string Row(SourceMutant mutant) => Row(mutant.Name, mutant.Test ?? mutant.BySeed(mutant.Seed));

    public static readonly SourceMutant[] All =
    [
        new("a download's whole check sum is ignored", "Storage/FlashStore.Large.cs",
            "bool whole = Crc32.Finish(_partRunning) == _partCrc;", "bool whole = true;", 16),
        new("reclaim skips a byte", "Storage/FlashStore.Reclaim.cs",
            "at = _reader.At + _reader.Size;", "at = _reader.At + _reader.Size + 1;", 24),
        new("a name counts for whatever version is held", "Storage/FlashStore.Keyed.cs",
            "if (now == version && (state & Format.DeleteFlag) == 0)", "if ((state & Format.DeleteFlag) == 0)", 3),
        new("a Delete frees no quota", "Server/Core/Engine/CollectionSync.Commands.cs", "Collection.Live--;", "", 2),
        new("a Delete of a gone object settles nothing", "Server/Core/Engine/CollectionSync.Commands.cs",
            """
            _store.Settle(Replica, Collection.Id, id);
                        return; // [SPEC 5.6] both deleted: no conflict
            """, "return;", 7),
        new("Limit + 1 for structures", "Server/Core/Engine/ReplyBudget.cs", "if (Used + bytes > _limit && Used > 0)", "if (Used + bytes > _limit + 1 && Used > 0)", 40),
        new("a reply made anew keeps its number", "Server/Core/Engine/CollectionSync.Keys.cs", "_row.N++; // the same bytes would get the same key: after a restore it would name another reply", "", 16),
        new("the last change answered is not kept", "Server/Core/Engine/CollectionSync.Keys.cs", "_row.LastChange = Math.Max(_row.LastChange, _id.LastChange);", "", 1)
            { Test = "ServerTests.KeyRuleTests.The_first_form_of_a_request_that_comes_behind_the_second_does_nothing" },
        new("what is set aside is not tried again when the device starts over", "Server/Core/Engine/CollectionSync.Keys.cs", "_store.Retry(Replica, Collection.Id, aside.ServerId);", "", 42),
        new("a device seen with its key is not marked", "Server/Core/Engine/SyncService.cs", "row.Acknowledged = true;", "", 1)
            { Test = "ServerTests.KeyRuleTests.A_late_request_does_nothing_once_the_device_was_seen_with_the_next_key" },
        new("parts joined on the server are not checked", "Server/Core/Engine/CollectionSync.Uploads.cs", "whole.Length == total && CrcSum.Of(whole) == crc", "whole.Length == total", 1)
            { Test = "ServerTests.ReadingTests.Parts_that_do_not_come_to_the_check_sum_told_are_no_object_and_begin_anew" },
        new("an Add of an outbox under a known id is a repetition whatever it brings", "Server/Core/Engine/CollectionSync.Readings.cs",
            "if (known.IsGone || !IsSame(known, content))", "if (known.IsGone)", 3) { Boards = true },
        new("a reading under an id whose reading is gone is taken for it", "Server/Core/Engine/CollectionSync.Readings.cs",
            "if (known.IsGone || !IsSame(known, content))", "if (!known.IsGone && !IsSame(known, content))", 31) { Boards = true },
        new("what waits for room before a fork is not answered", "Server/Core/Engine/CollectionSync.Readings.cs",
            "if (_forked && !_isLastTry)", "if (_forked)", 31) { Boards = true },
        new("what a store wrote before it was put back is no loser", "Server/Core/Engine/CollectionSync.Conflicts.cs",
            "if (IsOwnUnseen(current) || (!current.Deleted", "if ((!current.Deleted", 8) { Boards = true },
        new("a gateway that was put back gives ids of the lost time", "Server/Proxy/GatewayEngine.cs",
            "if (StoreId == Encoding.UTF8.GetString(storeId))", "if (storeId.Length > 0)", 1)
            { Test = "ProxyTests.RestoreTests.A_proxy_that_was_put_back_overwrites_no_reading_of_the_lost_time" },
        new("a database that went back is not told so", "Server/Core/Engine/CollectionSync.Keys.cs",
            "return n > known.Last ? AskForLost(_row) : HandleOldKey(n);", "return n > known.Last ? AskOver(_row, Asked.Unknown) : HandleOldKey(n);", 300),
        new("a copy asked for undoes a deletion", "Server/Core/Engine/CollectionSync.Responses.cs",
            "if (current is { Deleted: false } && current.Writer == Replica)", "if (current == null || current.Deleted || current.Writer == Replica)", 1)
            { Test = "ServerTests.OperatorTests.A_copy_asked_for_does_not_undo_a_deletion_that_came_after" },
        new("an object named in a reply gives way although it changed meanwhile", "Device/SyncEngine.Incoming.cs",
            "if (local == 0 || _store.FindLocal", "if (local >= 0 || _store.FindLocal", 1)
            { Test = "ServerTests.DeviceRuleTests.An_object_that_one_reply_names_and_replaces_keeps_what_was_written_here_meanwhile" },
        new("what is half down goes on in the pass after a restore", "Device/SyncEngine.Pass.cs", "if (_store.FirstPartial(c.Number, _found) == StoreError.None", "if (_store.FirstPartial(c.Number, _found) != StoreError.None", 411),
        new("a refused reading is kept where no batch can begin any more", "Storage/FlashStore.Outbox.cs", "|| !Fits(_main.BatchBytes + _batchGrowth + _batchAsideBytes + bytes - _options.SegmentBytes / 2))", ")", 422),
        new("a failed request's savepoint is not rolled back", "Server/Stores/Sqlite/SqliteStore.Batch.cs", "Execute(\"ROLLBACK TO \" + _savepoint);", "", 49),
        new("answers go out before the commit that they share", "Server/Stores/Sqlite/SqliteStore.Batch.cs",
            "Committing?.Invoke(false);", "done.ForEach(w => w.Answer()); Committing?.Invoke(false);", 8),
        new("what was told with key 0 counts as told", "Device/SyncEngine.Told.cs", "c.Telling = c.StartsOver ? 0 : c", "c.Telling = c", 1)
            { Test = "DeviceTests.EngineTests.Each_request_of_a_conversation_has_its_elements_and_no_others" },
        new("what was told in a request whose reply was lost is remembered", "Server/Core/Engine/CollectionSync.Keys.cs",
            "_row.Told = _row.ToldBefore;", "", 1)
            { Test = "ServerTests.KeyRuleTests.What_was_told_counts_with_the_key_of_its_reply_and_not_with_the_one_before" },
        new("a request that waits counts as idle whatever its key", "Server/Core/Engine/SyncService.cs",
            "if (row == null || collection.SyncKey != row.Key || Remembers", "if (row == null || Remembers", 230),
        new("what came while a request waited is not looked for", "Server/Core/Engine/SyncService.cs",
            "|| Remembers(row, collection) || Feed.HasNews(store, row, collection))", "|| Remembers(row, collection))", 1),
        new("the server's commits are not flushed", "Server/Stores/Sqlite/SqliteStore.cs", "\"PRAGMA synchronous = FULL\"", "\"PRAGMA synchronous = OFF\"", 7),
        new("a header's counter of versions is one too low", "Storage/FlashStore.Batch.cs",
            "_nextVersion, _nextLocal, _nextLarge", "_nextVersion - 1, _nextLocal, _nextLarge", 1)
            { Test = "StorageTests.BasicTests.Counters_outlive_them_also_where_nothing_is_left_that_has_a_number" },
        new("a header's counter of ids is one too low", "Storage/FlashStore.Batch.cs",
            "_nextVersion, _nextLocal, _nextLarge", "_nextVersion, _nextLocal - 1, _nextLarge", 1)
            { Test = "StorageTests.BasicTests.Counters_outlive_them_also_where_nothing_is_left_that_has_a_number" },
        new("a header's counter of large files is one too low", "Storage/FlashStore.Batch.cs",
            "_nextVersion, _nextLocal, _nextLarge", "_nextVersion, _nextLocal, _nextLarge - 1", 1)
            { Test = "StorageTests.BasicTests.Counters_outlive_them_also_where_nothing_is_left_that_has_a_number" },
        new("a header keeps no counter of ids", "Storage/FlashStore.Batch.cs",
            "_nextVersion, _nextLocal, _nextLarge", "_nextVersion, 1, _nextLarge", 1)
            { Test = "StorageTests.BasicTests.Counters_outlive_them_also_where_nothing_is_left_that_has_a_number" },
        new("a batch that outgrows the buffer stays in a segment that is nearly full", "Storage/FlashStore.Batch.cs", "MoveBatch();\n                }", "}", 1)
            { Test = "StorageTests.BasicTests.A_batch_of_half_a_segment_fits_wherever_it_begins" },
        new("a batch that moves keeps the check sums of its old place", "Storage/LogWriter.cs", "Seal(0);\n            }\n        }", "}\n        }", 1)
            { Test = "StorageTests.BasicTests.A_batch_of_half_a_segment_fits_wherever_it_begins" },
        new("the log grows until its quota is used up", "Storage/FlashStore.Reclaim.cs", " || _mainBytes > 3 * _liveBytes + _options.SegmentBytes)", ")", 1)
            { Test = "StorageTests.BasicTests.A_log_in_which_little_stands_stays_short" },
        new("a record that cannot be read is taken for none", "Storage/FlashStore.Apply.cs", "return _readFault < 0 ? _readFault : end;", "return end;", 1)
            { Test = "StorageTests.DamageTests.A_read_that_fails_at_Open_is_told_or_hides_nothing" },
        new("a torn segment is deleted before all versions are known", "Storage/FlashStore.Mount.cs", "files[place] |= Torn;", "DeleteFile(file);", 1)
            { Test = "StorageTests.DamageTests.One_segment_of_a_later_version_is_enough_to_leave_all_files_alone" },
        new("a repeated Add does not renew the kept sum", "Server/Core/Engine/CollectionSync.Commands.cs",
            """
            AddAgain(now.ServerId, content, content.Sum == known.Sum);
                        _store.SaveId(Device, Collection.Id, clientId, now);
            """, "AddAgain(now.ServerId, content, content.Sum == known.Sum);", 1)
            { Test = "ServerTests.ConflictTests.An_Add_repeated_after_a_start_over_is_its_latest_form_and_no_conflict_with_what_was_written_over_it" },
        new("a letter's number is not noted before it is worked on", "Server/Core/Sealed/SealedService.cs",
            "store.SaveSealedNumber(device.Device.Id, message.Store, new SealedNumberRow(message.Number, false, Now, proofs));\n        store.Commit();\n        return null;",
            "return proofs.Length < 0 ? Refused(\"\") : null;", 12),
        new("a file is marked answered before its reply is written", "Server/Host/FileExchange.cs",
            "Write(Path.Combine(folder, ToDevice), NameOf(result.Reply!), result.Reply!.ToBytes());\n                    service.Answered(result.Reply);",
            """
            service.Answered(result.Reply!);
            Write(Path.Combine(folder, ToDevice), NameOf(result.Reply!), result.Reply!.ToBytes());
            """, 174),
        new("a refused reading is dropped without a word from the ninth", "Storage/FlashStore.Outbox.cs",
            "int reasonBytes = count > Format.MaxReason ? Format.MaxReason : count;",
            """
            int reasonBytes = count > Format.MaxReason ? Format.MaxReason : count;
                            if (_asideCount + _batchAside >= 8)
                            {
                                return StoreError.None;
                            }
            """, 9),
        new("what is refused beyond the room for it is not counted", "Storage/FlashStore.Outbox.cs", "_health.RefusedDropped++;\n            Outbox", "return StoreError.None;\n            Outbox", 23),
        new("kept replies are not counted before others are made", "Server/Core/Engine/SyncService.cs", "budget.Count(CollectionSync.ReplyOf(row));", "", 1)
            { Test = "ServerTests.ReplyBudgetTests.What_is_kept_of_a_later_collection_counts_before_an_earlier_one_is_made_anew" },
        new("a late request whose reply is gone gets a new one", "Server/Core/Engine/CollectionSync.cs", "meaning = KeyCase.Late; // its", "// its", 1)
            { Test = "ServerTests.KeyRuleTests.A_late_request_does_nothing_also_where_its_reply_is_kept_no_more" },
        new("a collection is taken by its place in the declarations", "Storage/FlashStore.Bind.cs", "moved |= places[i] != i;", "moved |= places[i] < 0;", 1)
            { Test = "DeviceTests.FirmwareChangeTests.Readings_taken_after_the_order_changed_follow_those_before" },
        new("a name under another kind is taken for the same", "Storage/FlashStore.Bind.cs",
            "if (entry >= 0 && _index.Version(entry) != (uint)name)", "if (entry == int.MaxValue)", 1)
            { Test = "DeviceTests.FirmwareChangeTests.A_collection_of_another_kind_than_in_flash_is_refused_by_its_name" },
        new("a number that another name has is given again", "Storage/FlashStore.Bind.cs", "return FindName(0, number) >= 0;", "return false;", 1)
            { Test = "DeviceTests.FirmwareChangeTests.More_names_than_there_are_numbers_are_an_error_and_lose_nothing" },
        new("a collection of another kind is not named", "Device/SyncEngine.Names.cs",
            "if (error == StoreError.OtherKind && c.Number == (int)_store.Health.Id)", "if (error == StoreError.OtherKind && _count < 0)", 1)
            { Test = "DeviceTests.FirmwareChangeTests.A_collection_of_another_kind_than_in_flash_is_refused_by_its_name" },
        new("names of collections are not kept in flash", "Device/SyncEngine.Names.cs", "if (names[c.Number] < 0)", "if (_count < 0)", 1)
            { Test = "DeviceTests.FirmwareChangeTests.The_name_lies_in_flash_as_the_specification_says" },
        new("definitions of classes are not kept in flash", "Device/SyncEngine.Names.cs", "unkept |= 1u << i;", "", 1)
            { Test = "DeviceTests.FirmwareChangeTests.A_former_class_is_named_and_told_as_long_as_readings_of_it_wait" },
        new("definitions of a firmware before are not read", "Device/SyncEngine.Names.cs", "else if (_classCount < MaxClasses)", "else if (_classCount < 0)", 1)
            { Test = "DeviceTests.FirmwareChangeTests.A_former_class_is_named_and_told_as_long_as_readings_of_it_wait" },
        new("an older object of a class not taken hides the own value", "Device/SyncEngine.Incoming.cs", "return IsRecovered() && _info.Collection >= 0 ? KeepOwn(tag) : QueueAnswer", "return QueueAnswer", 1)
            { Test = "ServerTests.RestoreTests.A_value_that_the_device_holds_comes_back_over_an_older_one_of_a_class_that_it_does_not_take" },
        new("an object asked for in the pass replaces the own value", "Device/SyncEngine.Fetch.cs", "|| c.Recovers ", "", 1)
            { Test = "ServerTests.RestoreTests.An_object_asked_for_in_the_pass_does_not_replace_what_the_device_holds_before_the_server_has_that" },
        new("what was dropped is counted again beyond what is acknowledged", "Storage/FlashStore.Outbox.cs",
            "gap = upToId - outbox.Acked;", "gap = outbox.Gap;", 1)
            { Test = "StorageTests.BasicTests.A_reading_dropped_while_its_answer_is_under_way_is_counted_once_whatever_is_acknowledged" },
        new("a batch given up keeps what it counted as lost", "Storage/FlashStore.Batch.cs", "_outboxes[i].BatchLost = 0;", "", 1)
            { Test = "StorageTests.BasicTests.A_batch_given_up_drops_and_counts_no_refused_reading" },
        new("a batch given up leaves its payload open", "Storage/FlashStore.Batch.cs", "DropPut();\n            EndBatch(false);\n            return", "EndBatch(false);\n            return", 1)
            { Test = "StorageTests.BasicTests.A_batch_given_up_in_the_middle_of_a_payload_leaves_no_file_and_the_next_one_writes" },
        new("a Delete that was applied is applied again", "Server/Core/Engine/CollectionSync.Commands.cs", "if (WasApplied(id, 0))", "if (WasApplied(id, 1))", 1)
            { Test = "ServerTests.ConflictTests.A_repeated_delete_does_not_remove_what_the_application_made_since" },
        new("an Add over an unseen value of another is none where that is unseen twice", "Server/Core/Engine/CollectionSync.Commands.cs",
            "unseen |= current != null", "unseen ^= current != null", 1)
            { Test = "ServerTests.ConflictTests.The_second_form_of_an_add_conflicts_with_what_the_application_wrote_over_the_first" },
        new("all values that an object loses count as one", "Server/Core/Engine/CollectionSync.Conflicts.cs",
            "current.Deleted ? 0 : ContentSum.Of(current.Class, current.Data)", "0", 1)
            { Test = "ServerTests.ConflictTests.Each_value_that_loses_is_kept_also_if_the_object_lost_before" },
        new("a key's tag is compared but for its last character", "Protocol.Lite/Fnv.cs",
            "for (int shift = 18; shift >= 0; shift -= 6)\n            {\n                if", "for (int shift = 18; shift > 0; shift -= 6)\n            {\n                if", 1)
            { Test = "DeviceTests.RecordTests.Check_sums_are_FNV_1a_and_their_low_24_bits_4_characters" },
        new("a bit for a field that the class does not have is none", "Protocol.Lite/RecordReader.cs",
            "present >> fields != 0", "present >> fields > 1", 1)
            { Test = "DeviceTests.RecordTests.Bytes_that_do_not_fit_the_class_are_an_error" },
        new("what a pass names without its being taken counts as missing", "Device/SyncEngine.Incoming.cs",
            "if (status != Status.Success && PassStart(_current) != 0)", "if (_answers < 0)", 1)
            { Test = "ServerTests.DeviceRuleTests.What_a_pass_names_with_a_value_that_is_not_taken_is_not_missing_on_the_server" },
        new("what was gathered of a value that outgrows the buffer is lost", "Device/SyncEngine.Incoming.cs",
            "_store.WritePut(_object, 0, _gathered);", "_store.WritePut(_object, 0, 0);", 1)
            { Test = "ServerTests.DeviceRuleTests.Where_no_object_fits_any_more_a_long_one_is_answered_with_9_and_those_behind_it_are_kept" },
        new("a pending change that a pass names is settled", "Storage/FlashStore.Keyed.cs",
            "if (slot < 0 || _index.State(slot) != (int)ObjectState.Clean || IsTouched(", "if (slot < 0 || IsTouched(", 1)
            { Test = "StorageTests.BasicTests.What_was_named_and_could_not_be_taken_counts_as_seen_and_what_is_pending_or_written_in_the_batch_stays" },
        new("a download leaves the one before it", "Storage/FlashStore.Large.cs", "error = DropOtherPartial(collection);", "", 1)
            { Test = "StorageTests.BasicTests.A_collection_has_one_download_at_a_time_and_each_takes_the_place_of_the_one_before_it" },
        new("the limit remembered counts before the one told", "Server/Core/Engine/SyncService.cs",
            "collection.Limit ?? (row != null ? row.ToldWith(collection.SyncKey).Limit : LeastLimit(store, device, collection))", "row?.Told.Limit ?? collection.Limit ?? LeastLimit(store, device, collection)", 1)
            { Test = "ServerTests.ReplyBudgetTests.A_limit_told_in_the_very_request_counts_and_not_the_one_remembered" },
        new("an idle request settles nothing that was sent", "Server/Core/Engine/SyncService.cs", "writing.Acknowledged(row.Replica, row.Collection.Id, row.N);", "", 1)
            { Test = "ServerTests.SetAsideTests.What_was_set_aside_is_so_no_more_once_an_idle_request_shows_that_its_new_value_came" },
    ];
}
