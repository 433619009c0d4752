// System.Device.Wifi.dll as a board has it: package nanoFramework.System.Device.Wifi.
// Declarations only, see README.md. Nothing may be added that nanoFramework does not have.

using System;
using System.Device.Wifi;
using System.Threading;
using nanoFramework.Networking;

namespace System.Device.Wifi
{
    public delegate void AvailableNetworksChangedEventHandler(WifiAdapter a, object b);

    public sealed class WifiAdapter : IDisposable
    {
        internal extern WifiAdapter();
        public extern WifiNetworkReport NetworkReport { get; }
        public extern int NetworkInterface { get; }
        public event AvailableNetworksChangedEventHandler AvailableNetworksChanged;
        public extern WifiConnectionResult Connect(WifiAvailableNetwork a, WifiReconnectionKind b, string c);
        public extern WifiConnectionResult Connect(string a, WifiReconnectionKind b, string c);
        public extern void Disconnect();
        public extern void Dispose();
        public extern void ScanAsync();
        public extern void SetDeviceName(string a);
        public static extern WifiAdapter[] FindAllAdapters();
    }

    public class WifiAvailableNetwork
    {
        public extern WifiAvailableNetwork();
        public extern byte SignalBars { get; }
        public extern WifiNetworkKind NetworkKind { get; }
        public extern double NetworkRssiInDecibelMilliwatts { get; }
        public extern string Bsid { get; }
        public extern string Ssid { get; }
    }

    public class WifiConnectionResult
    {
        internal extern WifiConnectionResult();
        public extern WifiConnectionStatus ConnectionStatus { get; }
    }

    public enum WifiConnectionStatus
    {
        AccessRevoked = 0,
        InvalidCredential = 1,
        NetworkNotAvailable = 2,
        Success = 3,
        Timeout = 4,
        UnspecifiedFailure = 5,
        UnsupportedAuthenticationProtocol = 6,
    }

    public enum WifiNetworkKind
    {
        Adhoc = 0,
        Any = 1,
        Infrastructure = 2,
    }

    public class WifiNetworkReport
    {
        internal extern WifiNetworkReport();
        public extern WifiAvailableNetwork[] AvailableNetworks { get; }
    }

    public enum WifiReconnectionKind
    {
        Automatic = 0,
        Manual = 1,
    }
}

namespace nanoFramework.Networking
{
    public static class WifiNetworkHelper
    {
        public static extern WifiAdapter WifiAdapter { get; }
        public static extern Exception HelperException { get; }
        public static extern ManualResetEvent NetworkReady { get; }
        public static extern NetworkHelperStatus Status { get; }
        public static extern bool ConnectDhcp(string ssid, string password, WifiReconnectionKind reconnectionKind = default, bool requiresDateTime = default, int wifiAdapterId = default, CancellationToken token = default);
        public static extern bool ConnectFixAddress(string ssid, string password, IPConfiguration ipConfiguration, WifiReconnectionKind reconnectionKind = default, bool requiresDateTime = default, int wifiAdapterId = default, CancellationToken token = default);
        public static extern bool Reconnect(bool requiresDateTime = default, int wifiAdapterId = default, CancellationToken token = default);
        public static extern bool ScanAndConnectDhcp(string ssid, string password, WifiReconnectionKind reconnectionKind = default, bool requiresDateTime = default, int wifiAdapterId = default, CancellationToken token = default);
        public static extern void Disconnect();
        public static extern void Reset();
        public static extern void SetupNetworkHelper(bool a = default);
        public static extern void SetupNetworkHelper(string a, string b, WifiReconnectionKind c = default, bool d = default);
        public static extern void SetupNetworkHelper(IPConfiguration a, bool b = default);
    }
}
