// What a server's address may look like, and what a token: one rule for settings, carriers and the virtual device, told as a
// sentence. A server is named with or without the /sync at its end.

using NanoSync.Protocol;

namespace NanoSync.Device
{
    /// <summary>The address of a server, as people write it.</summary>
    public static class ServerUrl
    {
        /// <summary>Where a server takes messages, below its address. [SPEC 8]</summary>
        public const string Path = "/sync";

        /// <summary>What is wrong with an address; null when nothing is.</summary>
        public static string Problem(string url)
        {
            if (url == null || !(IsSecure(url) || Begins(url, "http://")))
            {
                return "http:// or https://, then a host";
            }

            if (!IsPrintable(url))
            {
                return "only printable ASCII: a name in other letters goes in its xn-- form";
            }

            if (url.IndexOf('?') >= 0 || url.IndexOf('#') >= 0)
            {
                return "no ? and no #: a query is not part of a server's address";
            }

            string authority = Authority(url);
            if (authority.IndexOf('@') >= 0)
            {
                return "no user and password: the token says which device it is";
            }

            int colon = authority.IndexOf(':');
            if (authority.Length > 0 && (authority[0] == '[' || (colon >= 0 && authority.IndexOf(':', colon + 1) >= 0)))
            {
                return "no IPv6 address: a name, or an IPv4 address";
            }

            if (colon == 0 || authority.Length == 0)
            {
                return "http:// or https://, then a host";
            }

            if (!Naming.IsCollection(colon < 0 ? authority : authority.Substring(0, colon)))
            {
                return "a host is made of A-Z a-z 0-9 . _ -";
            }

            return colon < 0 || IsPort(authority, colon + 1) ? null : "a port is 1 to 65535";
        }

        /// <summary>True for https.</summary>
        public static bool IsSecure(string url)
        {
            return Begins(url, "https://");
        }

        /// <summary>What is wrong with a token; null when nothing is, and when there is none.</summary>
        public static string TokenProblem(string token)
        {
            return token == null || (token.Length > 0 && IsPrintable(token)) ? null : "only printable ASCII without spaces";
        }

        /// <summary>The address that messages are sent to: with <see cref="Path"/> at its end.</summary>
        public static string Complete(string url)
        {
            while (url.Length > 0 && url[url.Length - 1] == '/')
            {
                url = url.Substring(0, url.Length - 1);
            }

            int path = url.Length - Path.Length;
            return path > 0 && url.Substring(path) == Path ? url : url + Path;
        }

        /// <summary>Host and port of an address without <see cref="Problem"/>.</summary>
        public static string Authority(string url)
        {
            int start = url.IndexOf('/') + 2;
            int slash = url.IndexOf('/', start);
            return slash < 0 ? url.Substring(start) : url.Substring(start, slash - start);
        }

        // Compares characters. String.StartsWith would compare as the PC's culture does.
        private static bool Begins(string url, string with)
        {
            return url.Length >= with.Length && url.Substring(0, with.Length) == with;
        }

        private static bool IsPort(string text, int at)
        {
            int port = 0;
            for (; at < text.Length && port <= 65535; at++)
            {
                if (text[at] < '0' || text[at] > '9')
                {
                    return false;
                }

                port = port * 10 + text[at] - '0';
            }

            return port >= 1 && port <= 65535;
        }

        private static bool IsPrintable(string text)
        {
            for (int i = 0; i < text.Length; i++)
            {
                if (text[i] <= ' ' || text[i] > '~')
                {
                    return false;
                }
            }

            return true;
        }
    }
}
