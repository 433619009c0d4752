// Mail and files between a device and the server: sealed messages whose replies come later, with what goes wrong on the way.
// What the server does with them is its own code; what it must not do is judged here. [SPEC 8.2]

using NanoSync.Device;
using NanoSync.Server;
using NanoSync.Server.Engine;
using NanoSync.Server.Sealed;

namespace NanoSync.Simulation;

/// <summary>A way for sealed messages, and the server's end of it.</summary>
public abstract class SimPost(World world, SimDevice device)
{
    private readonly Dictionary<string, uint> _reached = []; // the highest number that the core worked on, by store
    private readonly Dictionary<string, uint> _judged = []; // and that the judge saw

    protected World World { get; } = world;

    protected SimDevice Device { get; } = device;

    /// <summary>Faults of the next letters.</summary>
    public FaultPlan Plan { get; set; } = new();

    /// <summary>The device's carrier.</summary>
    public abstract SealedCarrier Carrier { get; }

    /// <summary>The server looks through what came. With faults, as <see cref="Plan"/> says.</summary>
    public abstract void Work(int node);

    /// <summary>The device starts anew: what its carrier had in memory is gone.</summary>
    public virtual void Restart()
    {
    }

    /// <summary>An older database is back: what it does not know of was never worked on.</summary>
    public void Forget() => _reached.Clear();

    protected bool Happens(Fault fault)
    {
        if (!Plan.Has(fault))
        {
            return false;
        }

        World.Count(fault);
        return true;
    }

    /// <summary>Before the server ends: the commit at which it does.</summary>
    protected void Arm()
    {
        int left = Plan.Step;
        World.Server.Committing = after =>
        {
            Fault fault = after ? Fault.KillAfterCommit : Fault.KillBeforeCommit;
            if (Plan.Has(fault) && left-- == 0)
            {
                World.Count(fault);
                throw new ServerKilled();
            }
        };
    }

    protected void Disarm() => World.Server.Committing = null;

    /// <summary>Takes a letter, and looks whether it was right to.</summary>
    protected SealedResult Take(int node, byte[] bytes)
    {
        SealedMessage message = SealedMessage.Parse(bytes) ?? throw new SimulationFailed("a letter of the device is no sealed message");
        JudgeRequest(message);
        uint highest = _reached.GetValueOrDefault(message.Store);
        World.Server.WorkedOn = 0;
        try
        {
            return World.Server.Core(node).Sealed.Accept(bytes);
        }
        finally
        {
            if (World.Server.WorkedOn > 0)
            {
                if (message.Number < highest)
                {
                    World.Violate($"{Device.Name}: letter {message.Number} of {message.Store} is worked on after letter {highest}");
                }

                _reached[message.Store] = Math.Max(message.Number, highest);
            }
        }
    }

    /// <summary>What the request holds is judged as any.</summary>
    protected void JudgeRequest(SealedMessage message)
    {
        byte[] body = message.Body.ToArray();
        bool xml = message.Format == Server.Formats.MessageFormat.Xml;
        World.Trace.Message($"{Device.Name} letter {message.Store} {message.Number} ->", body, xml);
        uint judged = _judged.GetValueOrDefault(message.Store);
        World.JudgeRequest(Device, body, xml, message.Number < judged);
        _judged[message.Store] = Math.Max(message.Number, judged);
        World.WritingStore = message.Store;
    }

    /// <summary>What the reply holds is judged as any.</summary>
    protected void JudgeReply(SealedMessage reply)
    {
        bool xml = reply.Format == Server.Formats.MessageFormat.Xml;
        World.Trace.Message($"{Device.Name} letter {reply.Store} {reply.Number} <-", reply.Body.ToArray(), xml);
        World.JudgeReply(Device, reply.Body.ToArray(), xml);
    }
}

/// <summary>Mail: letters are lost, come twice, and overtake one another.</summary>
public sealed class SimMail : SimPost, IPostOut, IPostIn
{
    private readonly List<byte[]> _toServer = [];
    private readonly List<byte[]> _toDevice = [];
    private readonly List<byte[]> _dropped = [];
    private readonly MemoryStream _writing = new();
    private int _at = -1;
    private int _read;

    public SimMail(World world, SimDevice device, string token)
        : base(world, device) => Carrier = new SealedCarrier(device.Name, token, this, this);

    public override SealedCarrier Carrier { get; }

    // ---- The device's end ----

    CarrierError IPostOut.Begin(string name, int length)
    {
        _writing.SetLength(0);
        return Happens(Fault.CutRequest) ? CarrierError.Broken : CarrierError.None;
    }

    CarrierError IPostOut.Write(byte[] buffer, int offset, int count)
    {
        _writing.Write(buffer, offset, count);
        return CarrierError.None;
    }

    CarrierError IPostOut.End()
    {
        byte[] letter = _writing.ToArray();
        if (Happens(Fault.LoseRequest))
        {
            return CarrierError.None;
        }

        _toServer.Add(letter);
        if (Happens(Fault.RepeatRequest))
        {
            _toServer.Add(letter);
        }

        return CarrierError.None;
    }

    CarrierError IPostIn.Next(string name)
    {
        _read = 0;
        return ++_at < _toDevice.Count ? CarrierError.None : CarrierError.Deferred;
    }

