// The application: what a board does from power-on to deep sleep, one short step at a time. It owns no thread and never
// waits; its caller waits for as long as the last step said, and lights the lamp meanwhile.
//
// Rule 1: readings go on whatever the network does. A round runs beside the steps (IMachine.Begin), and while it does they
//         take readings and nothing else: nobody but the round uses the engine then, and of the diary it only reads.
// Rule 2: no error ends it. What may pass by itself is tried again, ever later; what a person must mend (settings, token)
//         is tried again slowly and shown by the lamp.
// Rule 3: all that must survive a power cut is in the store or in the boot record; a deep sleep loses everything else.
// Rule 4: a step makes no objects that stay.

using System;
using System.Threading;
using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Storage;

namespace NanoSync.Firmware
{
    /// <summary>The state machine of a field device.</summary>
    public sealed class FieldApp
    {
        /// <summary>The version, as in Directory.Build.props; a test compares them.</summary>
        public const string Version = "0.1.0";

        /// <summary>What the line about a fault of the program itself begins with.</summary>
        public const string StepFailed = "a step failed: ";

        /// <summary>Quick restarts in a row after which a start waits.</summary>
        public const int HoldFrom = 4;

        /// <summary>Quick restarts in a row after which sensors are left alone.</summary>
        public const int SafeFrom = 6;

        /// <summary>Milliseconds of a run that did not fall over: it is no quick restart any more.</summary>
        public const int StableAfter = 120000;

        /// <summary>First wait of a held start, in milliseconds; doubled by each further quick restart.</summary>
        public const int FirstHold = 30000;

        /// <summary>Longest wait of a held start, in milliseconds.</summary>
        public const int LongestHold = 3600000;

        /// <summary>Milliseconds given to a network to come up.</summary>
        public const int ConnectTimeout = 30000;

        /// <summary>Milliseconds given to a time server.</summary>
        public const int TimeTimeout = 10000;

        /// <summary>Seconds beyond which a time that the server tells is doubted where a time server can be asked.</summary>
        public const int Doubtful = 120;

        /// <summary>Milliseconds to the second sync of a run at most: until then nothing is known of how fast the clock runs.</summary>
        public const int FirstComparison = 2700000;

        /// <summary>TLS refusals in a row after which a clock that only the sync set is doubted.</summary>
        public const int RefusalsBeforeDoubt = 3;

        /// <summary>Wait after a refusal that only a person can mend, in milliseconds.</summary>
        public const int RefusedRetry = 3600000;

        /// <summary>Milliseconds before settings or store are tried again.</summary>
        public const int RepairRetry = 60000;

        /// <summary>Milliseconds a board stays awake after power-on, so that it can be flashed.</summary>
        public const int AwakeAfterPowerOn = 60000;

        /// <summary>Below this many milliseconds a deep sleep is not worth its start.</summary>
        public const int ShortestSleep = 5000;

        /// <summary>Milliseconds after which a round that has not ended is no sign of life any more: the watchdog waits from then.</summary>
        public const int LongestRound = 120000;

        /// <summary>A request that was held for so many milliseconds and then cut counts as a success: something in between does not bear a longer silence.</summary>
        public const int ShortestHold = 8000;

        private const int PollEvery = 500;
        private const int SmallestForm = 2; // 0 as the settings say, 1 smaller, 2 the smallest that sends
        private const int FailuresBeforeReopen = 3;
        private const int IdleRoundsBeforeReopen = 10;
        private const int SmallReply = 256; // bytes; a part of a large object is more
        private const int Sampler = 0; // who met an error of the store
        private const int Syncer = 1;
        private const int CrashesBeforeRestart = 3;
        private const int CrashRetry = 10000;
        private const uint TimeKeptEvery = 86400;
        private const uint LifeKnownAfter = 3600; // seconds of writing from which the rest of the flash's life is told
        private const int FlashBlock = 4096;
        private const int BlockErases = 100000;

        private readonly IMachine _machine;
        private readonly IInputs _inputs;
        private readonly IVolume _volume;
        private readonly ISmallFile _settingsFile;
        private readonly BootRecord _boot;
        private readonly IPartMaker _parts;
        private readonly FieldDiary _diary;
        private readonly Random _random;
        private readonly SyncSchedule _schedule;
        private readonly FieldClock _clock;
        private readonly LedPattern _lamp = new LedPattern();
        private readonly RoundResult _failed = new RoundResult();
        private readonly WakeBudget _wakes = new WakeBudget();

