// A broker between a device and the server, for sealed messages [SPEC 8.6]: the device's own post over a client whose connection
// ends, and a broker that repeats, delays and reorders on both ways, and forgets what it keeps.

using NanoSync.Device;
using NanoSync.Server.Sealed;

namespace NanoSync.Simulation;

/// <summary>A broker, and the client of one device.</summary>
public sealed class SimBroker : SimPost, IMqttLink
{
    private const int MostBytes = 16384;

    private readonly string _token;
    private readonly List<byte[]> _toServer = []; // not acknowledged by a node yet
    private readonly List<byte[]> _toDevice = []; // kept while it is away, or late
    private SealedCarrier _carrier;
    private MqttInbox? _inbox; // while connected

    public SimBroker(World world, SimDevice device, string token)
        : base(world, device)
    {
        _token = token;
        _carrier = Make();
    }

    public override SealedCarrier Carrier => _carrier;

    public bool IsConnected => _inbox != null;

    public string? LastFailure => null;

    public override void Restart()
    {
        _inbox = null; // with what had come and was not looked at
        _carrier = Make();
    }

    // ---- The device's end ----

    public CarrierError Connect(MqttInbox inbox)
    {
        if (Happens(Fault.CutRequest))
        {
            return CarrierError.Unreachable;
        }

        _inbox = inbox;
        Deliver(); // its session was kept
        return CarrierError.None;
    }

    public CarrierError Publish(string topic, byte[] payload)
    {
        if (Happens(Fault.LoseRequest))
        {
            return Lose();
        }

        _toServer.Add(payload);
        if (Happens(Fault.RepeatRequest))
        {
            _toServer.Add(payload);
        }

        return Happens(Fault.CutRequestUnseen) ? Lose() : CarrierError.None; // the broker has it, and the device does not know
    }

    public void Close() => _inbox = null;

    // ---- The server's end ----

    public override void Work(int node)
    {
        Arm();
        try
        {
            while (_toServer.Count > 0)
            {
                int at = _toServer.Count > 1 && Happens(Fault.LateRequest) ? (int)(Plan.Pick % (ulong)_toServer.Count) : 0;
                SealedResult result = Take(node, _toServer[at]);
                if (result.Outcome == SealedOutcome.Answer)
                {
                    JudgeReply(result.Reply!);
                    Keep(result.Reply!.ToBytes());
                    World.Server.Core(node).Sealed.Answered(result.Reply!);
                }

                _toServer.RemoveAt(at); // acknowledged to the broker only now
                if (Plan.Has(Fault.LateRequest) && _toServer.Count > 0)
                {
                    break; // the others come another time
                }
            }
        }
        catch (ServerKilled)
        {
            World.Trace.Line($"    the server ends"); // another node gets what it had not acknowledged
        }
        finally
        {
            Disarm();
        }

        if (!Happens(Fault.LateReply))
        {
            Deliver();
        }
    }

    private void Keep(byte[] reply)
    {
        if (Happens(Fault.LoseReply))
        {
            return; // the broker was started again without what it kept
        }

        int at = Plan.Has(Fault.LateReply) ? 0 : _toDevice.Count;
        _toDevice.Insert(at, reply);
        if (Happens(Fault.RepeatAtOtherNode))
        {
            _toDevice.Insert(at, reply);
        }
    }

    private void Deliver()
    {
        if (_inbox != null)
        {
            _toDevice.ForEach(letter => _inbox.Arrived(false, false, letter));
            _toDevice.Clear();
        }
    }

    private CarrierError Lose()
    {
        _inbox?.Lost();
        _inbox = null;
        return CarrierError.Broken;
    }

    private SealedCarrier Make()
    {
        MqttBroker broker = new("mqtt://broker", null, Device.Name) { KeepsSession = true };
        MqttPost post = new(this, broker, MostBytes, 0); // a round waits for nothing: one thread
        return new SealedCarrier(Device.Name, _token, post, post);
    }
}
