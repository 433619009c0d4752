// What changes, as server-sent events, each change once. The cursor stands in the id of each event, so a client that was cut goes
// on where it was. Nothing is kept of a client here, and any server on the database goes on with its cursor.
//
// Objects: a change names the numbers of a collection that it made; each object that still has one of them is told. One that was
// changed again since has a higher number, which belongs to a later change: it is told there, once, as it is then.
// Alerts: what becomes of one is a change of its own, told with the alert as it is by then.
// Lines of devices are told as they are, the newest only, and move no cursor.

using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using NanoSync.Server.Alerts;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using NanoSync.Server.Fleet;
using NanoSync.Server.Formats;

namespace NanoSync.Server.Readings;

/// <summary>One who follows.</summary>
public sealed class ChangeStream
{
    private const int Rows = 100; // changes looked at together
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_sign = TimeSpan.FromSeconds(15); // a sign of life, so that a dead line is noticed

    private readonly ServerCore _core;
    private readonly ReadingQuery _query;
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private Cursor? _at;
    private long _look;
    private long _signed = Stopwatch.GetTimestamp();

    /// <summary>Begins to follow.</summary>
    /// <param name="core">The server.</param>
    /// <param name="query">Collection, device and group that are followed.</param>
    /// <param name="after">Where to go on; null = now.</param>
    public ChangeStream(ServerCore core, ReadingQuery query, Cursor? after)
    {
        _core = core;
        _query = query;
        _at = after;
    }

    /// <summary>Finds the place; refused when what was behind it is not there.</summary>
    public void Check()
    {
        while (_at == null && _core.Fleet.Flush(look: true))
        {
        }

        using IFleetTransaction store = (IFleetTransaction)_core.Store.BeginRead();
        if (_query.Device != null)
        {
            DeviceService.Find(store, _query.Device);
        }

        _look = store.LastLook();
        long last = store.LastChange();
        if (_at == null)
        {
            _at = new Cursor(last, store.ListChanges(last - 1, 1) is [var newest] ? newest.Life : "", null);
            return;
        }

        long first = store.FirstChange();
        bool known = _at.Number == 0 || _at.Life == null ? _at.Number <= last : store.ListChanges(_at.Number - 1, 1) is [var row] && row.Seq == _at.Number && row.Life == _at.Life;
        if (!known || (_at.Number > 0 && first > _at.Number + 1))
        {
            throw new RefusedException(Refusal.Gone, "What was behind this cursor is kept no longer, or the database was put back: read the readings, and begin anew.") { Code = "cursor_gone", Field = "after" };
        }
    }

    /// <summary>Tells what changes until it is cancelled.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <param name="once">True: it ends when there is no more now.</param>
    /// <param name="fleet">Numbers changes where no server may run that does so; null = one does.</param>
    public async Task Run(Stream output, CancellationToken cancellation, bool once = false, FleetService? fleet = null)
    {
        Id();
        while (true)
        {
            while (fleet?.Flush(look: true) == true)
            {
            }

            bool more = await Pass(output, cancellation);
            Lines();
            if (_buffer.WrittenCount == 0 && Stopwatch.GetElapsedTime(_signed) > s_sign)
            {
                Id(); // an id without data moves the client's cursor, for the case that it is cut; others skip it
            }

            await Flush(output, cancellation);
            if (!more && once)
            {
                return;
            }

            if (!more)
            {
                await Task.Delay(s_pause, cancellation);
            }
        }
    }

    // Some changes; true when there are more.
    private async Task<bool> Pass(Stream output, CancellationToken cancellation)
    {
        List<ChangeRow> changes;
        using (IFleetTransaction store = (IFleetTransaction)_core.Store.BeginRead())
        {
            if (store.LastChange() == _at!.Number && _at.Object == null)
            {
                return false;
            }

            changes = store.ListChanges(_at.Object == null ? _at.Number : _at.Number - 1, Rows);
        }

        foreach (ChangeRow change in changes)
        {
            long above = _at!.Object is { } inside && _at.Number == change.Seq ? inside : change.Above;
            if (change.Kind == ChangeKind.Objects)
            {
                while (above < change.UpTo)
                {
                    above = Objects(change, above);
                    await Flush(output, cancellation);
                }
            }
            else if (change.Kind == ChangeKind.Alert)
            {
                Alert(change);
            }

            _at = new Cursor(change.Seq, change.Life, null);
        }

        return changes.Count == Rows;
    }