        private Settings _settings;
        private IBoard _board;
        private FlashStore _store;
        private FieldDevice _device;
        private AppState _state;
        private string _problem;
        private bool _booted;
        private bool _running;
        private bool _woke;
        private bool _stable;
        private bool _restart;
        private bool _timeAsked;
        private int _lastReason;
        private long _holdUntil;
        private long _stableSince;
        private long _nextSample;
        private long _nextSync;
        private long _connectUntil; // 0 = not connecting
        private long _timeUntil; // 0 = not waiting for the time
        private long _trialUntil; // 0 = the server's time is not on trial
        private bool _hurried;
        private long _offlineSince; // -1 = not offline
        private readonly int[] _storeFailures = new int[2];
        private int _idleRounds;
        private int _crashes;
        private bool _woken; // the next round, or the one under way, was asked for by a wake
        private bool _sameSync; // the next round belongs to the sync of the last one
        private int _form; // of engine and messages: larger = smaller, since memory was lacking
        private bool _ranOut; // memory was lacking while a round runs: what follows waits for its end

        // The round under way. What it sets is read by the steps once it has ended.
        private readonly object _gate = new object();
        private readonly ThreadStart _round;
        private bool _rounding;
        private bool _abortedHeld; // its request was held
        private bool _ended; // under _gate
        private Exception _failure;
        private long _roundSince;
        private uint _serverTime; // by the server; 0 = not
        private long _serverTimeTicks;
        private int _serverInterval; // by the server; 0 = not
        private StoreError _sampleError; // met meanwhile, for the diary
        private bool _reopen;
        private int _rounds;
        private StoreError _flash;
        private bool _sampling = true;

        /// <summary>Puts the parts together; nothing is touched before the first step.</summary>
        /// <param name="machine">Power, clock, network, lamp.</param>
        /// <param name="inputs">What sensors are read from.</param>
        /// <param name="volume">Where the store is.</param>
        /// <param name="settingsFile">The settings.</param>
        /// <param name="boot">The boot record.</param>
        /// <param name="parts">Makes the carrier and the board.</param>
        /// <param name="random">Source of the jitter; must differ from board to board.</param>
        public FieldApp(IMachine machine, IInputs inputs, IVolume volume, ISmallFile settingsFile, BootRecord boot, IPartMaker parts, Random random)
        {
            _machine = machine;
            _inputs = inputs;
            _volume = volume;
            _settingsFile = settingsFile;
            _boot = boot;
            _parts = parts;
            _round = RunRound;
            _diary = new FieldDiary(volume);
            _random = random;
            _schedule = new SyncSchedule(random);
            _clock = new FieldClock(machine);
            _failed.Outcome = RoundOutcome.Failed;
            _failed.RetryAfter = -1;
            _offlineSince = -1;
        }

        /// <summary>Where it stands.</summary>
        public AppState State
        {
            get { return _state; }
        }

        /// <summary>What is wrong with the settings or the store; null when nothing is.</summary>
        public string Problem
        {
            get { return _problem; }
        }

        /// <summary>The settings in force; null before they were read.</summary>
        public Settings Settings
        {
            get { return _settings; }
        }

        /// <summary>The device; null before the store is open.</summary>
        public FieldDevice Device
        {
            get { return _device; }
        }

        /// <summary>The store; null before it was made.</summary>
        public FlashStore Store
        {
            get { return _store; }
        }

        /// <summary>The clock.</summary>
        public FieldClock Clock
        {
            get { return _clock; }
        }

        /// <summary>The schedule of rounds.</summary>
        public SyncSchedule Schedule
        {
            get { return _schedule; }
        }

        /// <summary>True when sensors are left alone after too many quick restarts.</summary>
        public bool SafeMode
        {
            get { return _board != null && _board.SafeMode; }
        }

        /// <summary>Why this run began, for the device status.</summary>
        public string ResetReason
        {
            get { return _woke ? "deep sleep" : RestartReason.Name(_lastReason); }
        }

        /// <summary>Rounds that have ended; the last one's result is the engine's.</summary>
        public int Rounds
        {
            get { return _rounds; }
        }

        /// <summary>True while a round runs.</summary>
        public bool IsRounding
        {
            get { return _rounding; }
        }

        /// <summary>What the store met last, at its opening, with a reading or in a round; None when that went well.</summary>
        public StoreError Flash
        {
            get { return _flash; }
        }

        /// <summary>Milliseconds until the next round is due; 0 when it is.</summary>
        public int UntilSync
        {
            get
            {
                long left = _nextSync - _machine.Ticks;
                return left < 0 ? 0 : left > int.MaxValue ? int.MaxValue : (int)left;
            }
        }

