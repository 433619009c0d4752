// The token table: code page 0 of the published AirSync tokens, as far as this protocol uses it.
// One table serves the WBXML codec (codes), the XML codec (names) and the grammar.

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
        public const byte Limit = 0x25;
#pragma warning restore CS1591

        /// <summary>One past the largest code in use.</summary>
        public const int End = 0x26;

        private static readonly string[] s_names = MakeNames();

        /// <summary>The element's name, or null when this protocol does not use the code.</summary>
        public static string Name(int code)
        {
            return code >= 0 && code < End ? s_names[code] : null;
        }

        private static string[] MakeNames()
        {
            string[] n = new string[End];
            n[Sync] = "Sync";
            n[Responses] = "Responses";
            n[Add] = "Add";
            n[Change] = "Change";
            n[Delete] = "Delete";
            n[Fetch] = "Fetch";
            n[SyncKey] = "SyncKey";
            n[ClientId] = "ClientId";
            n[ServerId] = "ServerId";
            n[Status] = "Status";
            n[Collection] = "Collection";
            n[Class] = "Class";
            n[Version] = "Version";
            n[CollectionId] = "CollectionId";
            n[GetChanges] = "GetChanges";
            n[MoreAvailable] = "MoreAvailable";
            n[WindowSize] = "WindowSize";
            n[Commands] = "Commands";
            n[Options] = "Options";
            n[Conflict] = "Conflict";
            n[Collections] = "Collections";
            n[ApplicationData] = "ApplicationData";
            n[DeletesAsMoves] = "DeletesAsMoves";
            n[SoftDelete] = "SoftDelete";
            n[Limit] = "Limit";
            return n;
        }
    }
}
