// What the application needs of the machine, split by concern. Nano/ implements them for an ESP32, the tests for none.

using System.Threading;
using NanoSync.Device;
using NanoSync.Storage;

namespace NanoSync.Firmware
{
    /// <summary>Power, clock, network and lamp of a board. No call here waits longer than it says.</summary>
    public interface IMachine
    {
        /// <summary>Takes over what concerns it: the lamp's pin, the watchdog's patience. Called once, before Lamp.</summary>
        void Use(Settings settings);

        /// <summary>Milliseconds since the program started; never goes back.</summary>
        long Ticks { get; }

        /// <summary>The clock in seconds since 1970-01-01 UTC, whatever it was set to; 0 while it was never set.</summary>
        uint Clock { get; }

        /// <summary>Sets the clock.</summary>
        void SetClock(uint seconds);

        /// <summary>Asks a time server in the background; when it answers, the clock is set.</summary>
        void BeginTime(string server);

        /// <summary>True while there is a network with an address.</summary>
        bool IsConnected { get; }

        /// <summary>Starts connecting with the credentials of the board's own network configuration. Does not wait.</summary>
        void BeginConnect();

        /// <summary>True when this run began with the end of a deep sleep, false after power-on or reset.</summary>
        bool WokeFromSleep { get; }

        /// <summary>Tells the watchdog that the program is alive.</summary>
        void Feed();

        /// <summary>Waits.</summary>
        void Pause(int milliseconds);

        /// <summary>Runs work beside the steps, on a thread of its own, and returns at once. One at a time.</summary>
        void Begin(ThreadStart work);

        /// <summary>Turns the lamp on or off; nothing where there is none.</summary>
        void Lamp(bool on);

        /// <summary>Starts anew. Does not return on a board.</summary>
        void Restart();

        /// <summary>Powers down and starts anew after a time. Does not return on a board.</summary>
        void DeepSleep(int seconds);

        /// <summary>Writes a line for a person who listens at the serial port.</summary>
        void Log(string line);
    }

    /// <summary>The raw inputs of a board. Nothing is thrown; what cannot be read is false or negative.</summary>
    public interface IInputs
    {
        /// <summary>Opens what the settings name: I2C pins and speed. Called once, not in safe mode.</summary>
        void Open(Settings settings);

        /// <summary>Free bytes of the managed heap.</summary>
        uint FreeHeap { get; }

        /// <summary>Signal of the network in dBm; 0 = not known.</summary>
        int Signal { get; }

        /// <summary>Reads an ADC channel in parts of its range.</summary>
        /// <returns>0 to <paramref name="range"/>; -1 when it cannot be read.</returns>
        int Adc(int channel, out int range);

        /// <summary>Sends bytes to a device on the I2C bus.</summary>
        bool I2cWrite(int address, byte[] data);

        /// <summary>Fills the buffer from a device on the I2C bus.</summary>
        bool I2cRead(int address, byte[] data);
    }

    /// <summary>A file of few bytes.</summary>
    public interface ISmallFile
    {
        /// <summary>Reads from the beginning.</summary>
        /// <returns>Bytes read; one more than the buffer holds when the file is longer; -1 when there is no file.</returns>
        int Read(byte[] buffer);

        /// <summary>Replaces the content; after a power cut it is the old or the new one. False when it cannot be written.</summary>
        bool Write(byte[] buffer, int count);
    }

    /// <summary>Makes the parts that the settings ask for. The only place that names a carrier and a board.</summary>
    public interface IPartMaker
    {
        /// <summary>Makes the carrier.</summary>
        /// <param name="settings">What is asked for.</param>
        /// <param name="options">Sizes of the engine, from the settings; what belongs to the way to the server may be set here.</param>
        /// <param name="problem">What is wrong with the URL or the token, as a sentence; null when nothing is.</param>
        /// <returns>A carrier; null when there is a problem.</returns>
        ICarrier MakeCarrier(Settings settings, SyncOptions options, out string problem);

        /// <summary>Makes the engine over that carrier: one that waits where replies come later.</summary>
        SyncEngine MakeEngine(FlashStore store, ICarrier carrier, SyncOptions options);

        /// <summary>Whether the carrier can tell that something is due.</summary>
        bool CanWake { get; }

        /// <summary>True once after the carrier told that a round is worth it: something is due, a reply waits, or the connection that would tell is lost.</summary>
        bool ConsumeWake();

        /// <summary>Makes the sensors, over the application's clock.</summary>
        IBoard MakeBoard(Settings settings, FieldClock clock);
    }
}