        /// <summary>False: no readings are taken, others put theirs into the outbox. True by default.</summary>
        public bool Sampling
        {
            get { return _sampling; }
            set { _sampling = value; }
        }

        /// <summary>The next sync is due at once.</summary>
        public void SyncNow()
        {
            _nextSync = _machine.Ticks;
        }

        /// <summary>Gives up a round that waits for the server to have something: it ends soon.</summary>
        public void AbortHeldRound()
        {
            if (_rounding && !_abortedHeld && _device.Engine.IsHolding)
            {
                _abortedHeld = true;
                _device.Engine.AbortHeld();
            }
        }

        /// <summary>Asks for a restart once no round runs: the server's command.</summary>
        public void RequestRestart()
        {
            _restart = true;
        }

        /// <summary>Changes the seconds between syncs, for good, once the round is over: the server's command.</summary>
        public void SyncEvery(int seconds)
        {
            _serverInterval = seconds;
        }

        /// <summary>Notes the time that the server told in the round under way.</summary>
        public void SetServerTime(uint seconds)
        {
            _serverTime = seconds;
            _serverTimeTicks = _machine.Ticks;
        }

        /// <summary>Ends use, as a restart on command does: nothing waits to be written, and the next start is no quick one.</summary>
        public void Stop()
        {
            if (!_booted)
            {
                return;
            }

            _boot.Reason = RestartReason.Command;
            _boot.Save();
            _diary.Flush();
            if (_store != null)
            {
                _store.Close();
            }
        }

        /// <summary>Seconds between syncs: the server's, else the settings'.</summary>
        public int SyncInterval
        {
            get { return _boot.SyncInterval > 0 ? _boot.SyncInterval : _settings.Sync; }
        }

        /// <summary>Does what is due.</summary>
        /// <returns>Milliseconds until something is due again.</returns>
        public int Step()
        {
            if (!_rounding || HasEnded() || _machine.Ticks - _roundSince < LongestRound + (_device.Engine.IsHolding ? _device.Engine.Wait * 1000 : 0))
            {
                _machine.Feed();
            }

            if (!_booted)
            {
                Boot();
            }

            if (!_stable && _holdUntil == 0 && _machine.Ticks - _stableSince >= StableAfter)
            {
                Stable();
            }

            if (_ranOut)
            {
                return RunOut();
            }

            int wait = _holdUntil > 0 ? Hold() : _running ? Run() : Start();
            if (_restart && !_rounding)
            {
                RestartFor(RestartReason.Command);
            }

            return wait;
        }

        /// <summary>
        /// A step that fails of itself is logged and tried again; after three in a row the board restarts. One that finds no memory
        /// makes everything smaller instead.
        /// </summary>
        /// <returns>As <see cref="Step"/>.</returns>
        public int SafeStep()
        {
            try
            {
                int wait = Step();
                _crashes = 0;
                return wait;
            }
            catch (OutOfMemoryException)
            {
                _nextSample = _machine.Ticks; // it may have been the reading
                return RunOut();
            }
            catch (Exception failure)
            {
                _crashes++;
                _machine.Log(StepFailed + failure.Message);
                if (_crashes == CrashesBeforeRestart)
                {
                    RestartFor(RestartReason.Crash);
                }

                return CrashRetry;
            }
        }

        /// <summary>Lights the lamp as it has to be now.</summary>
        /// <returns>Milliseconds until it has to change.</returns>
        public int Light()
        {
            int wait;
            _machine.Lamp(_lamp.IsOn(_machine.Ticks, out wait));
            return wait;
        }

        private void Boot()
        {
            _booted = true;
            _boot.Load();
            _woke = _machine.WokeFromSleep;
            _clock.Resume(_boot.ClockIsBehind);
            _lastReason = _boot.Reason;
            if (_woke)
            {
                _stable = _boot.Quick == 0;
                return;
            }

            _boot.Quick = _lastReason == RestartReason.Command || _lastReason == RestartReason.Offline ? 0 : _boot.Quick + 1;
            _boot.Reason = RestartReason.Unknown;
            _boot.ClockIsBehind = _clock.IsBehind;
            _boot.Save();
            _diary.Start(_lastReason, _clock.Now, Uptime, 0);
            _machine.Log("start " + _boot.Quick.ToString() + ", after " + ResetReason);
            if (_boot.Quick >= HoldFrom)
            {
                _holdUntil = _machine.Ticks + HoldTime(_boot.Quick);
            }
        }

