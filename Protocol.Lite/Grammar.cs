// The message grammar on one screen: which element may stand where, and what is inside it.
// Readers and writers of both encodings ask this one table, so neither can drift from the other.

namespace NanoSync.Protocol
{
    /// <summary>Where in the message an element stands. [SPEC 2.2]</summary>
    public static class Scopes
    {
        /// <summary>Not allowed.</summary>
        public const byte None = 0;

        /// <summary>Outside the root element.</summary>
        public const byte Document = 1;

        /// <summary>Inside Sync.</summary>
        public const byte Message = 2;

        /// <summary>Inside Collections.</summary>
        public const byte Collections = 3;

        /// <summary>Inside a Collection.</summary>
        public const byte Collection = 4;

        /// <summary>Inside the Options of a message, a collection or a command.</summary>
        public const byte Options = 5;

        /// <summary>Inside Responses.</summary>
        public const byte Responses = 6;

        /// <summary>Inside Commands.</summary>
        public const byte Commands = 7;

        /// <summary>Inside an Add, Change, Delete, SoftDelete or Fetch of Responses.</summary>
        public const byte Response = 8;

        /// <summary>Inside an Add, Change, Delete, SoftDelete or Fetch of Commands.</summary>
        public const byte Command = 9;

        /// <summary>A value: text, no elements.</summary>
        public const byte Value = 14;

        /// <summary>ApplicationData: bytes.</summary>
        public const byte Data = 15;
    }

    internal static class Grammar
    {
        private const int ContainerScopes = 10;

        private const ulong Commands = 1UL << Tags.Add | 1UL << Tags.Change | 1UL << Tags.Delete | 1UL << Tags.Fetch | 1UL << Tags.SoftDelete;
        private const ulong OfObject = 1UL << Tags.Class | 1UL << Tags.ClientId | 1UL << Tags.ServerId | 1UL << Tags.Options | 1UL << Tags.ApplicationData;

        // [scope] = the elements that may stand there, a bit each. A table of what is inside each would be four times as large.
        // Nothing nests in itself; the deepest is Sync Collections Collection Commands Add Options ApplicationData: 7 of
        // the 8 that Limits.Depth allows, so a walk by this table needs no count.
        private static readonly ulong[] s_may = Make();

        /// <summary>The scope inside an element that stands in a scope; None when it may not stand there.</summary>
        internal static byte Inside(int scope, int tag)
        {
            if (scope >= ContainerScopes || tag >= Tags.End || ((s_may[scope] >> tag) & 1) == 0)
            {
                return Scopes.None;
            }

            switch (tag)
            {
                case Tags.Sync:
                    return Scopes.Message;
                case Tags.Options:
                    return Scopes.Options;
                case Tags.Collections:
                    return Scopes.Collections;
                case Tags.Collection:
                    return Scopes.Collection;
                case Tags.Commands:
                    return Scopes.Commands;
                case Tags.Responses:
                    return Scopes.Responses;
                case Tags.ApplicationData:
                    return Scopes.Data;
                case Tags.Add:
                case Tags.Change:
                case Tags.Delete:
                case Tags.Fetch:
                case Tags.SoftDelete:
                    return scope == Scopes.Commands ? Scopes.Command : Scopes.Response;
                default:
                    return Scopes.Value;
            }
        }

        /// <summary>True when the element may stand anywhere at all.</summary>
        internal static bool Knows(int tag)
        {
            ulong anywhere = 0;
            for (int scope = 0; scope < ContainerScopes; scope++)
            {
                anywhere |= s_may[scope];
            }

            return ((anywhere >> tag) & 1) != 0;
        }

        private static ulong[] Make()
        {
            ulong[] may = new ulong[ContainerScopes];
            may[Scopes.Document] = 1UL << Tags.Sync;
            may[Scopes.Message] = 1UL << Tags.Version | 1UL << Tags.Status | 1UL << Tags.Wait | 1UL << Tags.HeartbeatInterval | 1UL << Tags.Limit
                | 1UL << Tags.Options | 1UL << Tags.Collections;
            may[Scopes.Collections] = 1UL << Tags.Collection;
            may[Scopes.Collection] = 1UL << Tags.Class | 1UL << Tags.SyncKey | 1UL << Tags.CollectionId | 1UL << Tags.Status | 1UL << Tags.DeletesAsMoves
                | 1UL << Tags.GetChanges | 1UL << Tags.WindowSize | 1UL << Tags.MoreAvailable | 1UL << Tags.Options | 1UL << Tags.Responses
                | 1UL << Tags.Commands;
            may[Scopes.Options] = 1UL << Tags.Conflict | 1UL << Tags.Limit | 1UL << Tags.Class | 1UL << Tags.ApplicationData;
            may[Scopes.Responses] = Commands;
            may[Scopes.Commands] = Commands;
            may[Scopes.Response] = OfObject | 1UL << Tags.Status;
            may[Scopes.Command] = OfObject;
            return may;
        }
    }
}
