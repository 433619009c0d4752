// Where the broker is, and who the device is there. One rule for the settings of boards, the virtual device and the server.

using System;

namespace NanoSync.Device
{
    /// <summary>A broker, as a device sees it, and its topics [SPEC 8.6].</summary>
    public sealed class MqttBroker
    {
        /// <summary>The first part of all topics, where nobody said otherwise.</summary>
        public const string DefaultPrefix = "nanosync";

        /// <summary>Seconds between signs of life while nothing else is sent; a broker ends a connection after one and a half times as long.</summary>
        public const int DefaultKeepAlive = 60;

        private const int Port = 1883;
        private const int TlsPort = 8883;

        /// <summary>A broker.</summary>
        /// <param name="url">mqtt://host[:port], or mqtts:// for TLS.</param>
        /// <param name="prefix">Of the topics; null = <see cref="DefaultPrefix"/>.</param>
        /// <param name="device">The device's name, as enrolled.</param>
        public MqttBroker(string url, string prefix, string device)
        {
            string problem = Problem(url);
            problem = problem != null ? problem : PrefixProblem(prefix);
            problem = problem != null ? problem : DeviceProblem(device);
            if (problem != null)
            {
                throw new ArgumentException(problem);
            }

            IsSecure = Begins(url, "mqtts:");
            string authority = ServerUrl.Authority(url);
            int colon = authority.IndexOf(':');
            Host = colon < 0 ? authority : authority.Substring(0, colon);
            PortNumber = colon < 0 ? (IsSecure ? TlsPort : Port) : int.Parse(authority.Substring(colon + 1));
            Topic = (prefix == null ? DefaultPrefix : prefix) + "/" + device;
            Device = device;
        }

        /// <summary>Its name or address.</summary>
        public string Host { get; private set; }

        /// <summary>Its port.</summary>
        public int PortNumber { get; private set; }

        /// <summary>True for TLS.</summary>
        public bool IsSecure { get; private set; }

        /// <summary>The device's name.</summary>
        public string Device { get; private set; }

        /// <summary>What the three topics of the device begin with.</summary>
        public string Topic { get; private set; }

        /// <summary>The account there; null = none.</summary>
        public string User { get; set; }

        /// <summary>Its password.</summary>
        public string Password { get; set; }

        /// <summary>True: what comes while the device is away is kept by the broker. For sealed messages, whose replies may come later.</summary>
        public bool KeepsSession { get; set; }

        /// <summary>See <see cref="DefaultKeepAlive"/>.</summary>
        public int KeepAlive { get; set; } = DefaultKeepAlive;

        /// <summary>Where the device speaks.</summary>
        public string Up
        {
            get { return Topic + "/up"; }
        }

        /// <summary>Where it is answered.</summary>
        public string Down
        {
            get { return Topic + "/down"; }
        }

        /// <summary>Where it is told that something is due.</summary>
        public string Wake
        {
            get { return Topic + "/wake"; }
        }

        /// <summary>What is wrong with an address, as a sentence; null when nothing is.</summary>
        public static string Problem(string url)
        {
            if (url == null || !(Begins(url, "mqtt://") || Begins(url, "mqtts://")))
            {
                return "mqtt:// or mqtts://, then a host";
            }

            int slashes = url.IndexOf('/');
            if (url.Length == slashes + 2)
            {
                return "mqtt:// or mqtts://, then a host";
            }

            return url.IndexOf('/', slashes + 2) >= 0 ? "a broker's address ends with its host or port"
                : ServerUrl.Problem("http:" + url.Substring(slashes)); // what a host and a port may be
        }

        /// <summary>What is wrong with a prefix, as a sentence; null when nothing is.</summary>
        public static string PrefixProblem(string prefix)
        {
            if (prefix == null)
            {
                return null;
            }

            // a level of its own, or several: no wildcards, and nothing that a broker keeps to itself
            if (prefix.Length < 1 || prefix.Length > 64 || prefix[0] == '/' || prefix[prefix.Length - 1] == '/')
            {
                return "a prefix has 1 to 64 of A-Z a-z 0-9 . _ - /, and no / at its ends";
            }

            return IsOf(prefix, true) ? null : "a prefix has 1 to 64 of A-Z a-z 0-9 . _ - /, and no / at its ends";
        }

        /// <summary>What is wrong with a device's name, as a sentence; null when nothing is.</summary>
        public static string DeviceProblem(string device)
        {
            return device != null && device.Length >= 1 && device.Length <= 64 && IsOf(device, false) ? null
                : "a device's name has 1 to 64 of A-Z a-z 0-9 . _ -";
        }

        // Not what the PC's culture takes for equal.
        private static bool Begins(string url, string with)
        {
            return url.Length >= with.Length && url.Substring(0, with.Length) == with;
        }

        private static bool IsOf(string text, bool levels)
        {
            for (int i = 0; i < text.Length; i++)
            {
                char c = text[i];
                if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-' || (levels && c == '/')))
                {
                    return false;
                }
            }

            return true;
        }
    }
}
