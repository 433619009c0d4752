// What gets hostile bytes. A target must come back, throw nothing, and allocate no more than its bound.

using System.Buffers.Binary;
using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;
using NanoSync.Server.Sealed;
using NanoSync.Storage;
using NanoSync.StorageTests;

namespace NanoSync.Simulation;

/// <summary>One target. Made once, given one input after another.</summary>
public abstract class FuzzTarget : IDisposable
{
    public static readonly string[] Names = ["wbxml", "xml", "record", "class", "series", "sealed", "server-xml", "sync", "post", "reply", "mount"];

    /// <summary>Most bytes that one input may make it allocate; -1 = not measured.</summary>
    public virtual long MostAllocated => -1;

    public abstract void Run(byte[] input);

    public virtual void Dispose()
    {
    }

    public static FuzzTarget Make(string name) => name switch
    {
        "wbxml" => new ReaderTarget(new Base64WbxmlReader()),
        "xml" => new ReaderTarget(new XmlReader()),
        "record" => new RecordTarget(),
        "class" => new ClassTarget(),
        "series" => new SeriesTarget(),
        "sealed" => new SealedTarget(),
        "server-xml" => new ServerXmlTarget(),
        "sync" => new SyncTarget(),
        "post" => new PostTarget(),
        "reply" => new ReplyTarget(),
        "mount" => new MountTarget(),
        _ => throw new ArgumentException($"There is no target {name}. There are: {string.Join(' ', Names)}"),
    };

    private sealed class ReaderTarget(MessageReader reader) : FuzzTarget
    {
        public override long MostAllocated => 0;

        public override void Run(byte[] input)
        {
            // whole, and in portions: the same items
            ulong whole = Read(input, input.Length);
            ulong portions = Read(input, 1 + (input.Length % 7));
            if (whole != portions)
            {
                throw new SimulationFailed("the message reads otherwise when it comes in portions");
            }
        }

        private ulong Read(byte[] input, int portion)
        {
            reader.Reset();
            reader.MaxData = 5000;
            ulong sum = 0;
            int items = 0;
            for (int at = 0; at < input.Length; at += portion)
            {
                reader.Feed(input, at, Math.Min(portion, input.Length - at));
                Item item;
                do
                {
                    item = reader.Read();
                    if (item is not Item.NeedMore and not Item.Data and not Item.EndOfMessage)
                    {
                        sum = (sum * 31) + (ulong)item + ((ulong)reader.Tag << 8) + (ulong)(item == Item.Error ? ((int)reader.Error * 7) + reader.ErrorOffset : 0);
                    }

                    if (++items > (input.Length * 8) + 64)
                    {
                        throw new SimulationFailed("the reader does not come to an end");
                    }
                }
                while (item is not Item.NeedMore and not Item.Error and not Item.EndOfMessage);
                if (item == Item.Error)
                {
                    return sum;
                }
            }

            return (sum * 31) + (ulong)reader.Finish();
        }
    }

    private sealed class RecordTarget : FuzzTarget
    {
        private readonly RecordReader _reader = new();
        private readonly ObjectClass[] _classes =
        [
            Payload.First, Payload.Second, NanoSync.Server.Engine.BuiltIn.DeviceStatus,
            new ObjectClass("all").Bool("a").Int("b").UInt("c").Fixed("d", 3).Float("e").Double("f").Text("g").Bytes("h").Time("i"),
        ];

        public override long MostAllocated => 0;

        public override void Run(byte[] input)
        {
            if (input.Length < 1)
            {
                return;
            }

            _reader.Begin(_classes[input[0] % _classes.Length], input, 1, input.Length - 1);
            for (int fields = 0; _reader.Next(); fields++)
            {
                if (fields > 32)
                {
                    throw new SimulationFailed("more fields than the class has");
                }
            }
        }
    }

    private sealed class ClassTarget : FuzzTarget
    {
        public override long MostAllocated => 64 * 1024; // a class as large as may be, once

        public override void Run(byte[] input)
        {
            ObjectClass type = ClassDefinition.Parse(input, 0, input.Length);
            if (type != null && !System.Text.Encoding.UTF8.GetBytes(type.Definition).AsSpan().SequenceEqual(input))
            {
                throw new SimulationFailed("the definition is another one than was read");
            }
        }
    }

