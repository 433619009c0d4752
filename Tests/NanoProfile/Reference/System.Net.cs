// System.Net.dll as a board has it: package nanoFramework.System.Net.
// Declarations only, see README.md. Nothing may be added that nanoFramework does not have.

using System;
using System.IO;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using nanoFramework.Networking;

namespace System.Net
{
    public static class Dns
    {
        public static extern IPHostEntry GetHostEntry(string a);
    }

    public abstract class EndPoint
    {
        protected extern EndPoint();
        public abstract EndPoint Create(SocketAddress a);
        public abstract SocketAddress Serialize();
    }

    public class IPAddress
    {
        public static readonly IPAddress Any;
        public static readonly IPAddress Broadcast;
        public static readonly IPAddress IPv6Any;
        public static readonly IPAddress IPv6Loopback;
        public static readonly IPAddress Loopback;
        public static readonly IPAddress None;
        public extern IPAddress(byte[] a);
        public extern IPAddress(byte[] a, long b);
        public extern IPAddress(long a);
        public extern bool IsIPv4MappedToIPv6 { get; }
        public extern long ScopeId { get; set; }
        public extern AddressFamily AddressFamily { get; }
        public extern bool Equals(IPAddress a);
        public extern byte[] GetAddressBytes();
        public extern IPAddress MapToIPv4();
        public extern IPAddress MapToIPv6();
        public static extern bool operator ==(IPAddress a, IPAddress b);
        public static extern bool operator !=(IPAddress a, IPAddress b);
        public static extern IPAddress GetDefaultLocalAddress();
        public static extern IPAddress Parse(string a);
        public override extern bool Equals(object a);
        public override extern int GetHashCode();
        public override extern string ToString();
    }

    public class IPEndPoint : EndPoint
    {
        public const int MaxPort = 0xFFFF;
        public const int MinPort = 0;
        public extern IPEndPoint(long a, int b);
        public extern IPEndPoint(IPAddress a, int b);
        public extern int Port { get; }
        public extern IPAddress Address { get; }
        public extern AddressFamily AddressFamily { get; }
        public override extern bool Equals(object a);
        public override extern int GetHashCode();
        public override extern EndPoint Create(SocketAddress a);
        public override extern SocketAddress Serialize();
        public override extern string ToString();
    }

    public class IPHostEntry
    {
        public extern IPHostEntry();
        public extern IPAddress[] AddressList { get; }
        public extern string HostName { get; }
    }

    public class SocketAddress
    {
        public extern SocketAddress(AddressFamily a, int b);
        public extern byte this[int a] { get; set; }
        public extern int Size { get; }
        public extern AddressFamily Family { get; }
        public override extern bool Equals(object a);
        public override extern int GetHashCode();
    }
}

namespace System.Net.NetworkInformation
{
    public enum AddressMode : byte
    {
        Invalid = 0,
        DHCP = 1,
        Static = 2,
        AutoIP = 3,
    }

    public enum AuthenticationType : byte
    {
        None = 0,
        EAP = 1,
        PEAP = 2,
        WCN = 3,
        Open = 4,
        Shared = 5,
        WEP = 6,
        WPA = 7,
        WPA2 = 8,
    }

    public enum EncryptionType : byte
    {
        None = 0,
        WEP = 1,
        WPA = 2,
        WPA2 = 3,
        WPA_PSK = 4,
        WPA2_PSK = 5,
        Certificate = 6,
    }

    public static class IPGlobalProperties
    {
        public static extern IPAddress GetIPAddress();
    }

    public delegate void NetworkAPStationChangedEventHandler(int a, NetworkAPStationEventArgs b);

    public class NetworkAPStationEventArgs : EventArgs
    {
        internal extern NetworkAPStationEventArgs();
        public extern bool IsConnected { get; }
        public extern int StationIndex { get; }
    }

    public delegate void NetworkAddressChangedEventHandler(object a, EventArgs b);

    public delegate void NetworkAvailabilityChangedEventHandler(object a, NetworkAvailabilityEventArgs b);

    public class NetworkAvailabilityEventArgs : EventArgs
    {
        internal extern NetworkAvailabilityEventArgs();
        public extern bool IsAvailable { get; }
    }

    public static class NetworkChange
    {
        public static event NetworkAPStationChangedEventHandler NetworkAPStationChanged;
        public static event NetworkAddressChangedEventHandler NetworkAddressChanged;
        public static event NetworkAvailabilityChangedEventHandler NetworkAvailabilityChanged;
    }