        private uint Uptime
        {
            get { return (uint)(_machine.Ticks / 1000); }
        }

        private static int HoldTime(int quick)
        {
            int doublings = quick - HoldFrom;
            return doublings >= 7 ? LongestHold : FirstHold << doublings; // 30 s * 2^7 is past an hour
        }

        // The radio is what a weak supply cannot bear, and the firmware starts it by itself: only deep sleep keeps it off.
        // The next start then comes from sleep and is not held again.
        private int Hold()
        {
            long left = _holdUntil - _machine.Ticks;
            Show(AppState.Holding);
            if (left <= 0)
            {
                _holdUntil = 0;
                _stableSince = _machine.Ticks;
                return 0;
            }

            if (_settings == null)
            {
                ReadSettings();
            }

            if (_settings != null && _settings.Sleep)
            {
                _holdUntil = 0;
                _machine.DeepSleep((int)(left / 1000));
                return 0;
            }

            return left > RepairRetry ? RepairRetry : (int)left; // at most a minute, for the watchdog
        }

        private int Start()
        {
            if (_settings == null && !ReadSettings())
            {
                Show(AppState.BadSettings);
                return RepairRetry;
            }

            if (_device == null && !MakeDevice())
            {
                Show(AppState.BadSettings);
                return RepairRetry;
            }

            StoreError error = _device.Open();
            _flash = error;
            if (error == StoreError.NoMemory)
            {
                return RunOut();
            }

            if (error != StoreError.None)
            {
                _diary.Flash(error, _clock.Now, Uptime, _inputs.FreeHeap);
                Complain("the store cannot be opened: error NS" + ((int)error).ToString());
                Show(AppState.BadFlash);
                return RepairRetry;
            }

            if (_store.Health.Undeclared > 0)
            {
                _machine.Log("flash holds " + _store.Health.Undeclared.ToString() + " records of collections that this firmware does not declare: they wait for one that does");
            }

            if (_form == 0)
            {
                _problem = null;
            }

            _running = true;
            long now = _machine.Ticks;
            _nextSample = _nextSample > now ? _nextSample : now;
            if (_nextSync != 0)
            {
                return 0; // memory was lacking meanwhile: what was due before is due now
            }

            if (_woke)
            {
                _nextSync = long.MaxValue; // decided after the reading
            }
            else
            {
                // devices that get their power back together shall not come together
                int spread = SyncInterval * 1000 / 4;
                _nextSync = now + _random.Next(spread < FirstHold ? spread : FirstHold);
            }

            return 0;
        }

        private bool ReadSettings()
        {
            byte[] text = new byte[Settings.MaxBytes];
            int count = _settingsFile.Read(text);
            Settings settings = new Settings();
            string error = count < 0 ? "there is no file"
                : count > text.Length ? "more than 2048 bytes" : settings.Parse(text, count);
            if (error != null)
            {
                Complain("settings: " + error);
                return false;
            }

            _settings = settings;
            _machine.Use(settings);
            return true;
        }

        private bool MakeDevice()
        {
            SyncOptions sync = new SyncOptions();
            sync.BufferBytes = _settings.BufferBytes;
            sync.Window = _settings.Window;
            sync.ReplyBytes = _settings.ReplyBytes;
            sync.RequestBytes = _settings.RequestBytes;
            Shrink(sync);
            string problem;
            ICarrier carrier = _parts.MakeCarrier(_settings, sync, out problem);
            if (carrier == null)
            {
                Complain("settings: " + problem);
                _settings = null; // read again
                return false;
            }

            if (_board == null)
            {
                IBoard board = _parts.MakeBoard(_settings, _clock);
                board.SafeMode = _boot.Quick >= SafeFrom;
                if (!board.SafeMode)
                {
                    _inputs.Open(_settings);
                }

                _board = board;
            }

            StoreOptions store = new StoreOptions();
            store.QuotaBytes = _settings.StoreBytes;
            store.SegmentBytes = _settings.SegmentBytes;
            store.Entropy = (uint)_random.Next();
            _store = new FlashStore(_volume, store);
            _device = new FieldDevice(_store, _parts.MakeEngine(_store, carrier, sync), _board, _settings.OutboxBytes, _settings.Interval);
            _device.Engine.Wait = _settings.Wait;
            _device.Engine.Host = new FieldHost(this, _store, _board, _machine, _inputs);
            _device.Engine.Diary = _diary;
            return true;
        }

