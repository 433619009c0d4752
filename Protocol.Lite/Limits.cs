// Bounds of every message. Beyond them a reader reports an error and allocates nothing.

namespace NanoSync.Protocol
{
    /// <summary>Bounds that both sides enforce. [SPEC 2.5]</summary>
    public static class Limits
    {
        /// <summary>Most bytes of a value: ids, keys, class names, numbers.</summary>
        public const int Text = 64;

        /// <summary>Most elements open at once.</summary>
        public const int Depth = 8;

        /// <summary>Largest WindowSize, in objects.</summary>
        public const int Window = 512;
    }

    /// <summary>Status numbers; those below 200 are of the ActiveSync Sync command. [SPEC 2.4]</summary>
    public static class Status
    {
        /// <summary>Applied.</summary>
        public const int Success = 1;

        /// <summary>The SyncKey is not known: start over at key 0, pending changes stay.</summary>
        public const int InvalidSyncKey = 3;

        /// <summary>The message breaks the protocol.</summary>
        public const int ProtocolError = 4;

        /// <summary>The server failed; trying again later may help.</summary>
        public const int ServerError = 5;

        /// <summary>The object cannot be taken: its bytes do not fit its class, or the application refused it.</summary>
        public const int BadObject = 6;

        /// <summary>The object changed on both sides; the conflict rule decided against this change.</summary>
        public const int Conflict = 7;

        /// <summary>No such object, or no such collection for this device.</summary>
        public const int NotFound = 8;

        /// <summary>No space for the object.</summary>
        public const int OutOfSpace = 9;

        /// <summary>The message lacks something needed to apply it.</summary>
        public const int Incomplete = 13;

        /// <summary>The server does not hold an answer for so long, or so short; Limit says how long it does.</summary>
        public const int WaitOutOfRange = 14;

        /// <summary>Not now: send it again.</summary>
        public const int Retry = 16;

        /// <summary>The major version is not supported.</summary>
        public const int VersionNotSupported = 200;

        /// <summary>The object is larger than the receiver's maximum.</summary>
        public const int TooLarge = 201;

        /// <summary>The receiver does not know the object's class: send its definition.</summary>
        public const int UnknownClass = 202;

        /// <summary>The message has come through this server before: proxies in a circle.</summary>
        public const int Loop = 203;

        /// <summary>The store is one of two that went different ways: go on under another store id.</summary>
        public const int Forked = 204;

        /// <summary>The server's database went back in time: start over, and give it what it has lost.</summary>
        public const int WentBack = 205;

        /// <summary>The command's number was passed: it was not carried out under it.</summary>
        public const int NumberPassed = 206;

        /// <summary>The message holds more collections, commands or structures than the receiver takes.</summary>
        public const int TooMany = 207;
    }
}
