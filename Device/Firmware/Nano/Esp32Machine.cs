// Power, clock, network, lamp and watchdog of an ESP32. No decision is taken here.
//
// Network: the firmware below connects by itself (ConfigurationOption AutoConnect, or Ethernet) and again when the link
// was lost; an address says that it is up. WifiNetworkHelper would make a new adapter object for each attempt.
// Watchdog: nanoFramework has no class for the chip's own. A thread restarts the board when no step came for too long;
// what stops every thread (native code that never returns) is left to the chip's task watchdog, if the firmware has it on.

using System;
using System.Device.Gpio;
using System.Net.NetworkInformation;
using System.Threading;
using nanoFramework.Hardware.Esp32;
using nanoFramework.Networking;
using nanoFramework.Runtime.Native;

namespace NanoSync.Firmware
{
    /// <summary>The machine that the application runs on.</summary>
    public sealed class Esp32Machine : IMachine
    {
        private const int WatchEvery = 30000;

        private static readonly long s_epoch = new DateTime(1970, 1, 1).Ticks;

        private readonly BootRecord _boot;
        private readonly long _start = Environment.TickCount64;
        private GpioPin _lamp;
        private bool _lampHigh;
        private long _fed;
        private long _patience; // 0 = no watchdog
        private Thread _watcher;
        private readonly Worker _worker = new Worker();

        /// <summary>A machine; the boot record is where the watchdog says that it was the watchdog.</summary>
        public Esp32Machine(BootRecord boot)
        {
            _boot = boot;
        }

        /// <inheritdoc/>
        public void Use(Settings settings)
        {
            if (settings.Led >= 0 && _lamp == null)
            {
                try
                {
                    _lamp = new GpioController().OpenPin(settings.Led, PinMode.Output);
                }
                catch (Exception)
                {
                    Log("led: pin " + settings.Led.ToString() + " cannot be opened");
                }
            }

            _lampHigh = settings.LedHigh;
            _patience = settings.Watchdog * 60000L;
            Feed();
            if (_patience > 0 && _watcher == null)
            {
                _watcher = new Thread(Watch);
                _watcher.Start();
            }
        }

        /// <inheritdoc/>
        public long Ticks
        {
            get { return Environment.TickCount64 - _start; }
        }

        /// <inheritdoc/>
        public uint Clock
        {
            get
            {
                long seconds = (DateTime.UtcNow.Ticks - s_epoch) / TimeSpan.TicksPerSecond;
                return seconds < FieldClock.Earliest || seconds >= FieldClock.Latest ? 0 : (uint)seconds;
            }
        }

        /// <inheritdoc/>
        public void SetClock(uint seconds)
        {
            Rtc.SetSystemTime(new DateTime(s_epoch + (seconds * TimeSpan.TicksPerSecond)));
        }

        /// <inheritdoc/>
        public void BeginTime(string server)
        {
            try
            {
                Sntp.Stop(); // so that it asks at once
                Sntp.Server1 = server;
                Sntp.Start();
            }
            catch (Exception)
            {
                Log("time server cannot be started");
            }
        }

        /// <inheritdoc/>
        public bool IsConnected
        {
            get
            {
                NetworkInterface[] interfaces = NetworkInterface.GetAllNetworkInterfaces();
                for (int i = 0; i < interfaces.Length; i++)
                {
                    string address = interfaces[i].IPv4Address;
                    if (interfaces[i].NetworkInterfaceType != NetworkInterfaceType.WirelessAP
                        && address != null && address.Length > 0 && address != "0.0.0.0")
                    {
                        return true;
                    }
                }

                return false;
            }
        }

        /// <inheritdoc/>
        public void BeginConnect()
        {
        }

        /// <inheritdoc/>
        public bool WokeFromSleep
        {
            get { return Sleep.GetWakeupCause() == Sleep.WakeupCause.Timer; }
        }

        /// <inheritdoc/>
        public void Feed()
        {
            _fed = Ticks;
        }

        /// <inheritdoc/>
        public void Pause(int milliseconds)
        {
            Thread.Sleep(milliseconds);
        }

        /// <inheritdoc/>
        public void Begin(ThreadStart work)
        {
            _worker.Begin(work);
        }

        /// <summary>Waits, at most until the work begun has ended; true when it has.</summary>
        public bool Wait(int milliseconds)
        {
            return _worker.Wait(milliseconds);
        }

        /// <inheritdoc/>
        public void Lamp(bool on)
        {
            if (_lamp != null)
            {
                _lamp.Write(on == _lampHigh ? PinValue.High : PinValue.Low);
            }
        }

        /// <inheritdoc/>
        public void Restart()
        {
            Power.RebootDevice();
        }

        /// <inheritdoc/>
        public void DeepSleep(int seconds)
        {
            Sleep.EnableWakeupByTimer(new TimeSpan(seconds * TimeSpan.TicksPerSecond));
            Sleep.StartDeepSleep();
        }

        /// <inheritdoc/>
        public void Log(string line)
        {
            Console.WriteLine(line);
        }

        private void Watch()
        {
            while (true)
            {
                Thread.Sleep(WatchEvery);
                if (Ticks - _fed > _patience)
                {
                    _boot.Reason = RestartReason.Watchdog;
                    _boot.Save();
                    Power.RebootDevice();
                }
            }
        }
    }
}
