// The records of REST, as the OpenAPI document describes them. Times are ISO 8601 in UTC.

using System.ComponentModel;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using NanoSync.Server.Access;
using NanoSync.Server.Fleet;

namespace NanoSync.Server.Http;

internal sealed record DevicePage(
    [property: Description("The devices asked for.")] IReadOnlyList<DeviceSummary> Devices,
    [property: Description("How many there are, skipped ones and those behind this page included.")] int Total);

internal sealed record FleetCounts(
    [property: Description("When this was.")] DateTimeOffset Time,
    [property: Description("All devices, of whatever state.")] int All,
    [property: Description("Those with which nothing is wrong.")] int Ok,
    [property: Description("Those kept out.")] int Revoked,
    [property: Description("How many have which problem, worst first; the names are those of the filter.")] IReadOnlyDictionary<string, int> Problems,
    [property: Description("How far the configuration of how many has come, those kept out aside; the names are those of the filter.")] IReadOnlyDictionary<string, int> Configuration,
    [property: Description("Groups and the number of their devices.")] IReadOnlyDictionary<string, int> Groups);

internal sealed record NewDevice(
    [property: Description("1 to 64 of A-Z a-z 0-9 . _ -")] string Name,
    [property: Description("What it may sync: a list of names, or one text with commas between them; NAME@GROUP is shared with the other devices of the group. Default: readings,config.")]
    JsonNode? Collections = null,
    [property: Description("True: it sends sealed messages, by mail or in files, and nothing else.")] bool Sealed = false,
    [property: Description("Its group.")] string? Group = null,
    [property: Description("Seconds within which it is expected; 0 or left out = as it comes.")] long? Every = null,
    [property: Description("Its folder of board-configs, for who flashes it.")] string? Board = null,
    [property: Description("At most 200 characters of your own.")] string? Note = null);

internal sealed record NewDevices([property: Description("1 to 5,000 devices: all are enrolled, or none.")] IReadOnlyList<NewDevice> Devices);

internal sealed record EnrolledDevice(
    string Name,
    [property: Description("Shown this once: only its check sum is kept. null where a code was asked for.")] string? Token,
    [property: Description("The code that gives the board its token at its first contact. Shown this once. null where a token was asked for.")] string? Claim,
    [property: Description("When the code ends.")] DateTimeOffset? ClaimExpires,
    [property: Description("Its folder of board-configs.")] string? Board,
    [property: Description("The file that board-configs/flash.sh reads, named by NANOSYNC_DEVICE; without NANOSYNC_SERVER.")] string File);

internal sealed record ClaimMade(
    [property: Description("The code. Shown this once.")] string Claim,
    DateTimeOffset Expires);

internal sealed record DeleteDevice(
    [property: Description("True: its own collections go, too; what it wrote into those of a group stays. False: what it sent is kept under its name.")] bool Data);

internal sealed record NewToken(string Name, [property: Description("Shown this once: only its check sum is kept.")] string Token);

internal sealed record Rotated([property: Description("The new token, shown this once. The one before has ended, unless overlap was asked for.")] string Token);

internal sealed record DeviceChange(
    [property: Description("Its group; \"\" = none; left out or null: as it is.")] string? Group = null,
    [property: Description("Seconds within which it is expected; 0 = as it comes; left out or null: as it is.")] long? Every = null,
    [property: Description("More collections, comma-separated, as when it is enrolled.")] string? Collections = null,
    [property: Description("Its folder of board-configs; \"\" = not said; left out or null: as it is.")] string? Board = null,
    [property: Description("At most 200 characters of your own; \"\" = none; left out or null: as it is.")] string? Note = null);

internal sealed record DeviceInFull(
    [property: Description("Its line of the list.")] DeviceSummary Summary,
    [property: Description("What is wrong and what to do, a sentence each, worst first.")] IReadOnlyList<Advice> Advice,
    int Id,
    [property: Description("What it may sync; NAME@GROUP is shared.")] IReadOnlyList<string> Collections,
    [property: Description("What it told last, by structure: status, diary.")] IReadOnlyDictionary<string, Information> Told,
    [property: Description("Stores that sync with its token, last seen first: more than one are a flash that was wiped, an image that was put back, or two boards.")]
    IReadOnlyList<StoreView> Stores,
    [property: Description("The last requests that moved something, oldest first.")] IReadOnlyList<RoundView> Rounds,
    [property: Description("The last status within each hour, oldest first.")] IReadOnlyList<SampleView> History,
    [property: Description("What was refused to or by it, newest first.")] IReadOnlyList<RefusalView> Refusals,
    [property: Description("Commands, oldest first.")] IReadOnlyList<CommandView> Commands,
    [property: Description("Where answers to its mails go; null = where its next mail asks for.")] string? Mail,
    [property: Description("Its folder of board-configs; \"\" = not said.")] string Board,
    [property: Description("What an operator noted; \"\" = nothing.")] string Note,
    [property: Description("The newest code of it that gives a token; null = there is none.")] ClaimState? Claim);

internal sealed record ClaimState(
    DateTimeOffset Expires,
    [property: Description("When the token that it gave was first used; null = not yet.")] DateTimeOffset? Used);

internal sealed record Advice(Problem Problem, string Text);

internal sealed record Information(
    DateTimeOffset Time,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("Its fields, as texts.")] IReadOnlyDictionary<string, string>? Value,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("Its bytes, base64, when it has no fields.")] string? Data);

internal sealed record StoreView(string Id, DateTimeOffset Since, DateTimeOffset LastSeen, string? CameFrom, string Why);