        // The store's sizes are left alone: they say how what lies in flash is read. No series, fewer answers: both only save bytes.
        private void Shrink(SyncOptions sync)
        {
            if (_form == 0)
            {
                return;
            }

            int buffer = _form == 1 ? 256 : 128;
            int window = _form == 1 ? 5 : 1;
            sync.Series = false;
            sync.Answers = 0; // as few as the collections need
            sync.BufferBytes = sync.BufferBytes < buffer ? sync.BufferBytes : buffer;
            sync.Window = sync.Window < window ? sync.Window : window;
            sync.ReplyBytes = sync.ReplyBytes < 2 * buffer ? sync.ReplyBytes : 2 * buffer;
            sync.RequestBytes = sync.RequestBytes < 2 * buffer ? sync.RequestBytes : 2 * buffer;
        }

        // Memory was lacking, in the middle of whatever it was. As after a power cut nothing in RAM is believed: the store is
        // closed at once, so that nobody goes on with it, and with the engine made anew, smaller while that is possible.
        private int RunOut()
        {
            _flash = StoreError.NoMemory;
            if (_store != null)
            {
                _store.Close();
            }

            _ranOut = _rounding && !HasEnded();
            if (_ranOut)
            {
                AbortHeldRound();
                return PollEvery;
            }

            _rounding = false;
            _running = false;
            _device = null;
            _store = null;
            bool smaller = _form < SmallestForm;
            if (smaller)
            {
                _form++;
            }

            Complain("memory is lacking: error NS" + ((int)StoreError.NoMemory).ToString() + (smaller ? ", it goes on with less" : ""));
            Show(AppState.NoMemory);
            _diary.Flash(StoreError.NoMemory, _clock.Now, Uptime, _inputs.FreeHeap);
            return smaller ? 0 : RepairRetry;
        }

        private int Run()
        {
            long now = _machine.Ticks;
            if (_trialUntil != 0 && (now >= _trialUntil || !_clock.IsApart))
            {
                _trialUntil = 0;
                _clock.EndTry();
            }

            if (!_rounding)
            {
                NoteCorrection();
            }

            if (now >= _nextSample && _sampling)
            {
                Sample(now);
            }

            if (_rounding && _device.Engine.IsHolding && _device.Engine.Pending > 0)
            {
                AbortHeldRound(); // there is something to send now
            }

            if (_rounding && HasEnded())
            {
                EndRound();
                if (!_running)
                {
                    return 0; // memory was lacking
                }

                now = _machine.Ticks; // a round takes its time
            }
            else if (!_rounding && now >= _nextSync)
            {
                Sync(now);
                now = _machine.Ticks;
            }
            else
            {
                _store.Step(); // room is made while nothing else is to do
            }

            if (!_rounding && _nextSync > now && _parts.CanWake && _wakes.IsLeft(now) && _parts.ConsumeWake())
            {
                _wakes.Spend();
                _woken = true;
                _nextSync = now;
            }

            long next = _sampling ? _nextSample : long.MaxValue;
            if (_rounding)
            {
                next = HasEnded() ? now : next - now > PollEvery ? now + PollEvery : next;
            }
            else if (_nextSync < next)
            {
                next = _nextSync;
            }

            if ((_trialUntil != 0 || _parts.CanWake) && next > now + PollEvery)
            {
                next = now + PollEvery;
            }

            if (next <= now)
            {
                return 0;
            }

            if (_settings.Sleep && MaySleep(now))
            {
                SleepUntil(now);
                return 0;
            }

            return next - now > RepairRetry ? RepairRetry : (int)(next - now);
        }

        private void Sample(long now)
        {
            int interval = _device.Config.Interval * 1000; // at most a day, 86,400,000
            _nextSample += interval;
            if (_nextSample <= now)
            {
                _nextSample = now + interval; // late: readings that were missed are not taken afterwards
            }

            StoreError error = _device.AppendReading();
            if (error == StoreError.ReclaimFirst)
            {
                while (_store.Step())
                {
                    _machine.Feed();
                }

                error = _device.AppendReading();
            }

            if (error != StoreError.None)
            {
                _sampleError = error;
                NoteSampleError();
            }

            NoteStoreError(Sampler, error);
            if (_woke && _nextSync == long.MaxValue && IsSyncDue(error))
            {
                _nextSync = now;
            }
        }

        // The diary is the steps' own, but a round may be reading it.
        private void NoteSampleError()
        {
            if (_sampleError != StoreError.None && !_rounding)
            {
                _diary.Flash(_sampleError, _clock.Now, Uptime, _inputs.FreeHeap);
                _sampleError = StoreError.None;
            }
        }