    public class NetworkInterface
    {
        protected extern NetworkInterface(int a);
        public extern bool IsAutomaticDnsEnabled { get; }
        public extern bool IsDhcpEnabled { get; }
        public extern byte[] PhysicalAddress { get; set; }
        public extern NetworkInterfaceType NetworkInterfaceType { get; }
        public extern string IPv4Address { get; }
        public extern string IPv4GatewayAddress { get; }
        public extern string IPv4SubnetMask { get; }
        public extern string[] IPv4DnsAddresses { get; }
        public extern uint SpecificConfigId { get; set; }
        public extern void EnableAutomaticDns();
        public extern void EnableDhcp();
        public extern void EnableStaticIP(string a, string b, string c, string d, string e, string f);
        public extern void EnableStaticIPv4(string a, string b, string c);
        public extern void EnableStaticIPv4Dns(string[] a);
        public extern void EnableStaticIPv6(string a, string b, string c);
        public extern void EnableStaticIPv6Dns(string[] a);
        public extern void ReleaseDhcpLease();
        public extern void RenewDhcpLease();
        public static extern bool GetIsNetworkAvailable();
        public static extern NetworkInterface[] GetAllNetworkInterfaces();
    }

    public enum NetworkInterfaceType
    {
        Unknown = 1,
        Ethernet = 6,
        Wireless80211 = 71,
        WirelessAP = 72,
    }

    public enum PhyProtocols
    {
        PHY802_11b = 1,
        PHY802_11g = 2,
        PHY802_11n = 4,
        PHY802_11lr = 8,
    }

    public enum RadioType : byte
    {
        NotSpecified = 0,
        _802_11a = 1,
        _802_11b = 2,
        _802_11g = 4,
        _802_11n = 8,
    }

    public class Wireless80211Configuration
    {
        public enum ConfigurationOptions : byte
        {
            None = 0,
            Disable = 1,
            Enable = 2,
            AutoConnect = 6,
            SmartConfig = 10,
        }
        public extern Wireless80211Configuration(uint a);
        public extern global::System.Net.NetworkInformation.AuthenticationType Authentication { get; set; }
        public extern EncryptionType Encryption { get; set; }
        public extern RadioType Radio { get; set; }
        public extern Wireless80211Configuration.ConfigurationOptions Options { get; set; }
        public extern string Password { get; set; }
        public extern string Ssid { get; set; }
        public extern uint Id { get; }
        public extern void SaveConfiguration();
        public static extern Wireless80211Configuration[] GetAllWireless80211Configurations();
    }

    public class WirelessAPConfiguration
    {
        public enum ConfigurationOptions : byte
        {
            None = 0,
            Disable = 1,
            Enable = 2,
            AutoStart = 6,
            HiddenSSID = 8,
        }
        public extern WirelessAPConfiguration(uint a);
        public extern byte Channel { get; set; }
        public extern byte MaxConnections { get; set; }
        public extern global::System.Net.NetworkInformation.AuthenticationType Authentication { get; set; }
        public extern EncryptionType Encryption { get; set; }
        public extern RadioType Radio { get; set; }
        public extern WirelessAPConfiguration.ConfigurationOptions Options { get; set; }
        public extern string Password { get; set; }
        public extern string Ssid { get; set; }
        public extern uint Id { get; }
        public extern WirelessAPStation GetConnectedStations(int a);
        public extern WirelessAPStation[] GetConnectedStations();
        public extern void DeAuthStation(int a);
        public extern void SaveConfiguration();
        public static extern WirelessAPConfiguration[] GetAllWirelessAPConfigurations();
    }

    public class WirelessAPStation
    {
        internal extern WirelessAPStation();
        public extern byte[] MacAddress { get; }
        public extern PhyProtocols PhyModes { get; }
        public extern sbyte Rssi { get; }
    }
}

namespace System.Net.Security
{
    public static class CertificateManager
    {
        public static extern bool AddCaCertificateBundle(byte[] a);
        public static extern bool AddCaCertificateBundle(X509Certificate[] a);
        public static extern bool AddCaCertificateBundle(string a);
    }

    public enum SslProtocols
    {
        None = 0,
        Tls = 192,
        Tls11 = 768,
        Tls12 = 3072,
        Tls13 = 12288,
    }

