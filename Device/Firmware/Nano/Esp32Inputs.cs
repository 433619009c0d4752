// What an ESP32 reads: heap, signal, ADC, I2C. Nothing is thrown; what fails gives nothing.

using System;
using System.Device.Adc;
using System.Device.I2c;
using System.Device.Wifi;
using System.Net.NetworkInformation;
using nanoFramework.Hardware.Esp32;

namespace NanoSync.Firmware
{
    /// <summary>The inputs of an ESP32. Channels and devices are opened at their first use and stay open.</summary>
    public sealed class Esp32Inputs : IInputs
    {
        private const int ScanEvery = 600000; // a scan takes the radio off its channel for two seconds
        private const int Channels = 20;

        private readonly AdcChannel[] _channels = new AdcChannel[Channels];
        private readonly I2cDevice[] _devices = new I2cDevice[Settings.MaxSensors];
        private int _deviceCount;
        private int _bus;
        private AdcController _adc;
        private WifiAdapter _wifi;
        private bool _wifiMissing;
        private string _ssid;
        private long _scanned;
        private int _signal;

        /// <inheritdoc/>
        public void Open(Settings settings)
        {
            _bus = settings.I2cBus;
            if (_bus == 1)
            {
                Configuration.SetPinFunction(settings.I2cData, DeviceFunction.I2C1_DATA);
                Configuration.SetPinFunction(settings.I2cClock, DeviceFunction.I2C1_CLOCK);
            }
            else if (_bus == 2)
            {
                Configuration.SetPinFunction(settings.I2cData, DeviceFunction.I2C2_DATA);
                Configuration.SetPinFunction(settings.I2cClock, DeviceFunction.I2C2_CLOCK);
            }
        }

        /// <inheritdoc/>
        public uint FreeHeap
        {
            get { return nanoFramework.Runtime.Native.GC.Run(false); }
        }

        /// <inheritdoc/>
        public int Signal
        {
            get
            {
                if (!_wifiMissing && (_scanned == 0 || Environment.TickCount64 - _scanned > ScanEvery))
                {
                    Scan();
                }

                return _signal;
            }
        }

        /// <inheritdoc/>
        public int Adc(int channel, out int range)
        {
            range = 0;
            try
            {
                if (_adc == null)
                {
                    _adc = new AdcController();
                }

                if (_channels[channel] == null)
                {
                    _channels[channel] = _adc.OpenChannel(channel);
                }

                range = _adc.MaxValue;
                return _channels[channel].ReadValue();
            }
            catch (Exception)
            {
                return -1;
            }
        }

        /// <inheritdoc/>
        public bool I2cWrite(int address, byte[] data)
        {
            try
            {
                return Device(address).Write(new SpanByte(data)).Status == I2cTransferStatus.FullTransfer;
            }
            catch (Exception)
            {
                return false;
            }
        }

        /// <inheritdoc/>
        public bool I2cRead(int address, byte[] data)
        {
            try
            {
                return Device(address).Read(new SpanByte(data)).Status == I2cTransferStatus.FullTransfer;
            }
            catch (Exception)
            {
                return false;
            }
        }

        private I2cDevice Device(int address)
        {
            for (int i = 0; i < _deviceCount; i++)
            {
                if (_devices[i].ConnectionSettings.DeviceAddress == address)
                {
                    return _devices[i];
                }
            }

            I2cDevice device = new I2cDevice(new I2cConnectionSettings(_bus, address));
            _devices[_deviceCount++] = device;
            return device;
        }

        // The signal of a connection can only be had by a scan; its answer comes by an event.
        private void Scan()
        {
            _scanned = Environment.TickCount64;
            try
            {
                if (_wifi == null)
                {
                    _ssid = Wireless80211Configuration.GetAllWireless80211Configurations()[0].Ssid;
                    _wifi = WifiAdapter.FindAllAdapters()[0];
                    _wifi.AvailableNetworksChanged += Scanned;
                }

                _wifi.ScanAsync();
            }
            catch (Exception)
            {
                _wifiMissing = _wifi == null; // Ethernet; or the radio is busy, then later again
            }
        }

        private void Scanned(WifiAdapter adapter, object e)
        {
            WifiAvailableNetwork[] networks = adapter.NetworkReport.AvailableNetworks;
            int best = 0;
            for (int i = 0; i < networks.Length; i++)
            {
                int signal = (int)networks[i].NetworkRssiInDecibelMilliwatts;
                if (networks[i].Ssid == _ssid && (best == 0 || signal > best))
                {
                    best = signal;
                }
            }

            _signal = best;
        }
    }
}