        // After a deep sleep nothing is left of the schedule. What is left is the outbox: readings taken since the last that
        // the server has. With k readings per sync it is due at k, and while syncs fail at 2k, 4k, 8k, 16k, 32k ...
        private bool IsSyncDue(StoreError error)
        {
            if (error != StoreError.None && error != StoreError.QuotaFull)
            {
                return true;
            }

            int number = _device.Readings.Number;
            uint taken = _store.NextId(number) - 1 - _store.AckedId(number);
            int interval = _device.Config.Interval;
            uint perSync = (uint)(SyncInterval <= interval ? 1 : SyncInterval / interval);
            uint syncs = taken / perSync;
            return syncs > 0 && taken % perSync == 0 && ((syncs & (syncs - 1)) == 0 || syncs % 16 == 0);
        }

        private bool MaySleep(long now)
        {
            return !_rounding && _connectUntil == 0 && _timeUntil == 0 && _trialUntil == 0 && _state != AppState.Syncing && _nextSample - now >= ShortestSleep
                && (_woke || (now >= AwakeAfterPowerOn && _state != AppState.Starting));
        }

        private void SleepUntil(long now)
        {
            KeepTime();
            _diary.Flush();
            _machine.Log("sleep");
            _machine.DeepSleep((int)((_nextSample - now) / 1000));
            _running = false; // only a test gets here
        }

        private void Sync(long now)
        {
            if (!IsNetworkUp(now) || !IsTimeKnown(now))
            {
                return;
            }

            if (_state != AppState.InStep || !_device.Engine.MayHold)
            {
                Show(AppState.Syncing);
            }

            if (!_sameSync)
            {
                _device.Engine.AskTime |= _clock.IsCompareDue;
                _device.Engine.SendStatus = true;
                if (Uptime >= LifeKnownAfter)
                {
                    _device.Engine.FlashLife = (uint)_store.Health.LifeDays(_settings.StoreBytes / 3 * 4, FlashBlock, BlockErases, (int)Uptime); // a quarter is left free
                }
            }

            StoreError error = _device.BeginRound();
            if (error != StoreError.None)
            {
                NoteStoreError(Syncer, error);
            }

            _rounding = true;
            _abortedHeld = false;
            _roundSince = now;
            _ended = false;
            _machine.Begin(_round);
        }

        // Beside the steps.
        private void RunRound()
        {
            Exception failure = null;
            try
            {
                _device.Engine.Round();
            }
            catch (Exception e)
            {
                failure = e;
            }

            lock (_gate)
            {
                _failure = failure;
                _ended = true;
            }
        }

        private bool HasEnded()
        {
            lock (_gate)
            {
                return _ended;
            }
        }

        private void EndRound()
        {
            _rounding = false;
            _rounds++;
            long now = _machine.Ticks;
            if (_failure is OutOfMemoryException || _device.Engine.Result.Store == StoreError.NoMemory)
            {
                bool smaller = RunOut() == 0;
                _nextSync = smaller ? now : now + _schedule.Next(_failed, SyncInterval * 1000);
                return;
            }

            if (_failure != null)
            {
                _nextSync = now + _schedule.Next(_failed, SyncInterval * 1000);
                throw _failure; // a fault of the program: the step fails
            }

            RoundResult result = _device.Engine.Result;
            ApplyFromServer();
            _device.EndRound(result);
            if (_woken && (result.Outcome == RoundOutcome.More || result.ObjectsUp > 0 || result.ObjectsDown > 0))
            {
                _wakes.Refund();
            }

            _woken = false;
            long nextAtMost = now + (_device.Config.Interval * 1000L);
            _nextSample = _nextSample < nextAtMost ? _nextSample : nextAtMost; // a shorter interval holds from now on
            NoteSampleError();
            if (_reopen)
            {
                Reopen();
            }

            if (IsWaitOver(result, now))
            {
                _sameSync = true;
                _nextSync = now;
                return;
            }

            _diary.Round(result, _clock.Now, Uptime, _inputs.FreeHeap);
            NoteStoreError(Syncer, result.Store);
            bool stuck = IsStuck(result);
            _sameSync = result.Outcome == RoundOutcome.More && !stuck;
            int wait = _schedule.Next(stuck ? _failed : result, NextInterval(result));
            if (result.Outcome == RoundOutcome.InStep && result.RetryAfter <= 0 && MayWait(result, now))
            {
                wait = 0;
            }

            if (result.Carrier == CarrierError.Untrusted)
            {
                DoubtClock();
            }
            else if (_boot.Refusals != 0 && result.Outcome != RoundOutcome.Failed)
            {
                _boot.Refusals = 0;
                _boot.Save();
            }

            if (result.Outcome != RoundOutcome.Failed && !stuck)
            {
                Stable();
                KeepTime();
                if (wait > 0 || result.Outcome == RoundOutcome.InStep)
                {
                    Show(AppState.InStep);
                }
            }
            else if (result.HttpStatus == 401 || result.HttpStatus == 403 || result.Status == Status.NotFound || result.Status == Status.VersionNotSupported)
            {
                Show(AppState.Refused);
                int slow = RefusedRetry + _random.Next(RefusedRetry / 4);
                wait = wait > slow ? wait : slow;
            }
            else
            {
                Show(AppState.ServerAway);
            }

            if (_storeFailures[Sampler] + _storeFailures[Syncer] > 0)
            {
                Show(AppState.BadFlash);
            }

            if (_form > 0 && _state == AppState.InStep)
            {
                Show(AppState.NoMemory); // somebody should know
            }

            _nextSync = now + wait;
        }

