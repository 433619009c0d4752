// The built-in classes of embedded structures. Made when asked for: a device keeps only those it uses.

namespace NanoSync.Protocol
{
    /// <summary>Classes that both sides know without a definition; they travel by name alone. [SPEC 7]</summary>
    public static class BuiltIn
    {
        /// <summary>The server's clock.</summary>
        public static ObjectClass Time()
        {
            return new ObjectClass("time").Time("now").UInt("ms");
        }

        /// <summary>What the server takes of this device.</summary>
        public static ObjectClass Quota()
        {
            return new ObjectClass("quota").UInt("objects").UInt("maxObjects").UInt("maxObject").UInt("maxMessage");
        }

        /// <summary>The device's state: battery in V, signal in dBm, bytes of heap and flash, texts, refused objects, seconds since the start.</summary>
        public static ObjectClass Status()
        {
            return new ObjectClass("status").Fixed("battery", 2).Int("signal").UInt("freeHeap").UInt("flashLeft")
                .Text("firmware").Text("reset").UInt("refused").UInt("uptime");
        }

        /// <summary>A part of a large object.</summary>
        public static ObjectClass Range()
        {
            return new ObjectClass("range").UInt("offset").UInt("count").UInt("total").UInt("crc");
        }

        /// <summary>What became of a command.</summary>
        public static ObjectClass Result()
        {
            return new ObjectClass("result").UInt("id").UInt("status").Text("reason");
        }

        /// <summary>A command without a value: restart, send-status, send-diary.</summary>
        public static ObjectClass Command(string name)
        {
            return new ObjectClass(name).UInt("id");
        }

        /// <summary>The command to sync at another interval.</summary>
        public static ObjectClass Interval()
        {
            return new ObjectClass("interval").UInt("id").UInt("seconds");
        }

        /// <summary>The command to start a collection over.</summary>
        public static ObjectClass StartOver()
        {
            return new ObjectClass("start-over").UInt("id").Text("collection");
        }
    }
}
