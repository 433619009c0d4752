// The firmware's side of embedded structures: status, the server's clock, commands. [SPEC 7.1] It is called within a round,
// beside the steps: this only notes what was told and asked for, and the application does it when the round is over.

using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Storage;

namespace NanoSync.Firmware
{
    /// <summary>Answers the engine for a <see cref="FieldApp"/>.</summary>
    public sealed class FieldHost : IDeviceHost
    {
        private readonly FieldApp _app;
        private readonly FlashStore _store;
        private readonly IBoard _board;
        private readonly IMachine _machine;
        private readonly IInputs _inputs;

        /// <summary>Puts the parts together.</summary>
        public FieldHost(FieldApp app, FlashStore store, IBoard board, IMachine machine, IInputs inputs)
        {
            _app = app;
            _store = store;
            _board = board;
            _machine = machine;
            _inputs = inputs;
        }

        /// <inheritdoc/>
        public void WriteStatus(RecordWriter record)
        {
            int battery = _board.Battery;
            if (battery >= 0)
            {
                record.Fixed(battery / 10);
            }
            else
            {
                record.None();
            }

            if (_board.Signal != 0)
            {
                record.Int(_board.Signal);
            }
            else
            {
                record.None();
            }

            record.UInt(_inputs.FreeHeap);
            int left = _store.BytesFree;
            record.UInt((ulong)(left < 0 ? 0 : left));
            record.Text(FieldApp.Version);
            record.Text(_app.ResetReason);
            record.UInt((ulong)_store.RefusedCount(_app.Device.Readings.Number));
            record.UInt((ulong)(_machine.Ticks / 1000));
        }

        /// <inheritdoc/>
        public void SetTime(uint unixSeconds, int milliseconds)
        {
            _app.SetServerTime(unixSeconds + (milliseconds >= 500 ? 1u : 0u));
        }

        /// <inheritdoc/>
        public int Accept(DeviceCommand command, uint value)
        {
            switch (command)
            {
                case DeviceCommand.Restart:
                    return Status.Success;

                case DeviceCommand.Interval:
                    return value >= 1 && value <= SamplingConfig.LongestInterval ? Status.Success : Status.BadObject;

                default:
                    return Status.NotFound; // [SPEC 7.1]
            }
        }

        /// <inheritdoc/>
        public void Execute(DeviceCommand command, uint value)
        {
            if (command == DeviceCommand.Restart)
            {
                _app.RequestRestart();
            }
            else if (command == DeviceCommand.Interval)
            {
                _app.SyncEvery((int)value);
            }
        }
    }
}
