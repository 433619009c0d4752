// Message to bytes.

using System.Buffers;
using System.Text;
using NanoSync.Protocol;
using NanoSync.Server.Formats;

namespace NanoSync.Server.Engine;

/// <summary>Writes messages.</summary>
public static class MessagePrinter
{
    /// <summary>Writes a message.</summary>
    public static byte[] Print(MessageFormat format, SyncMessage message)
    {
        MessageWriter writer = format.NewWriter();
        ArraySink sink = new();
        writer.Begin(sink);
        writer.Start(Tags.Sync);
        if (message.Version != null)
        {
            Value(writer, Tags.Version, message.Version);
        }

        Status(writer, message.Status);
        Number(writer, Tags.Limit, message.Limit);
        Number(writer, Tags.Wait, message.Wait);
        Number(writer, Tags.HeartbeatInterval, message.Heartbeat);
        Options(writer, message.Options, null, null);
        if (message.Collections.Count > 0)
        {
            writer.Start(Tags.Collections);
            foreach (CollectionElement collection in message.Collections)
            {
                Collection(writer, collection);
            }

            writer.End();
        }

        writer.End();
        if (!writer.Finish())
        {
            throw new InvalidOperationException($"The message cannot be written: error NS{(int)writer.Error}.");
        }

        return sink.Bytes.WrittenSpan.ToArray();
    }

    private static void Collection(MessageWriter writer, CollectionElement collection)
    {
        writer.Start(Tags.Collection);
        if (collection.Class != null)
        {
            Value(writer, Tags.Class, collection.Class);
        }

        Value(writer, Tags.SyncKey, collection.SyncKey);
        Value(writer, Tags.CollectionId, collection.Id);
        Status(writer, collection.Status);
        if (collection.DeletesAsMoves)
        {
            writer.Empty(Tags.DeletesAsMoves);
        }

        if (collection.GetChanges)
        {
            writer.Empty(Tags.GetChanges);
        }

        Number(writer, Tags.WindowSize, collection.WindowSize);
        Options(writer, collection.Options, collection.Conflict, collection.Limit);
        Commands(writer, Tags.Responses, collection.Responses);
        Commands(writer, Tags.Commands, collection.Commands);
        if (collection.MoreAvailable)
        {
            writer.Empty(Tags.MoreAvailable);
        }

        writer.End();
    }

    private static void Commands(MessageWriter writer, byte tag, List<SyncCommand> commands)
    {
        if (commands.Count == 0)
        {
            return;
        }

        writer.Start(tag);
        foreach (SyncCommand command in commands)
        {
            writer.Start(command.Tag);
            if (command.Class != null)
            {
                Value(writer, Tags.Class, command.Class);
            }

            if (command.ClientId != null)
            {
                Value(writer, Tags.ClientId, command.ClientId);
            }

            if (command.ServerId != null)
            {
                Value(writer, Tags.ServerId, command.ServerId);
            }

            Status(writer, command.Status);
            Options(writer, command.Options, null, null);
            Data(writer, command.Data);
            writer.End();
        }

        writer.End();
    }

    private static void Options(MessageWriter writer, List<Structure> structures, int? conflict, int? limit)
    {
        if (structures.Count == 0 && conflict == null && limit == null)
        {
            return;
        }

        writer.Start(Tags.Options);
        if (conflict != null)
        {
            writer.Number(Tags.Conflict, conflict.Value);
        }

        if (limit != null)
        {
            writer.Number(Tags.Limit, limit.Value);
        }

        foreach (Structure structure in structures)
        {
            Value(writer, Tags.Class, structure.Class);
            Data(writer, structure.Data);
        }

        writer.End();
    }

    private static void Number(MessageWriter writer, byte tag, int? value)
    {
        if (value != null)
        {
            writer.Number(tag, value.Value);
        }
    }

    private static void Status(MessageWriter writer, int status)
    {
        if (status != Protocol.Status.Success)
        {
            writer.Number(Tags.Status, status);
        }
    }

    private static void Data(MessageWriter writer, ReadOnlyMemory<byte>? data)
    {
        if (data is not { } bytes)
        {
            return;
        }

        ArraySegment<byte> segment = MessageFormat.Segment(bytes);
        writer.Payload(segment.Array, segment.Offset, segment.Count);
    }

    private static void Value(MessageWriter writer, byte tag, string text)
    {
        if (text.Length == 0)
        {
            writer.Empty(tag); // one byte less than an empty text, and the same to a reader
            return;
        }

        writer.Value(tag, Encoding.UTF8.GetBytes(text));
    }

    private sealed class ArraySink : IByteSink
    {
        public readonly ArrayBufferWriter<byte> Bytes = new();

        public bool Write(byte[] buffer, int offset, int count)
        {
            Bytes.Write(buffer.AsSpan(offset, count));
            return true;
        }
    }
}