        // A held request that was given up, or that something on the way cut: the next one follows at once, and nothing failed.
        private bool IsWaitOver(RoundResult result, long now)
        {
            return result.HeldSeconds > 0 && result.Outcome == RoundOutcome.Failed && result.Store == StoreError.None
                && (_abortedHeld || (now - _roundSince >= ShortestHold && result.Status == 0
                && (result.Carrier == CarrierError.Broken || result.Carrier == CarrierError.Timeout || result.HttpStatus == 502 || result.HttpStatus == 504)));
        }

        // The next request waits at the server. One that came back with nothing long before its time was not held: then the
        // interval is kept, as without waiting.
        private bool MayWait(RoundResult result, long now)
        {
            return _device.Engine.MayHold
                && (result.HeldSeconds == 0 || result.BytesDown > EmptyReply.Size || now - _roundSince >= result.HeldSeconds * 500L);
        }

        // What the server told and asked for in the round.
        private void ApplyFromServer()
        {
            if (_serverTime != 0)
            {
                Compare(_serverTime + (uint)((_machine.Ticks - _serverTimeTicks + 500) / 1000));
                _serverTime = 0;
            }

            if (_serverInterval != 0)
            {
                _boot.SyncInterval = _serverInterval;
                _boot.Save();
                _serverInterval = 0;
            }
        }

        // The server of the sync is taken at its word, unless a time server can contradict: it is given the time to.
        private void Compare(uint told)
        {
            int difference = _clock.Difference(told);
            if ((difference <= Doubtful && difference >= -Doubtful) || _settings.TimeServer == "none")
            {
                _clock.Set(told);
                return;
            }

            _clock.Try(told);
            _machine.BeginTime(_settings.TimeServer);
            _trialUntil = _machine.Ticks + TimeTimeout;
        }

        private void NoteCorrection()
        {
            int seconds = _clock.ConsumeCorrection();
            if (seconds != 0)
            {
                _device.Engine.ClockCorrection = seconds;
                _diary.Clock(seconds, _clock.Now, Uptime, _inputs.FreeHeap);
                _machine.Log("clock corrected by " + seconds.ToString() + " s");
            }
        }

        // TLS needs a time within the life of the server's certificate. One that nobody told is tried month by month; so is one
        // that only a server of the sync told, once TLS refuses again and again: it may have been ten years ahead.
        private void DoubtClock()
        {
            if (_boot.Refusals < RefusalsBeforeDoubt)
            {
                _boot.Refusals++;
                _boot.Save();
            }

            if (_clock.IsBehind || _clock.IsApart || (_boot.Refusals == RefusalsBeforeDoubt && _settings.TimeServer == "none"))
            {
                _clock.TryAnother();
                _machine.Log("TLS refuses: another time is tried");
                if (!_boot.ClockIsBehind)
                {
                    _boot.ClockIsBehind = true;
                    _boot.Save();
                }
            }
        }

        // Once a run the next sync comes sooner, so that the clock is not a minute off before its rate is known.
        private int NextInterval(RoundResult result)
        {
            int interval = SyncInterval * 1000;
            if (result.Outcome != RoundOutcome.InStep || _hurried || interval <= FirstComparison)
            {
                return interval;
            }

            _hurried = true;
            return FirstComparison;
        }