    // A page of a change's objects; up to where.
    private long Objects(ChangeRow change, long above)
    {
        using IFleetTransaction store = (IFleetTransaction)_core.Store.BeginRead();
        List<SourceRow> holders = [.. ((IReadingTransaction)store).ListSources(_query.Collection, _query.Device, _query.Group).Where(s => s.Collection == change.Collection)];
        if (holders.Count == 0)
        {
            return change.UpTo;
        }

        Dictionary<int, string> names = holders[0].Shared ? store.ListDevices().ToDictionary(d => d.Id, d => d.Name) : holders.ToDictionary(h => h.Device, h => h.Name);
        List<Reading> objects = _core.Readings.Changed(store, change.Collection, holders[0].CollectionName, above, change.UpTo, names);
        foreach (Reading reading in objects)
        {
            if (!holders[0].Shared || (_query.Device == null && _query.Group == null) || reading.Row.Author == 0 || holders.Exists(h => h.Device == reading.Row.Author))
            {
                Event("object", new Cursor(change.Seq, change.Life, reading.Row.Seq), writer =>
                {
                    ReadingWriter.Members(writer, reading);
                    writer.WriteString("to", holders[0].Shared ? null : holders[0].Name);
                });
            }
        }

        return objects.Count == 0 ? change.UpTo : objects[^1].Row.Seq;
    }

    private void Alert(ChangeRow change)
    {
        using IAlertTransaction store = (IAlertTransaction)_core.Store.BeginRead();
        if (store.ListAlerts(AlertState.All, _query.Device, _query.Group, change.Alert + 1, 1) is not [var alert] || alert.Id != change.Alert)
        {
            return; // of another device or group, or deleted with its device
        }

        Event("alert", new Cursor(change.Seq, change.Life, null), writer =>
        {
            void Time(string name, long? time) => writer.WriteString(name, time is { } at ? ObjectJson.Time(at) : null);
            writer.WriteString("event", JsonNamingPolicy.CamelCase.ConvertName(change.Event.ToString()));
            writer.WriteNumber("id", alert.Id);
            writer.WriteString("device", alert.Device == 0 ? null : alert.Subject);
            writer.WriteString("subject", alert.Subject);
            writer.WriteString("kind", alert.Kind);
            writer.WriteString("text", alert.Text);
            Time("began", alert.Began);
            Time("opened", alert.Opened);
            Time("ended", alert.Ended);
            Time("closed", alert.Closed);
            Time("acknowledged", alert.Acknowledged);
            writer.WriteString("acknowledgedBy", alert.AcknowledgedBy);
            writer.WriteString("note", alert.Note);
        });
    }

    private void Lines()
    {
        using IFleetTransaction store = (IFleetTransaction)_core.Store.BeginRead();
        if (store.LastLook() == _look)
        {
            return;
        }

        foreach ((long look, DeviceSummary line) in store.ListLooks(_look, Rows))
        {
            _look = look;
            if ((_query.Device == null || line.Name == _query.Device) && (_query.Group == null || line.Group == _query.Group))
            {
                Text("event: device\ndata: ");
                _buffer.Write(JsonSerializer.SerializeToUtf8Bytes(line, JsonRules.Options));
                Text("\n\n");
            }
        }
    }

    private void Event(string name, Cursor cursor, Action<Utf8JsonWriter> members)
    {
        Text(string.Create(CultureInfo.InvariantCulture, $"event: {name}\nid: {cursor}\ndata: "));
        using (Utf8JsonWriter writer = new(_buffer))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }

        Text("\n\n");
    }

    private void Id() => Text($"id: {_at}\n\n");

    private void Text(string text) => Encoding.UTF8.GetBytes(text, _buffer);

    private async Task Flush(Stream output, CancellationToken cancellation)
    {
        if (_buffer.WrittenCount > 0)
        {
            _signed = Stopwatch.GetTimestamp();
            await output.WriteAsync(_buffer.WrittenMemory, cancellation);
            await output.FlushAsync(cancellation);
            _buffer.ResetWrittenCount();
        }
    }
}
