// The field device: takes readings, keeps them, obeys its configuration, syncs. The same on a board and on a PC: what
// touches hardware is behind IBoard.

using System;
using System.Text;
using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Storage;

namespace NanoSync.Firmware
{
    /// <summary>What the application needs of the machine it runs on.</summary>
    public interface IBoard
    {
        /// <summary>Seconds since 1970-01-01 UTC; 0 while the clock is not set.</summary>
        uint Now { get; }

        /// <summary>True where the clock is always set. Elsewhere a time before 2024 is one of <see cref="Uptime"/>.</summary>
        bool HasClock { get; }

        /// <summary>Seconds since this run began.</summary>
        uint Uptime { get; }

        /// <summary>The class of this board's readings; its first field is a time.</summary>
        ObjectClass ReadingClass { get; }

        /// <summary>Names of the sensors, in the order of the fields behind the time, separated by commas.</summary>
        string SensorNames { get; }

        /// <summary>Reads one sensor into the next field of a record; None where it gives nothing now.</summary>
        void Read(int sensor, RecordWriter record);

        /// <summary>True: nothing outside the chip is touched; those fields stay empty.</summary>
        bool SafeMode { get; set; }

        /// <summary>Millivolts of the battery in the last reading; -1 when they are not known.</summary>
        int Battery { get; }

        /// <summary>The signal in the last reading, in dBm; 0 = not known.</summary>
        int Signal { get; }
    }

    /// <summary>One device: its store, its two collections, its engine.</summary>
    public sealed class FieldDevice
    {
        /// <summary>Name of the outbox of readings.</summary>
        public const string ReadingsName = "readings";

        /// <summary>Name of the two-way collection of configuration.</summary>
        public const string ConfigName = "config";

        private const int AnswersWithoutTime = 3; // then readings go up without one: nobody here knows it

        private readonly FlashStore _store;
        private readonly SyncEngine _engine;
        private readonly IBoard _board;
        private readonly SamplingConfig _config;
        private readonly SyncCollection _readings;
        private readonly SyncCollection _configs;
        private readonly RecordWriter _record = new RecordWriter(128);
        private readonly ObjectInfo _info = new ObjectInfo();
        private readonly byte[] _sampling = Encoding.UTF8.GetBytes(SamplingConfig.Name);
        private readonly string[] _names;
        private bool _opened;
        private int _answers; // while the time was not known

        /// <summary>Makes a device over a store that is not open yet.</summary>
        /// <param name="store">Keeps everything.</param>
        /// <param name="engine">The engine over that store, without collections.</param>
        /// <param name="board">The machine.</param>
        /// <param name="outboxBytes">Flash for readings; when full the oldest is dropped and counted.</param>
        /// <param name="interval">Seconds between readings until the configuration says otherwise.</param>
        public FieldDevice(FlashStore store, SyncEngine engine, IBoard board, int outboxBytes, int interval)
        {
            _store = store;
            _board = board;
            _names = board.SensorNames.Length == 0 ? new string[0] : board.SensorNames.Split(',');
            _config = new SamplingConfig(interval, board.SensorNames);
            _engine = engine;
            _readings = _engine.AddOutbox(ReadingsName, board.ReadingClass, outboxBytes, true);
            _configs = _engine.AddTwoWay(ConfigName, SamplingConfig.Class, 8, _config, false);
        }

        /// <summary>The engine.</summary>
        public SyncEngine Engine
        {
            get { return _engine; }
        }

        /// <summary>The outbox.</summary>
        public SyncCollection Readings
        {
            get { return _readings; }
        }

        /// <summary>The configuration in force.</summary>
        public SamplingConfig Config
        {
            get { return _config; }
        }

        /// <summary>Opens the store, takes over the configuration kept there, or keeps the default one.</summary>
        public StoreError Open()
        {
            StoreError error = _engine.Open();
            if (error != StoreError.None)
            {
                return error;
            }

            if (!_opened && !_board.HasClock)
            {
                _opened = true; // what opens it again is still the same run
                _engine.DeclareUptimes(_readings);
            }

            error = ConfirmTimes(false); // while nothing waits, that costs no flash
            if (error != StoreError.None)
            {
                return error;
            }

            if (_store.FindKey(_configs.Number, _sampling, 0, _sampling.Length, _info) == StoreError.None)
            {
                LoadConfig();
                return StoreError.None;
            }

            _config.Write(_record);
            return _store.PutNamed(_configs.Number, _sampling, 0, _sampling.Length, SamplingConfig.Class.Hash, _record.Buffer, 0, _record.Length);
        }

        /// <summary>
        /// Takes one reading and keeps it. Durable when this returns None. Until the clock is known it waits for its time. May be
        /// called while the engine's round runs on another thread; the other calls may not.
        /// </summary>
        public StoreError AppendReading()
        {
            _record.Begin(_board.ReadingClass);
            uint now = _board.Now;
            if (now != 0 || _readings.AwaitsBootTime)
            {
                _record.Time(now != 0 ? now : _board.Uptime);
            }
            else
            {
                _record.None(); // the server knows when it came
            }

            for (int i = 0; i < _names.Length; i++)
            {
                if (_config.Wants(_names[i]))
                {
                    _board.Read(i, _record);
                }
                else
                {
                    _record.None();
                }
            }

            uint id;
            return _record.End() ? _store.Append(_readings.Number, _board.ReadingClass.Hash, _record.Buffer, 0, _record.Length, out id) : StoreError.BadArgument;
        }

        /// <summary>To be called before the engine's round: readings get their times if those are known by now.</summary>
        public StoreError BeginRound()
        {
            return ConfirmTimes(false);
        }

        /// <summary>To be called with the engine's result after its round: a configuration that came with it is in force when this returns.</summary>
        public void EndRound(RoundResult result)
        {
            if (_config.IsChanged)
            {
                _config.IsChanged = false;
                LoadConfig();
            }

            if (!_readings.AwaitsBootTime || result.Outcome != RoundOutcome.InStep)
            {
                return;
            }

            _answers++;
            StoreError error = ConfirmTimes(_answers == AnswersWithoutTime);
            if (!_readings.AwaitsBootTime && _engine.Pending > 0)
            {
                result.Outcome = RoundOutcome.More; // they may go now
            }

            if (result.Store == StoreError.None)
            {
                result.Store = error;
            }
        }

        // Once the clock is known, or shall not be waited for any more, the readings of this run get their times.
        private StoreError ConfirmTimes(bool withoutTime)
        {
            uint now = _board.Now;
            return !_readings.AwaitsBootTime || (now == 0 && !withoutTime) ? StoreError.None
                : _engine.SetBootTime(_readings, now == 0 ? 0 : now - _board.Uptime);
        }

        private void LoadConfig()
        {
            byte[] buffer = _record.Buffer; // not in use between readings
            if (_store.FindKey(_configs.Number, _sampling, 0, _sampling.Length, _info) == StoreError.None && _info.Length <= buffer.Length
                && _store.Read(_info, 0, buffer, 0, _info.Length) == _info.Length)
            {
                _config.Apply(buffer, 0, _info.Length);
            }
        }
    }
}