        private bool IsNetworkUp(long now)
        {
            if (_machine.IsConnected)
            {
                _connectUntil = 0;
                _offlineSince = -1;
                return true;
            }

            if (_offlineSince < 0)
            {
                _offlineSince = now;
            }

            if (_connectUntil == 0)
            {
                Show(AppState.Connecting);
                _machine.BeginConnect();
                _connectUntil = now + ConnectTimeout;
            }

            if (now < _connectUntil)
            {
                _nextSync = now + PollEvery;
                return false;
            }

            _connectUntil = 0;
            _diary.NoNetwork(_clock.Now, Uptime, _inputs.FreeHeap);
            Show(AppState.NoNetwork);
            _nextSync = now + _schedule.Next(_failed, SyncInterval * 1000);
            if (_settings.RestartOffline > 0 && now - _offlineSince >= _settings.RestartOffline * 3600000L)
            {
                RestartFor(RestartReason.Offline); // a radio that hangs comes back with it
            }

            return false;
        }

        // True: known, or waited long enough for.
        private bool IsTimeKnown(long now)
        {
            if (_clock.Now != 0 || _settings.TimeServer == "none")
            {
                PutClockForward();
                _timeUntil = 0;
                return true;
            }

            if (!_timeAsked)
            {
                Show(AppState.GettingTime);
                _machine.BeginTime(_settings.TimeServer); // goes on asking by itself from here on
                _timeAsked = true;
                _timeUntil = now + TimeTimeout;
            }

            if (_timeUntil > now)
            {
                _nextSync = now + PollEvery;
                return false;
            }

            _timeUntil = 0;
            PutClockForward();
            return true;
        }

        // For TLS; nothing where the clock shows a time.
        private void PutClockForward()
        {
            _clock.PutForward(_boot.LastTime);
            if (_clock.IsBehind && !_boot.ClockIsBehind)
            {
                _boot.ClockIsBehind = true;
                _boot.Save();
            }
        }

        // Rounds that go well and move nothing, again and again: what the store counts and what it holds are not the same.
        private bool IsStuck(RoundResult result)
        {
            if (result.Outcome != RoundOutcome.More || result.ObjectsUp + result.ObjectsDown > 0 || result.BytesDown >= SmallReply)
            {
                _idleRounds = 0;
                return false;
            }

            _idleRounds++;
            if (_idleRounds < IdleRoundsBeforeReopen)
            {
                return false;
            }

            _idleRounds = 0;
            Reopen();
            return true;
        }

        // Counts failures of the flash itself; after some in a row the store is opened anew, as at a start.
        private void NoteStoreError(int who, StoreError error)
        {
            _flash = error;
            switch (error)
            {
                case StoreError.VolumeFull:
                case StoreError.VolumeFailed:
                case StoreError.VolumeReadOnly:
                case StoreError.VolumeUnreadable:
                case StoreError.Damaged:
                case StoreError.NotOpen:
                    break;

                default:
                    _storeFailures[who] = 0;
                    if (_storeFailures[Sampler] + _storeFailures[Syncer] == 0)
                    {
                        _problem = null;
                    }

                    return;
            }

            _storeFailures[who]++;
            if (_problem == null)
            {
                Complain("flash: error NS" + ((int)error).ToString());
            }

            Show(AppState.BadFlash);
            if (_storeFailures[who] % FailuresBeforeReopen == 0 && error != StoreError.VolumeFull)
            {
                Reopen();
            }
        }

        private void Reopen()
        {
            _reopen = _rounding; // a round uses the store
            if (_rounding)
            {
                return;
            }

            _machine.Log("the store is opened anew");
            _store.Close();
            _device.Open();
        }

        private void Stable()
        {
            _stable = true;
            if (_boot.Quick != 0)
            {
                _boot.Quick = 0;
                _boot.Save();
            }
        }

        private void KeepTime()
        {
            uint now = _clock.Now;
            if (now != 0 && !_clock.IsApart && (now - _boot.LastTime > TimeKeptEvery || _boot.ClockIsBehind))
            {
                _boot.LastTime = now;
                _boot.ClockIsBehind = false;
                _boot.Save();
            }
        }

        private void RestartFor(int reason)
        {
            _restart = false;
            _boot.Reason = reason;
            _boot.Save();
            _diary.Flush();
            _machine.Log("restart: " + RestartReason.Name(reason));
            _machine.Restart();
        }

        private void Complain(string problem)
        {
            if (problem != _problem)
            {
                _problem = problem;
                _machine.Log(problem);
            }
        }

        private void Show(AppState state)
        {
            if (state != _state)
            {
                _state = state;
                _machine.Log("state " + ((int)state).ToString());
            }

            _lamp.Show(state, _machine.Ticks);
            Light();
        }
    }
}