    public class SslStream : NetworkStream
    {
        public extern SslStream(Socket a);
        public override extern bool DataAvailable { get; }
        public extern bool IsServer { get; }
        public extern bool UseStoredDeviceCertificate { get; set; }
        public override extern long Length { get; }
        public extern SslVerification SslVerification { get; set; }
        public extern void AuthenticateAsClient(string a, SslProtocols b);
        public extern void AuthenticateAsClient(string a, X509Certificate b, SslProtocols c);
        public extern void AuthenticateAsClient(string a, X509Certificate b, X509Certificate c, SslProtocols d);
        public extern void AuthenticateAsServer(X509Certificate a, bool b, SslProtocols c);
        public extern void AuthenticateAsServer(X509Certificate a, SslProtocols b);
        protected override extern void Dispose(bool a);
        public override extern int Read(byte[] a, int b, int c);
        public override extern void Write(byte[] a, int b, int c);
    }

    public enum SslVerification
    {
        NoVerification = 1,
        VerifyPeer = 2,
        CertificateRequired = 4,
        VerifyClientOnce = 8,
    }
}

namespace System.Net.Sockets
{
    public enum AddressFamily
    {
        Unknown = -1,
        Unspecified = 0,
        Unix = 1,
        InterNetwork = 2,
        ImpLink = 3,
        Pup = 4,
        Chaos = 5,
        Ipx = 6,
        NS = 6,
        Iso = 7,
        Osi = 7,
        Ecma = 8,
        DataKit = 9,
        Ccitt = 10,
        Sna = 11,
        DecNet = 12,
        DataLink = 13,
        Lat = 14,
        HyperChannel = 15,
        AppleTalk = 16,
        NetBios = 17,
        VoiceView = 18,
        FireFox = 19,
        Banyan = 21,
        Atm = 22,
        InterNetworkV6 = 23,
        Cluster = 24,
        Ieee12844 = 25,
        Irda = 26,
        NetworkDesigners = 28,
        Max = 29,
    }

    public class NetworkStream : Stream
    {
        public extern NetworkStream(Socket a);
        public extern NetworkStream(Socket a, bool b);
        public override extern bool CanRead { get; }
        public override extern bool CanSeek { get; }
        public override extern bool CanTimeout { get; }
        public override extern bool CanWrite { get; }
        public virtual extern bool DataAvailable { get; }
        public override extern int ReadTimeout { get; set; }
        public override extern int WriteTimeout { get; set; }
        public override extern long Length { get; }
        public override extern long Position { get; set; }
        public extern void Close(int a);
        protected override extern void Dispose(bool a);
        public override extern int Read(byte[] a, int b, int c);
        public override extern int Read(SpanByte a);
        public override extern long Seek(long a, SeekOrigin b);
        public override extern void Flush();
        public override extern void SetLength(long a);
        public override extern void Write(byte[] a, int b, int c);
    }

    public enum ProtocolFamily
    {
        Unknown = -1,
        Unspecified = 0,
        Unix = 1,
        InterNetwork = 2,
        ImpLink = 3,
        Pup = 4,
        Chaos = 5,
        Ipx = 6,
        NS = 6,
        Iso = 7,
        Osi = 7,
        Ecma = 8,
        DataKit = 9,
        Ccitt = 10,
        Sna = 11,
        DecNet = 12,
        DataLink = 13,
        Lat = 14,
        HyperChannel = 15,
        AppleTalk = 16,
        NetBios = 17,
        VoiceView = 18,
        FireFox = 19,
        Banyan = 21,
        Atm = 22,
        InterNetworkV6 = 23,
        Cluster = 24,
        Ieee12844 = 25,
        Irda = 26,
        NetworkDesigners = 28,
        Max = 29,
    }

    public enum ProtocolType
    {
        Unknown = -1,
        IP = 0,
        IPv6HopByHopOptions = 0,
        Unspecified = 0,
        Icmp = 1,
        Igmp = 2,
        Ggp = 3,
        IPv4 = 4,
        Tcp = 6,
        Pup = 12,
        Udp = 17,
        Idp = 22,
        IPv6 = 41,
        IPv6RoutingHeader = 43,
        IPv6FragmentHeader = 44,
        IPSecEncapsulatingSecurityPayload = 50,
        IPSecAuthenticationHeader = 51,
        IcmpV6 = 58,
        IPv6NoNextHeader = 59,
        IPv6DestinationOptions = 60,
        ND = 77,
        Raw = 255,
        Ipx = 1000,
        Spx = 1256,
        SpxII = 1257,
    }