    int IPostIn.Read(byte[] buffer, int offset, int count)
    {
        byte[] letter = _toDevice[_at];
        int end = Plan.Has(Fault.CutReply) ? FaultPlan.Place(Plan.ReplyAt, letter.Length) : letter.Length;
        count = Math.Min(count, end - _read);
        if (count <= 0)
        {
            return end < letter.Length && Happens(Fault.CutReply) ? -(int)CarrierError.Broken : 0;
        }

        Array.Copy(letter, _read, buffer, offset, count);
        _read += count;
        return count;
    }

    void IPostIn.Done(bool drop)
    {
        if (drop && _at >= 0 && _at < _toDevice.Count)
        {
            _dropped.Add(_toDevice[_at]);
        }
    }

    void IPostOut.Close()
    {
    }

    void IPostIn.Close()
    {
        _toDevice.RemoveAll(_dropped.Contains);
        _dropped.Clear();
        _at = -1;
    }

    // ---- The server's end ----

    public override void Work(int node)
    {
        Arm();
        try
        {
            while (_toServer.Count > 0)
            {
                // a letter that comes late: it stays behind once
                int at = _toServer.Count > 1 && Happens(Fault.LateRequest) ? (int)(Plan.Pick % (ulong)_toServer.Count) : 0;
                SealedResult result = Take(node, _toServer[at]);
                if (result.Outcome == SealedOutcome.Answer)
                {
                    JudgeReply(result.Reply!);
                    if (!Happens(Fault.LoseReply))
                    {
                        _toDevice.Insert(Plan.Has(Fault.LateReply) ? 0 : _toDevice.Count, result.Reply!.ToBytes());
                    }

                    World.Server.Core(node).Sealed.Answered(result.Reply!);
                }

                _toServer.RemoveAt(at); // moved to another folder only now
                if (Plan.Has(Fault.LateRequest) && _toServer.Count > 0)
                {
                    break; // the others come another time
                }
            }
        }
        catch (ServerKilled)
        {
            World.Trace.Line($"    the server ends");
        }
        finally
        {
            Disarm();
        }
    }
}

/// <summary>Files carried by hand: the device's and the server's own code on a folder, which is also lost, late and copied.</summary>
public sealed class SimFiles : SimPost, IDisposable
{
    private readonly string _folder;
    private readonly byte[] _key = SealedMessage.KeyOf(SimServer.Token);
    private readonly HashSet<string> _replied = []; // requests whose reply was there

    public SimFiles(World world, SimDevice device, string token, string folder)
        : base(world, device)
    {
        _folder = folder;
        Directory.CreateDirectory(folder);
        FilePost post = new(folder, "/");
        Carrier = new SealedCarrier(device.Name, token, post, post);
    }

    public override SealedCarrier Carrier { get; }

    public override void Work(int node)
    {
        string requests = Path.Combine(_folder, FileExchange.ToServer);
        string done = Path.Combine(_folder, "done");
        if (Directory.Exists(done) && Happens(Fault.RepeatRequest))
        {
            foreach (string file in Directory.GetFiles(done).Order(StringComparer.Ordinal))
            {
                File.Copy(file, Path.Combine(requests, Path.GetFileName(file)), true); // someone copied the stick
            }
        }

        if (Directory.Exists(requests) && Happens(Fault.LoseRequest))
        {
            Array.ForEach(Directory.GetFiles(requests), File.Delete);
        }

        foreach (string file in Files(FileExchange.ToServer).Order(StringComparer.Ordinal))
        {
            if (SealedMessage.Parse(File.ReadAllBytes(file)) is { } request && request.IsFrom(_key)) // the power may have gone while it was written
            {
                JudgeRequest(request);
            }
        }

        Arm();
        HashSet<string> before = [.. Files(FileExchange.ToDevice)];
        try
        {
            FileExchange.Run(World.Server.Core(node), World.Server.Core(node).Sealed, _folder);
        }
        catch (ServerKilled)
        {
            World.Trace.Line($"    the server ends");
        }
        finally
        {
            Disarm();
        }

        _replied.UnionWith(Files(FileExchange.ToDevice).Select(f => Path.GetFileName(f)));
        JudgeFolder(before);
        if (Happens(Fault.LoseReply))
        {
            Array.ForEach(Files(FileExchange.ToDevice), File.Delete);
        }
    }

    public void Dispose() => Directory.Delete(_folder, true);

    // [SPEC 8.2] A number marked as answered has its reply on the way.
    private void JudgeFolder(HashSet<string> before)
    {
        foreach (string path in Files(FileExchange.ToDevice).Where(f => !before.Contains(f) && f.EndsWith(".sealed", StringComparison.Ordinal)))
        {
            if (SealedMessage.Parse(File.ReadAllBytes(path)) is { } reply)
            {
                JudgeReply(reply);
            }
        }

        using IStoreTransaction store = World.Server.Store.BeginRead();
        foreach (string path in Files(FileExchange.ToServer))
        {
            string[] name = Path.GetFileName(path).Split('.');
            if (name.Length == 4 && uint.TryParse(name[2], out uint number)
                && store.FindSealedNumber(Device.Identity.Id, name[1]) is { Answered: true } row && row.Number == number
                && !_replied.Contains(Path.GetFileName(path)))
            {
                World.Violate($"{Device.Name}: file {Path.GetFileName(path)} is marked answered, and there is no reply");
            }
        }
    }

    private string[] Files(string folder) => Directory.Exists(Path.Combine(_folder, folder)) ? Directory.GetFiles(Path.Combine(_folder, folder)) : [];
}