internal sealed record RoundView(
    DateTimeOffset Time,
    [property: Description("Milliseconds at the server.")] int Took,
    [property: Description("Objects from the device.")] int Up,
    [property: Description("Objects to the device.")] int Down,
    [property: Description("Objects that the server refused.")] int Refused,
    int BytesUp,
    int BytesDown,
    [property: Description("1 = well; else the first status that was another, as SPEC 9 has them.")] int Status);

internal sealed record SampleView(
    DateTimeOffset Time,
    [property: Description("Volts.")] double? Battery,
    [property: Description("dBm.")] long? Signal,
    [property: Description("Bytes.")] long? FreeHeap,
    [property: Description("Bytes.")] long? FlashLeft,
    [property: Description("Seconds by which the clock was last corrected.")] long? ClockError,
    [property: Description("Objects that waited on the device.")] long? PendingUp,
    [property: Description("Days until the flash is worn out.")] long? FlashLife);

internal sealed record RefusalView(
    string Collection,
    [property: Description("\"\" = the message or the collection.")] string Object,
    [property: Description("\"server\", or the device's name.")] string By,
    int Status,
    string Reason,
    int Times,
    DateTimeOffset Time);

internal sealed record CommandView(
    long Id,
    string Class,
    DateTimeOffset Queued,
    [property: Description("null = it waits.")] DateTimeOffset? Done,
    [property: Description("1 = done.")] int? Status,
    string? Reason);

internal sealed record CommandQueued([property: Description("Its number.")] long Id);

internal sealed record DiaryView(DateTimeOffset Time, int Damaged, IReadOnlyList<DiaryLine> Entries);

internal sealed record DiaryLine(
    long Number,
    DateTimeOffset? Time,
    long Uptime,
    string Kind,
    bool Failed,
    long Times,
    string? Reason,
    int Carrier,
    int Http,
    int Message,
    int Store,
    int Status,
    long ObjectsUp,
    long ObjectsDown,
    long RefusedUp,
    long RefusedDown,
    long BytesUp,
    long BytesDown,
    long HeapKilobytes,
    long Correction,
    string Text);

internal sealed record ObjectAnswer(
    string Id,
    [property: Description("name#hash; null when it was never named.")] string? Class,
    [property: Description("Number of its last change in the collection; also its ETag.")] long Seq,
    DateTimeOffset Changed,
    [property: Description("\"application\", the device's name, or \"another device\".")] string By,
    [property: Description("received, waiting, sent, applied, refused or dropped.")] string State,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("Why it is refused or dropped.")] string? Reason,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("True for what is left of a deleted object.")] bool? Deleted,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("Its fields by their names.")] JsonNode? Value,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("Its bytes, base64, when they cannot be read as fields.")] string? Data,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("The device's group, where that has a value for this object.")] string? Group = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("True when the device keeps a value of its own instead of the group's; POST follow ends that.")] bool? Overrides = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("What the device has while it has not taken the object as it is: the last value that it took, as far as the history goes.")]
    JsonNode? OnDevice = null);

internal sealed record EditAnswer(
    [property: Description("Number of the change that it made; restore takes it.")] long Version,
    DateTimeOffset Time,
    [property: Description("Name of the token; cli and a user = the command line; server = by itself.")] string Who,
    [property: Description("How it came about; \"\" = it was written.")] string Note,
    [property: Description("Bytes of what stood there; null = nothing did. Of more than 65536 the number alone is kept.")] int? OldSize,
    string? OldClass,
    [property: Description("Its fields, as far as they are kept.")] JsonNode? OldValue,
    [property: Description("Its bytes, base64, when they cannot be read as fields.")] string? OldData,
    [property: Description("Bytes of what was written; null = it was deleted.")] int? Size,
    string? Class,
    JsonNode? Value,
    string? Data);

internal sealed record Restoring([property: Description("Number of the version in the history.")] long Version);

internal sealed record LoserView(
    string Id,
    [property: Description("device or server.")] string Loser,
    DateTimeOffset Time,
    string? Class,
    bool Deleted,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonNode? Value,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Data);

internal sealed record Retried([property: Description("How many are sent again.")] int Count);

internal sealed record TokenView(
    string Name,
    Role Role,
    DateTimeOffset Created,
    string CreatedBy,
    DateTimeOffset? Expires,
    DateTimeOffset? Revoked,
    [property: Description("To the hour.")] DateTimeOffset? LastUsed);

internal sealed record NewAccessToken(
    [property: Description("1 to 64 of A-Z a-z 0-9 . _ -")] string Name,
    Role Role,
    [property: Description("Its life in days; left out or null: until it is revoked.")] int? Days = null);

internal sealed record SignIn(
    [property: Description("A token; this or link.")] string? Token = null,
    [property: Description("The code of a one-time link; this or token.")] string? Link = null);

internal sealed record SessionView(string Name, Role Role, DateTimeOffset? Expires);

internal sealed record LinkView(
    [property: Description("Path and fragment to be put behind the server's address: the page that stands there gives the code to POST /v1/session.")] string Path,
    [property: Description("The code alone.")] string Code,
    DateTimeOffset Expires);

internal sealed record AuditPage(IReadOnlyList<AuditView> Entries);

internal sealed record AuditView(
    long Id,
    DateTimeOffset Time,
    [property: Description("Name of the token; cli = the command line; loopback = a program of this machine without a token.")] string Who,
    string Action,
    string Target,
    string Detail);
