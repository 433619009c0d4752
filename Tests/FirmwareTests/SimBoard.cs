// A board without hardware: the clock is a number, flash is memory, the network is a switch. Nothing waits.

using System.Text;
using NanoSync.Device;
using NanoSync.Firmware;
using NanoSync.Storage;

namespace NanoSync.FirmwareTests;

internal sealed class SimBoard : IMachine, IInputs, IPartMaker
{
    public const uint Birth = 1780000000; // when the simulation begins, in the real world

    private const string DefaultSettings = """
        server = http://server/sync
        token = t
        sensor = heap free-heap
        """;

    private sealed class MemoryFile(SimBoard board) : ISmallFile
    {
        public byte[]? Bytes;
        public int Writes;

        public int Read(byte[] buffer)
        {
            if (Bytes is null || Bytes.Length > buffer.Length)
            {
                return Bytes is null ? -1 : buffer.Length + 1;
            }

            Bytes.CopyTo(buffer, 0);
            return Bytes.Length;
        }

        public bool Write(byte[] buffer, int count)
        {
            if (board.FlashReadOnly)
            {
                return false;
            }

            Bytes = buffer[..count];
            Writes++;
            return true;
        }
    }

    private readonly MemoryFile _settingsFile;
    private readonly MemoryFile _bootFile;
    private double _ticks;
    private double? _clockOffset; // the board's clock in seconds less those that it counted since the simulation began
    private double _counted; // milliseconds that the board's clock counted
    private double _timeDue = double.NaN; // ticks at which the time server is asked next; NaN = not started
    private bool _restarted;
    private bool _begin;
    private bool _woke;
    private int _slept;
    private long _fed;
    private bool _working;
    private bool _stepping;

    public SimBoard(string settings = DefaultSettings)
    {
        _settingsFile = new MemoryFile(this);
        _bootFile = new MemoryFile(this);
        Server = new CarrierServer(Pass) { DeviceClock = () => Clock };
        SettingsText = settings;
        App = PowerOn();
    }

    // ---- the world ----

    /// <summary>Milliseconds since the simulation began.</summary>
    public long World { get; private set; }

    public MemoryVolume Volume { get; set; } = new(200 * 1024, 64);

    public CarrierServer Server { get; }

    /// <summary>The time in the real world.</summary>
    public uint Now => Birth + (uint)(World / 1000);

    public bool NetworkIsUp { get; set; } = true;

    public bool TimeServerIsUp { get; set; } = true;

    /// <summary>Milliseconds until the time server answers.</summary>
    public int TimeServerDelay { get; set; }

    public bool FlashReadOnly { get; set; }

    /// <summary>Asked at each call of the volume from the next start on: it may throw that there is no memory.</summary>
    public Action? Short { get; set; }

    /// <summary>Throws what a board throws where an engine of these sizes finds no memory.</summary>
    public Action<SyncOptions>? EngineNeeds { get; set; }

    public Exception? InputsThrow { get; set; }

    public byte[] I2cAnswer { get; set; } = [];

    public string SettingsText
    {
        set => _settingsFile.Bytes = Encoding.ASCII.GetBytes(value);
    }

    public void RemoveSettings() => _settingsFile.Bytes = null;

    public void DamageBootRecord() => _bootFile.Bytes![5] ^= 1;

    // ---- what it did ----

    public FieldApp App { get; private set; }

    public List<string> LogLines { get; } = [];

    public List<int> Sleeps { get; } = [];

    public int Starts { get; private set; }

    public int Restarts { get; private set; }

    public int Feeds { get; private set; }

    /// <summary>Most milliseconds without a sign of life for the watchdog.</summary>
    public long LongestUnfed { get; private set; }

    public int LongestWait { get; private set; }

    public int InputsOpened { get; private set; }

    public int ConnectsBegun { get; private set; }

    public int BootWrites => _bootFile.Writes;

    /// <summary>State after each step, without repeats.</summary>
    public List<AppState> States { get; } = [];

    // ---- running it ----

    /// <summary>Power comes: the clock is lost, flash is not.</summary>
    public FieldApp PowerOn()
    {
        _clockOffset = null;
        return Begin(woke: false);
    }

    /// <summary>Runs for a time, through restarts and sleeps.</summary>
    public void Run(TimeSpan time)
    {
        long end = World + (long)time.TotalMilliseconds;
        while (World < end)
        {
            if (_begin)
            {
                Begin(_woke);
            }

            Feeds = 0;
            int wait = App.SafeStep();
            Assert.IsTrue(Feeds > 0 || wait >= 10000, "a step fed no watchdog");
            if (States.Count == 0 || States[^1] != App.State)
            {
                States.Add(App.State);
            }

            if (_slept > 0)
            {
                Pass((int)(_slept * 1000 / ClockRate));
                _slept = 0;
                (_begin, _woke) = (true, true);
                continue;
            }

            if (_restarted)
            {
                _restarted = false;
                (_begin, _woke) = (true, false);
                continue;
            }

            LongestWait = Math.Max(LongestWait, wait);
            Pass((int)Math.Clamp(end - World, 1, Math.Max((int)(wait / ClockRate), 1)));
        }
    }

