// A server core, its mail service over the mail server, and a device with a real store and engine.

using Microsoft.Extensions.Logging.Abstractions;
using MimeKit;
using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Mail;
using NanoSync.Storage;

namespace NanoSync.MailTests;

internal sealed class MailBench : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("nanosync-mail-").FullName;

    public MailBench(MailServer mail, ServerOptions? options = null, Func<MailOptions, MailOptions>? shape = null, TimeProvider? clock = null)
    {
        Mail = mail;
        Core = ServerData.Open((options ?? new ServerOptions()) with { Data = _folder }, clock);
        MailOptions settings = new()
        {
            Imap = MailEndpoint.Parse("imap", $"imap://127.0.0.1:{mail.ImapPort}", "imap", 143, 993),
            Smtp = MailEndpoint.Parse("smtp", $"smtp://127.0.0.1:{mail.SmtpPort}", "smtp", 25, 465),
            From = MailServer.Address("server"),
            User = "server",
            Password = MailServer.Password,
            SmtpUser = "",
        };
        Options = shape?.Invoke(settings) ?? settings;
        Service = new MailService(Core, Options, NullLogger.Instance);
    }

    public MailServer Mail { get; }

    public ServerCore Core { get; }

    public MailOptions Options { get; }

    public MailService Service { get; }

    /// <summary>Takes what is in the mailbox, once so many mails are there.</summary>
    public async Task<MailPass> Pass(int mails)
    {
        Mail.WaitFor("server", mails);
        return await Service.RunOnce();
    }

    public void Dispose()
    {
        Core.Dispose();
        Directory.Delete(_folder, true);
    }
}

/// <summary>A clock that goes when it is told to.</summary>
internal sealed class ManualClock : TimeProvider
{
    private DateTimeOffset _now = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    public void Pass(TimeSpan time) => _now += time;

    public override DateTimeOffset GetUtcNow() => _now;
}

/// <summary>A device whose requests leave by SMTP and whose replies come by POP3.</summary>
internal sealed class MailDevice
{
    private ObjectClass _reading = new ObjectClass("reading").UInt("n");
    private static readonly ObjectClass s_setting = new ObjectClass("setting").UInt("n");

    private MemoryVolume _volume = new(256 * 1024, 64);
    private uint _appended; // over all: no two readings are the same
    private readonly RecordWriter _record = new(16);
    private readonly Func<SealedCarrier> _carrier;
    private readonly SyncOptions _options;
    private FlashStore _store = null!;
    private SyncCollection _readings = null!;
    private SyncCollection _config = null!;

    public MailDevice(Func<SealedCarrier> carrier, SyncOptions? options = null)
    {
        _carrier = carrier;
        _options = options ?? new SyncOptions { ReplyRounds = 1000 };
        Restart();
    }

    public SyncEngine Engine { get; private set; } = null!;

    public int Settings => _store.Count(_config.Number);

    public static SealedCarrier Carrier(MailServer mail, string name, string token)
    {
        MailComposer mails = new(new SmtpSink(new MailLine("127.0.0.1", mail.SmtpPort, null), null, null), MailServer.Address(name), MailServer.Address("server"));
        return new SealedCarrier(name, token, mails, new Pop3Box(new MailLine("127.0.0.1", mail.Pop3Port, null), name, MailServer.Password));
    }

    public void Restart()
    {
        _store = new FlashStore(_volume, new StoreOptions());
        Engine = _carrier() is IDeferredCarrier later ? new DeferredEngine(_store, later, _options) : new SyncEngine(_store, _carrier(), _options);
        _readings = Engine.AddOutbox("readings", _reading, 64 * 1024, false);
        _config = Engine.AddTwoWay("config", s_setting, 64, null, false);
        Assert.AreEqual(StoreError.None, Engine.Open());
    }

    /// <summary>Another firmware, whose readings have one more field.</summary>
    public void Upgrade()
    {
        _reading = new ObjectClass("reading").UInt("n").UInt("more");
        Restart();
    }

    /// <summary>Makes a setting here; its local id.</summary>
    public uint Make(uint n)
    {
        byte[] record = Setting(n);
        Assert.AreEqual(StoreError.None, _store.Add(_config.Number, s_setting.Hash, record, 0, record.Length, out uint id));
        return id;
    }

    /// <summary>Changes a setting made here that has no name yet.</summary>
    public void Change(uint id, uint n)
    {
        ObjectInfo info = new();
        byte[] record = Setting(n);
        Assert.AreEqual(StoreError.None, _store.FindLocal(_config.Number, id, info));
        Assert.AreEqual(StoreError.None, _store.Change(info, s_setting.Hash, record, 0, record.Length));
    }

    /// <summary>The settings' values.</summary>
    public string Held()
    {
        List<ulong> held = [];
        ObjectInfo info = new();
        byte[] record = new byte[16];
        while (_store.Next(_config.Number, info) == StoreError.None)
        {
            RecordReader reader = new();
            reader.Begin(s_setting, record, 0, _store.Read(info, 0, record, 0, info.Length));
            Assert.IsTrue(reader.Next());
            held.Add((ulong)reader.Value);
        }

        return string.Join(' ', held);
    }

    /// <summary>A copy of the flash as it is.</summary>
    public MemoryVolume CopyFlash()
    {
        MemoryVolume copy = new(256 * 1024, 64);
        foreach (uint file in _volume.List())
        {
            byte[] bytes = new byte[_volume.Length(file)];
            Assert.HasCount(_volume.Read(file, 0, bytes, 0, bytes.Length), bytes);
            Assert.AreEqual(VolumeCode.Ok, copy.OpenAppend(0, file));
            Assert.AreEqual(VolumeCode.Ok, copy.Append(0, bytes, 0, bytes.Length));
            Assert.AreEqual(VolumeCode.Ok, copy.Close(0));
        }

        return copy;
    }

    /// <summary>Puts an earlier copy of the flash back and starts on it.</summary>
    public void PutBack(MemoryVolume copy)
    {
        _volume = copy;
        Restart();
    }

    public void Append(int count)
    {
        for (int i = 0; i < count; i++)
        {
            _record.Begin(_reading);
            _record.UInt(_appended++);
            if (_reading.Count > 1)
            {
                _record.UInt(1);
            }

            _record.End();
            Assert.AreEqual(StoreError.None, _store.Append(_readings.Number, _reading.Hash, _record.Buffer, 0, _record.Length, out _));
        }
    }

    private static byte[] Setting(uint n)
    {
        RecordWriter writer = new(16);
        writer.Begin(s_setting);
        writer.UInt(n);
        writer.End();
        return writer.Buffer[..writer.Length];
    }

    public void Round(RoundOutcome outcome)
    {
        RoundResult r = Engine.Round();
        Assert.AreEqual(outcome, r.Outcome, $"carrier {r.Carrier} message {r.Message} store {r.Store} status {r.Status}");
    }

    /// <summary>Rounds until both sides are in step; the server is served in between.</summary>
    public async Task SyncUntilInStep(Func<Task> serve, int most = 40)
    {
        for (int i = 0; i < most; i++)
        {
            RoundResult r = Engine.Round();
            if (r.Outcome == RoundOutcome.InStep)
            {
                return;
            }

            Assert.AreNotEqual(RoundOutcome.Failed, r.Outcome, $"carrier {r.Carrier} message {r.Message} store {r.Store} status {r.Status}");
            if (r.Outcome == RoundOutcome.Deferred)
            {
                await serve();
            }
        }

        Assert.Fail("not in step");
    }
}