    public enum SelectMode
    {
        SelectRead = 0,
        SelectWrite = 1,
        SelectError = 2,
    }

    public class Socket : IDisposable
    {
        public extern Socket(AddressFamily a, SocketType b, ProtocolType c);
        public extern bool Connected { get; }
        public extern int Available { get; }
        public extern int ReceiveTimeout { get; set; }
        public extern int SendTimeout { get; set; }
        public extern EndPoint LocalEndPoint { get; }
        public extern EndPoint RemoteEndPoint { get; }
        public extern SocketType SocketType { get; }
        public extern bool Poll(int a, SelectMode b);
        public extern int Receive(byte[] a);
        public extern int Receive(byte[] a, int b, int c, SocketFlags d);
        public extern int Receive(byte[] a, int b, SocketFlags c);
        public extern int Receive(byte[] a, SocketFlags b);
        public extern int ReceiveFrom(byte[] a, int b, int c, SocketFlags d, ref EndPoint e);
        public extern int ReceiveFrom(byte[] a, int b, SocketFlags c, ref EndPoint d);
        public extern int ReceiveFrom(byte[] a, ref EndPoint b);
        public extern int ReceiveFrom(byte[] a, SocketFlags b, ref EndPoint c);
        public extern int Send(byte[] a);
        public extern int Send(byte[] a, int b, int c, SocketFlags d);
        public extern int Send(byte[] a, int b, SocketFlags c);
        public extern int Send(byte[] a, SocketFlags b);
        public extern int SendTo(byte[] a, int b, int c, SocketFlags d, EndPoint e);
        public extern int SendTo(byte[] a, int b, SocketFlags c, EndPoint d);
        public extern int SendTo(byte[] a, EndPoint b);
        public extern int SendTo(byte[] a, SocketFlags b, EndPoint c);
        public extern Socket Accept();
        public extern object GetSocketOption(SocketOptionLevel a, SocketOptionName b);
        public extern void Bind(EndPoint a);
        public extern void Close();
        public extern void Connect(EndPoint a);
        public extern void GetSocketOption(SocketOptionLevel a, SocketOptionName b, byte[] c);
        public extern void Listen(int a);
        public extern void SetSocketOption(SocketOptionLevel a, SocketOptionName b, bool c);
        public extern void SetSocketOption(SocketOptionLevel a, SocketOptionName b, byte[] c);
        public extern void SetSocketOption(SocketOptionLevel a, SocketOptionName b, int c);
        protected virtual extern void Dispose(bool a);
        extern void IDisposable.Dispose();
    }

    public enum SocketError
    {
        SocketError = -1,
        Success = 0,
        Interrupted = 10004,
        AccessDenied = 10013,
        Fault = 10014,
        InvalidArgument = 10022,
        TooManyOpenSockets = 10024,
        WouldBlock = 10035,
        InProgress = 10036,
        AlreadyInProgress = 10037,
        NotSocket = 10038,
        DestinationAddressRequired = 10039,
        MessageSize = 10040,
        ProtocolType = 10041,
        ProtocolOption = 10042,
        ProtocolNotSupported = 10043,
        SocketNotSupported = 10044,
        OperationNotSupported = 10045,
        ProtocolFamilyNotSupported = 10046,
        AddressFamilyNotSupported = 10047,
        AddressAlreadyInUse = 10048,
        AddressNotAvailable = 10049,
        NetworkDown = 10050,
        NetworkUnreachable = 10051,
        NetworkReset = 10052,
        ConnectionAborted = 10053,
        ConnectionReset = 10054,
        NoBufferSpaceAvailable = 10055,
        IsConnected = 10056,
        NotConnected = 10057,
        Shutdown = 10058,
        TimedOut = 10060,
        ConnectionRefused = 10061,
        HostDown = 10064,
        HostUnreachable = 10065,
        ProcessLimit = 10067,
        SystemNotReady = 10091,
        VersionNotSupported = 10092,
        NotInitialized = 10093,
        Disconnecting = 10101,
        TypeNotFound = 10109,
        HostNotFound = 11001,
        TryAgain = 11002,
        NoRecovery = 11003,
        NoData = 11004,
    }

    public class SocketException : Exception
    {
        public extern SocketException(SocketError a);
        public extern int ErrorCode { get; }
    }

