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

        // [scope * Tags.End + tag] = the scope inside element tag standing in scope; None when it may not stand there.
        // scope is below Value, tag below Tags.End: 10 * 42 = 420 bytes.
        // Nothing nests in itself; the deepest is Sync Collections Collection Commands Add Options ApplicationData: 7 of
        // the 8 that Limits.Depth allows, so a walk by this table needs no count.
        internal static readonly byte[] Inside = Make();

        /// <summary>True when the element may stand anywhere at all.</summary>
        internal static bool Knows(int tag)
        {
            for (int at = tag; at < Inside.Length; at += Tags.End)
            {
                if (Inside[at] != Scopes.None)
                {
                    return true;
                }
            }

            return false;
        }

        private static byte[] Make()
        {
            byte[] t = new byte[ContainerScopes * Tags.End];
            Allow(t, Scopes.Document, Tags.Sync, Scopes.Message);

            Allow(t, Scopes.Message, Tags.Version, Scopes.Value);
            Allow(t, Scopes.Message, Tags.Status, Scopes.Value);
            Allow(t, Scopes.Message, Tags.Wait, Scopes.Value);
            Allow(t, Scopes.Message, Tags.HeartbeatInterval, Scopes.Value);
            Allow(t, Scopes.Message, Tags.Limit, Scopes.Value);
            Allow(t, Scopes.Message, Tags.Options, Scopes.Options);
            Allow(t, Scopes.Message, Tags.Collections, Scopes.Collections);

            Allow(t, Scopes.Collections, Tags.Collection, Scopes.Collection);

            Allow(t, Scopes.Collection, Tags.Class, Scopes.Value);
            Allow(t, Scopes.Collection, Tags.SyncKey, Scopes.Value);
            Allow(t, Scopes.Collection, Tags.CollectionId, Scopes.Value);
            Allow(t, Scopes.Collection, Tags.Status, Scopes.Value);
            Allow(t, Scopes.Collection, Tags.DeletesAsMoves, Scopes.Value);
            Allow(t, Scopes.Collection, Tags.GetChanges, Scopes.Value);
            Allow(t, Scopes.Collection, Tags.WindowSize, Scopes.Value);
            Allow(t, Scopes.Collection, Tags.MoreAvailable, Scopes.Value);
            Allow(t, Scopes.Collection, Tags.Options, Scopes.Options);
            Allow(t, Scopes.Collection, Tags.Responses, Scopes.Responses);
            Allow(t, Scopes.Collection, Tags.Commands, Scopes.Commands);

            Allow(t, Scopes.Options, Tags.Conflict, Scopes.Value);
            Allow(t, Scopes.Options, Tags.Limit, Scopes.Value);
            Allow(t, Scopes.Options, Tags.Class, Scopes.Value);
            Allow(t, Scopes.Options, Tags.ApplicationData, Scopes.Data);

            for (byte tag = Tags.Add; tag <= Tags.Fetch; tag++)
            {
                Allow(t, Scopes.Commands, tag, Scopes.Command);
                Allow(t, Scopes.Responses, tag, Scopes.Response);
            }

            Allow(t, Scopes.Commands, Tags.SoftDelete, Scopes.Command);
            Allow(t, Scopes.Responses, Tags.SoftDelete, Scopes.Response);

            for (byte scope = Scopes.Response; scope <= Scopes.Command; scope++)
            {
                Allow(t, scope, Tags.Class, Scopes.Value);
                Allow(t, scope, Tags.ClientId, Scopes.Value);
                Allow(t, scope, Tags.ServerId, Scopes.Value);
                Allow(t, scope, Tags.Options, Scopes.Options);
                Allow(t, scope, Tags.ApplicationData, Scopes.Data);
            }

            Allow(t, Scopes.Response, Tags.Status, Scopes.Value);
            return t;
        }

        private static void Allow(byte[] table, byte scope, byte tag, byte inside)
        {
            table[scope * Tags.End + tag] = inside;
        }
    }
}
