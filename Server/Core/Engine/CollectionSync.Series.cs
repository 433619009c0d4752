// Series are taken apart before anything else is looked at: from there on there are only Adds. [SPEC 6.5]

using NanoSync.Protocol;

namespace NanoSync.Server.Engine;

internal sealed partial class CollectionSync
{
    private const string SeriesClass = "*";

    // Success, or the Status of the collection. Comes before the key's rules, so that nothing is done when it fails.
    private int ExpandSeries()
    {
        if (!_request.Commands.Exists(c => c.Class == SeriesClass))
        {
            return Status.Success;
        }

        string? name = _request.Class ?? _row.ToldWith(_request.SyncKey).Class; // before Repeat: what counts with the key held
        if (_classes.Find(_store, Device, name) is not { } type)
        {
            Want(name);
            return Status.UnknownClass;
        }

        List<SyncCommand> commands = [];
        SeriesReader reader = new();
        foreach (SyncCommand command in _request.Commands)
        {
            if (command.Class != SeriesClass)
            {
                commands.Add(command);
                continue;
            }

            if (command.Tag != Tags.Add || command.Options.Count > 0 || command.Data is not { } data)
            {
                return Status.ProtocolError;
            }

            byte[] series = data.ToArray();
            string? clientId = command.ClientId;
            reader.Begin(type, series, 0, series.Length);
            while (reader.Next())
            {
                commands.Add(new SyncCommand { Tag = Tags.Add, ClientId = clientId, Data = reader.Record.AsSpan(reader.Offset, reader.Length).ToArray() });
                clientId = null; // NumberAdds counts on
            }

            if (reader.Error != SyncError.None || commands.Count > MessageParser.MaxCommands)
            {
                return Status.ProtocolError;
            }
        }

        _request.Commands.Clear();
        _request.Commands.AddRange(commands);
        return Status.Success;
    }
}
