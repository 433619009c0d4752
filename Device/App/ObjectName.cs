// The name of an object where it lies, so that looking at one allocates nothing.

using System.Text;

namespace NanoSync.App
{
    /// <summary>The name by which the server knows an object. Good until the call that it was given to returns.</summary>
    public sealed class ObjectName
    {
        internal byte[] Utf8;
        internal int Offset;
        internal int Count;

        internal ObjectName()
        {
        }

        /// <summary>Whether it is this name. Allocates nothing for names of ASCII.</summary>
        public bool Is(string name)
        {
            for (int i = 0; i < name.Length; i++)
            {
                if (name[i] >= 0x80)
                {
                    return ToString() == name;
                }

                if (i >= Count || Utf8[Offset + i] != name[i])
                {
                    return false;
                }
            }

            return name.Length == Count;
        }

        /// <summary>As a text. Allocates.</summary>
        public override string ToString()
        {
            return Encoding.UTF8.GetString(Utf8, Offset, Count);
        }
    }
}