    private sealed class SeriesTarget : FuzzTarget
    {
        private readonly SeriesReader _reader = new();

        public override void Run(byte[] input)
        {
            _reader.Begin(Payload.First, input, 0, input.Length);
            for (int records = 0; _reader.Next(); records++)
            {
                if (records > input.Length + 1)
                {
                    throw new SimulationFailed("more records than bytes");
                }
            }
        }
    }

    private sealed class ServerXmlTarget : FuzzTarget
    {
        public override void Run(byte[] input)
        {
            try
            {
                MessageParser.Parse(MessageFormat.Xml, input);
            }
            catch (MessageException)
            {
                // an answer, not an accident
            }
        }
    }

    private sealed class SyncTarget : FuzzTarget
    {
        private World _world = new(1, false, prepare: w => (w.Simple, w.Only) = (true, 0b111111));
        private int _inputs;

        public override void Run(byte[] input)
        {
            if (++_inputs % 5000 == 0)
            {
                _world.Dispose();
                _world = new World((ulong)_inputs, false, prepare: w => (w.Simple, w.Only) = (true, 0b111111));
            }

            SyncReply reply = _world.Server.Handle(_inputs & 1, _world.Devices[0].Identity, input, xml: input.Length > 0 && input[0] == '<');
            if (reply.Outcome == SyncOutcome.Answered && !reply.IsEmpty)
            {
                MessageParser.Parse(input.Length > 0 && input[0] == '<' ? MessageFormat.Xml : MessageFormat.Wbxml, reply.Body);
            }
        }

        public override void Dispose() => _world.Dispose();
    }

    // Nobody may pass for a device without its key.
    private sealed class SealedTarget : FuzzTarget
    {
        private readonly byte[] _key = SealedMessage.KeyOf("the token");

        public override void Run(byte[] input)
        {
            if (SealedMessage.Parse(input) is not { } parsed)
            {
                return;
            }

            if (!parsed.ToBytes().AsSpan().SequenceEqual(input))
            {
                throw new SimulationFailed("the sealed message is another one than was read");
            }

            if (parsed.IsFrom(_key))
            {
                throw new SimulationFailed("a proof was guessed");
            }
        }
    }

    // The whole server on a socket: any bytes get an answer, and none is "internal server error".
    private sealed class PostTarget : FuzzTarget
    {
        private static readonly string[] s_types =
            ["application/vnd.nanosync+wbxml", "application/vnd.nanosync+xml", "application/vnd.nanosync.sealed", "text/plain", "application/vnd.nanosync+wbxml; charset=x"];

        private readonly string _folder = Directory.CreateTempSubdirectory("nanosync-fuzz-post-").FullName;
        private readonly EmbeddedServer _server;
        private readonly HttpClient _client = new();
        private readonly string _token;

        public PostTarget()
        {
            _server = EmbeddedServer.Start(_folder).GetAwaiter().GetResult();
            _token = _server.Enrol("ada", "log,config,notes,prefs,common@site,scene@site");
        }

        public override void Run(byte[] input)
        {
            int choice = input.Length > 0 && input[0] == '<' ? 1 : input.Length > 0 && input[0] == 'N' ? 2 : input.Length % 29 == 28 ? 3 + (input.Length & 1) : 0;
            using HttpRequestMessage request = new(HttpMethod.Post, _server.Url + "/sync") { Content = new ByteArrayContent(input) };
            request.Content.Headers.TryAddWithoutValidation("Content-Type", s_types[choice]);
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + (input.Length % 31 == 30 ? _token + input.Length : _token));
            using HttpResponseMessage response = _client.Send(request);
            if (response.StatusCode is not (System.Net.HttpStatusCode.OK or System.Net.HttpStatusCode.BadRequest or System.Net.HttpStatusCode.Unauthorized
                or System.Net.HttpStatusCode.UnsupportedMediaType or System.Net.HttpStatusCode.RequestEntityTooLarge))
            {
                throw new SimulationFailed($"POST /sync answered {(int)response.StatusCode}");
            }
        }