    public enum SocketFlags
    {
        None = 0,
        OutOfBand = 1,
        Peek = 2,
        DontRoute = 4,
        MaxIOVectorLength = 16,
        Truncated = 256,
        ControlDataTruncated = 512,
        Broadcast = 1024,
        Multicast = 2048,
        Partial = 32768,
    }

    public enum SocketOptionLevel
    {
        IP = 0,
        Tcp = 6,
        Udp = 17,
        IPv6 = 41,
        Socket = 65535,
    }

    public enum SocketOptionName
    {
        DontLinger = -129,
        ExclusiveAddressUse = -5,
        Debug = 1,
        IPOptions = 1,
        NoChecksum = 1,
        NoDelay = 1,
        AcceptConnection = 2,
        BsdUrgent = 2,
        Expedited = 2,
        HeaderIncluded = 2,
        TypeOfService = 3,
        IpTimeToLive = 4,
        ReuseAddress = 4,
        KeepAlive = 8,
        MulticastInterface = 9,
        MulticastTimeToLive = 10,
        MulticastLoopback = 11,
        AddMembership = 12,
        DropMembership = 13,
        DontFragment = 14,
        AddSourceMembership = 15,
        DontRoute = 16,
        DropSourceMembership = 16,
        BlockSource = 17,
        UnblockSource = 18,
        PacketInformation = 19,
        ChecksumCoverage = 20,
        HopLimit = 21,
        Broadcast = 32,
        UseLoopback = 64,
        Linger = 128,
        OutOfBandInline = 256,
        SendBuffer = 4097,
        ReceiveBuffer = 4098,
        SendLowWater = 4099,
        ReceiveLowWater = 4100,
        SendTimeout = 4101,
        ReceiveTimeout = 4102,
        Error = 4103,
        Type = 4104,
        UpdateAcceptContext = 28683,
        UpdateConnectContext = 28688,
        MaxConnections = 2147483647,
    }

    public enum SocketType
    {
        Unknown = -1,
        Stream = 1,
        Dgram = 2,
        Raw = 3,
        Rdm = 4,
        Seqpacket = 5,
    }
}

namespace System.Security.Cryptography.X509Certificates
{
    public class X509Certificate
    {
        public extern X509Certificate();
        public extern X509Certificate(byte[] a);
        public extern X509Certificate(string a);
        public virtual extern string Issuer { get; }
        public virtual extern string Subject { get; }
        public virtual extern byte[] GetRawCertData();
        public virtual extern DateTime GetEffectiveDate();
        public virtual extern DateTime GetExpirationDate();
    }

    public class X509Certificate2 : X509Certificate
    {
        public extern X509Certificate2();
        public extern X509Certificate2(byte[] a);
        public extern X509Certificate2(byte[] a, byte[] b, string c);
        public extern X509Certificate2(byte[] a, string b, string c);
        public extern X509Certificate2(string a);
        public extern X509Certificate2(string a, string b, string c);
        public extern bool HasPrivateKey { get; }
        public extern byte[] PrivateKey { get; }
        public extern byte[] PublicKey { get; }
        public extern byte[] RawData { get; }
        public extern DateTime NotAfter { get; }
        public extern DateTime NotBefore { get; }
    }
}

namespace nanoFramework.Networking
{
    public class IPConfiguration
    {
        public extern IPConfiguration(string a, string b, string c, string[] d = default);
        public extern string IPAddress { get; set; }
        public extern string IPGatewayAddress { get; set; }
        public extern string IPSubnetMask { get; set; }
        public extern string[] IPDns { get; set; }
    }

    public static class NetworkHelper
    {
        public static extern Exception HelperException { get; }
        public static extern ManualResetEvent NetworkReady { get; }
        public static extern NetworkHelperStatus Status { get; }
        public static extern bool SetupAndConnectNetwork(CancellationToken a = default, bool b = default);
        public static extern bool SetupAndConnectNetwork(IPConfiguration a, CancellationToken b = default, bool c = default);
        public static extern void Reset();
        public static extern void SetupNetworkHelper(bool a = default);
        public static extern void SetupNetworkHelper(IPConfiguration a, bool b = default);
    }

    public enum NetworkHelperStatus
    {
        None = 0,
        Started = 1,
        NetworkIsReady = 2,
        FailedNoNetworkInterface = 3,
        TokenExpiredWaitingIPAddress = 4,
        TokenExpiredWaitingDateTime = 5,
        ErrorConnetingToWiFiWhileScanning = 6,
        ExceptionOccurred = 7,
        Reconnecting = 8,
    }
}
