// The names of the elements, which only the text form and people need.

namespace NanoSync.Protocol
{
    /// <summary>Element names of AirSync code page 0. [SPEC 2.1]</summary>
    public static class TagNames
    {
        private static readonly string[] s_names = Make();

        /// <summary>The element's name, or null when this protocol does not use the code.</summary>
        public static string Of(int code)
        {
            return code >= 0 && code < Tags.End ? s_names[code] : null;
        }

        private static string[] Make()
        {
            string[] n = new string[Tags.End];
            n[Tags.Sync] = "Sync";
            n[Tags.Responses] = "Responses";
            n[Tags.Add] = "Add";
            n[Tags.Change] = "Change";
            n[Tags.Delete] = "Delete";
            n[Tags.Fetch] = "Fetch";
            n[Tags.SyncKey] = "SyncKey";
            n[Tags.ClientId] = "ClientId";
            n[Tags.ServerId] = "ServerId";
            n[Tags.Status] = "Status";
            n[Tags.Collection] = "Collection";
            n[Tags.Class] = "Class";
            n[Tags.Version] = "Version";
            n[Tags.CollectionId] = "CollectionId";
            n[Tags.GetChanges] = "GetChanges";
            n[Tags.MoreAvailable] = "MoreAvailable";
            n[Tags.WindowSize] = "WindowSize";
            n[Tags.Commands] = "Commands";
            n[Tags.Options] = "Options";
            n[Tags.Conflict] = "Conflict";
            n[Tags.Collections] = "Collections";
            n[Tags.ApplicationData] = "ApplicationData";
            n[Tags.DeletesAsMoves] = "DeletesAsMoves";
            n[Tags.SoftDelete] = "SoftDelete";
            n[Tags.Wait] = "Wait";
            n[Tags.Limit] = "Limit";
            n[Tags.HeartbeatInterval] = "HeartbeatInterval";
            return n;
        }
    }
}
