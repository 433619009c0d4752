// Which names there are: both sides ask here, the device when something is declared, the server when it is told or granted.

namespace NanoSync.Protocol
{
    /// <summary>The rules of names. [SPEC 2.1, 6.2]</summary>
    public static class Naming
    {
        /// <summary>Most characters of the name of a class or a field.</summary>
        public const int MaxClass = 32;

        /// <summary>True for the name of a class or a field: 1 to 32 of A-Z a-z 0-9 _ -</summary>
        public static bool IsClass(string name)
        {
            return name != null && IsMadeOf(name, MaxClass, false);
        }

        /// <summary>True for the name of a collection: 1 to 64 of A-Z a-z 0-9 . _ - that is not . or .. and does not begin with -</summary>
        public static bool IsCollection(string name)
        {
            return name != null && IsMadeOf(name, Limits.Text, true) && name[0] != '-' && name != "." && name != "..";
        }

        private static bool IsMadeOf(string name, int most, bool dots)
        {
            if (name.Length < 1 || name.Length > most)
            {
                return false;
            }

            for (int i = 0; i < name.Length; i++)
            {
                char c = name[i];
                if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || (dots && c == '.')))
                {
                    return false;
                }
            }

            return true;
        }
    }
}