    private FieldApp Begin(bool woke)
    {
        Starts++;
        _begin = false;
        _ticks = 0;
        _timeDue = double.NaN;
        WokeFromSleep = woke;
        return App = new FieldApp(this, this, Short is null ? Volume : new ShortVolume(Volume, Short), _settingsFile, new BootRecord(_bootFile), this, new Random(Starts));
    }

    // Time passes for what is beside the work too: while a round waits, the steps that are due then are taken.
    private void Pass(int milliseconds)
    {
        if (!_working || _stepping)
        {
            PassTime(milliseconds);
            return;
        }

        _stepping = true;
        long end = World + milliseconds;
        while (World < end)
        {
            int wait = App.SafeStep();
            PassTime((int)Math.Clamp(end - World, 1, Math.Max((int)(wait / ClockRate), 1)));
        }

        _stepping = false;
    }

    private void PassTime(int milliseconds)
    {
        World += milliseconds;
        _ticks += milliseconds * ClockRate;
        _counted += milliseconds * ClockRate;
        if (_ticks >= _timeDue && TimeServerIsUp && NetworkIsUp)
        {
            _timeDue = _ticks + 3600000; // as a board's firmware does
            SetClock(Now);
        }
    }

    /// <summary>What the board counts in a second, its clock and its ticks alike.</summary>
    public double ClockRate { get; set; } = 1;

    // ---- IMachine ----

    public void Use(Settings settings)
    {
    }

    public long Ticks => (long)_ticks;

    public uint Clock => _clockOffset is { } offset ? (uint)(offset + (_counted / 1000)) : 0;

    public void SetClock(uint seconds) => _clockOffset = seconds - (_counted / 1000);

    public void BeginTime(string server) => _timeDue = _ticks + TimeServerDelay;

    public bool IsConnected => NetworkIsUp;

    public void BeginConnect() => ConnectsBegun++;

    public bool WokeFromSleep { get; private set; }

    public void Feed()
    {
        Feeds++;
        LongestUnfed = Math.Max(LongestUnfed, World - _fed);
        _fed = World;
    }

    public void Pause(int milliseconds) => Pass(milliseconds);

    public void Begin(ThreadStart work)
    {
        Assert.IsFalse(_working, "one round at a time");
        _working = true;
        work();
        _working = false;
    }

    public bool LampIsOn { get; private set; }

    public void Lamp(bool on) => LampIsOn = on;

    public void Restart()
    {
        Restarts++;
        _restarted = true;
    }

    public void DeepSleep(int seconds)
    {
        Assert.IsGreaterThan(0, seconds);
        Sleeps.Add(seconds);
        _slept = seconds;
    }

    public void Log(string line) => LogLines.Add(line);

    // ---- IInputs ----

    public void Open(Settings settings) => InputsOpened++;

    /// <summary>True: the free heap is the seconds since the simulation began, so that a reading says when it was taken.</summary>
    public bool HeapTellsTime { get; set; }

    public uint FreeHeap => InputsThrow is null ? HeapTellsTime ? (uint)(World / 1000) : 65000u : throw InputsThrow;

    public int Signal => -67;

    public int Adc(int channel, out int range)
    {
        range = 4095;
        return channel == 7 ? 2048 : -1;
    }

    public int I2cWrites { get; private set; }

    public bool I2cWrite(int address, byte[] data)
    {
        I2cWrites++;
        return I2cAnswer.Length > 0;
    }

    public bool I2cRead(int address, byte[] data)
    {
        I2cAnswer.CopyTo(data, 0);
        return true;
    }

    // ---- IPartMaker ----

    public ICarrier? MakeCarrier(Settings settings, SyncOptions options, out string? problem)
    {
        Server.ReadingClass = new SensorBoard(settings, this, this, new FieldClock(this)).ReadingClass;
        problem = settings.Token == "malformed" ? "server or token cannot be used" : null;
        return problem is null ? Server : null;
    }

    public SyncEngine MakeEngine(FlashStore store, ICarrier carrier, SyncOptions sync)
    {
        EngineNeeds?.Invoke(sync);
        return new SyncEngine(store, carrier, sync);
    }

    /// <summary>Whether the carrier can tell that something is due.</summary>
    public bool CanWake { get; set; }

    /// <summary>True: it tells so at every look.</summary>
    public bool Flooded { get; set; }

    /// <summary>It tells so once.</summary>
    public bool Woken { get; set; }

    public bool ConsumeWake()
    {
        bool wake = Woken || Flooded;
        Woken = false;
        return wake;
    }

    public IBoard MakeBoard(Settings settings, FieldClock clock) => new SensorBoard(settings, this, this, clock);
}
