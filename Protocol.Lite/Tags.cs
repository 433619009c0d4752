// The token table: code page 0 of the published AirSync tokens, as far as this protocol uses it.
// The names are in the text form, which most boards do not carry (Xml/TagNames.cs).

namespace NanoSync.Protocol
{
    /// <summary>Element codes of AirSync code page 0. [SPEC 2.1]</summary>
    public static class Tags
    {
#pragma warning disable CS1591 // the names are the elements' names
        public const byte Sync = 0x05;
        public const byte Responses = 0x06;
        public const byte Add = 0x07;
        public const byte Change = 0x08;
        public const byte Delete = 0x09;
        public const byte Fetch = 0x0A;
        public const byte SyncKey = 0x0B;
        public const byte ClientId = 0x0C;
        public const byte ServerId = 0x0D;
        public const byte Status = 0x0E;
        public const byte Collection = 0x0F;
        public const byte Class = 0x10;
        public const byte Version = 0x11;
        public const byte CollectionId = 0x12;
        public const byte GetChanges = 0x13;
        public const byte MoreAvailable = 0x14;
        public const byte WindowSize = 0x15;
        public const byte Commands = 0x16;
        public const byte Options = 0x17;
        public const byte Conflict = 0x1B;
        public const byte Collections = 0x1C;
        public const byte ApplicationData = 0x1D;
        public const byte DeletesAsMoves = 0x1E;
        public const byte SoftDelete = 0x21;
        public const byte Wait = 0x24;
        public const byte Limit = 0x25;
        public const byte HeartbeatInterval = 0x29;
#pragma warning restore CS1591

        /// <summary>One past the largest code in use.</summary>
        public const int End = 0x2A;
    }
}