        public override void Dispose()
        {
            _client.Dispose();
            _server.DisposeAsync().AsTask().GetAwaiter().GetResult();
            Directory.Delete(_folder, true);
        }
    }

    // The engine and a server that sends what it likes. AAAA in the input becomes the check sum of the request.
    private sealed class ReplyTarget : FuzzTarget
    {
        private World _world = new(2, false, prepare: w => (w.Simple, w.Only) = (true, 0b111111));
        private byte[] _input = [];
        private int _inputs;

        public override void Run(byte[] input)
        {
            SimDevice device = _world.Devices[0];
            _input = input;
            device.Link.Instead = request =>
            {
                byte[] reply = (byte[])_input.Clone();
                for (int at = 0; (at = reply.AsSpan(at).IndexOf("AAAA"u8) is var next && next >= 0 ? at + next : -1) >= 0; at += 4)
                {
                    Fnv.WriteTag(Fnv.Of(request, 0, request.Length), reply, at);
                }

                return reply;
            };
            device.Volume.CallLimit = device.Volume.AllCalls + 200_000;
            _inputs++;
            if (_inputs % 3 == 0)
            {
                device.Write(0, _world.NextSerial(), Fate.Good, _inputs % 40, null);
                device.Write(2, _world.NextSerial(), Fate.Good, _inputs % 40, "n" + (_inputs % 4));
            }

            device.Engine.Round();
            if (_inputs % 40 == 0)
            {
                // what it left in flash is a store
                device.Mount();
            }

            if (_inputs % 2000 == 0)
            {
                _world.Dispose();
                _world = new World((ulong)_inputs, false, prepare: w => (w.Simple, w.Only) = (true, 0b111111));
            }
        }

        public override void Dispose() => _world.Dispose();
    }

    // Files as they are found: number, length, bytes, of each.
    private sealed class MountTarget : FuzzTarget
    {
        public override void Run(byte[] input)
        {
            CutVolume volume = new() { CallLimit = 100_000 };
            for (int at = 0; at + 6 <= input.Length;)
            {
                uint file = BinaryPrimitives.ReadUInt32LittleEndian(input.AsSpan(at));
                int length = Math.Min(BinaryPrimitives.ReadUInt16LittleEndian(input.AsSpan(at + 4)), input.Length - at - 6);
                volume.Files[file] = input.AsSpan(at + 6, length).ToArray();
                at += 6 + length;
            }

            FlashStore store = new(volume, new StoreOptions { QuotaBytes = 96 * 1024, Entropy = 5, BufferBytes = 512 });
            store.DeclareOutbox(0, 16 * 1024, false);
            store.DeclareKeyed(1, 24);
            store.DeclareKeyed(2, 24);
            if (store.Open() != StoreError.None)
            {
                return;
            }

            ObjectInfo info = new();
            byte[] buffer = new byte[64];
            for (int collection = 1; collection < 3; collection++)
            {
                info.Reset();
                for (int i = 0; store.Next(collection, info) == StoreError.None; i++)
                {
                    store.Read(info, 0, buffer, 0, buffer.Length);
                    if (i > 100)
                    {
                        throw new SimulationFailed("more objects than declared");
                    }
                }
            }

            uint after = 0;
            while (store.NextPending(0, after, info) == StoreError.None)
            {
                after = info.Id;
                store.Read(info, 0, buffer, 0, buffer.Length);
            }

            store.Append(0, 1, buffer, 0, 20, out _);
            store.Add(1, 1, buffer, 0, 20, out _);
            if (store.Begin() == StoreError.None)
            {
                store.PutServer(2, buffer, 0, 4, 1, buffer, 0, 20);
                store.Commit();
            }

            for (int i = 0; i < 50 && store.Step(); i++)
            {
            }
        }
    }

    /// <summary>Files of a volume as one input of the target mount.</summary>
    public static byte[] Pack(CutVolume volume)
    {
        MemoryStream all = new();
        Span<byte> head = stackalloc byte[6];
        foreach ((uint file, byte[] bytes) in volume.Files)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(head, file);
            BinaryPrimitives.WriteUInt16LittleEndian(head[4..], (ushort)bytes.Length);
            all.Write(head);
            all.Write(bytes);
        }

        return all.ToArray();
    }
}
