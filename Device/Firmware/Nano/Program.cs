// The application as it is flashed. Everything it decides is in FieldApp; here are the parts and the loop.

using System;
using System.Net.NetworkInformation;
using nanoFramework.Hardware.Esp32;
using NanoSync.Storage;

namespace NanoSync.Firmware
{
    /// <summary>Entry of the board.</summary>
    public static class Program
    {
        private const string StoreFolder = @"I:\nanosync";
        private const string SettingsPath = @"I:\nanosync.txt";
        private const string BootPath = @"I:\nanosync.boot";
        private const string TokenPath = @"I:\nanosync.token";
        private const int LongestNap = 10000;

        /// <summary>Never returns.</summary>
        public static void Main()
        {
            BootRecord boot = new BootRecord(new FlashFile(BootPath));
            Esp32Machine machine = new Esp32Machine(boot);
            Esp32Inputs inputs = new Esp32Inputs();
            FieldApp app = new FieldApp(
                machine,
                inputs,
                new FileVolume(StoreFolder),
                new FlashFile(SettingsPath),
                boot,
                new Esp32Parts(machine, inputs, new FlashFile(TokenPath)),
                new Random(Seed()));
            while (true)
            {
                long until = machine.Ticks + app.SafeStep();
                long left = until - machine.Ticks;
                while (left > 0)
                {
                    int nap = app.Light();
                    nap = nap > LongestNap ? LongestNap : nap;
                    left = machine.Wait(nap > left ? (int)left : nap) ? 0 : until - machine.Ticks;
                }
            }
        }

        // Differs from board to board by the address, from start to start by the microseconds since power-on, in which
        // mounting the volume and starting the radio have their share.
        private static int Seed()
        {
            uint seed = (uint)HighResTimer.GetCurrent() ^ (uint)DateTime.UtcNow.Ticks;
            NetworkInterface[] interfaces = NetworkInterface.GetAllNetworkInterfaces();
            for (int i = 0; i < interfaces.Length; i++)
            {
                byte[] address = interfaces[i].PhysicalAddress;
                for (int j = 0; address != null && j < address.Length; j++)
                {
                    seed = (seed ^ address[j]) * 16777619;
                }
            }

            return (int)(seed & 0x7FFFFFFF);
        }
    }
}
