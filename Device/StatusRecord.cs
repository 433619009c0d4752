using NanoSync.Protocol;

namespace NanoSync.Device
{
    /// <summary>The device's status as it travels in the Options of a message. [SPEC 7.1]</summary>
    public static class StatusRecord
    {
        /// <summary>Makes the class: battery in V, signal in dBm, bytes of heap and flash left, texts, objects refused, seconds since the start.</summary>
        public static ObjectClass MakeClass()
        {
            return new ObjectClass("status").Fixed("battery", 2).Int("signal").UInt("freeHeap").UInt("flashLeft")
                .Text("firmware").Text("reset").UInt("refused").UInt("uptime");
        }
    }
}
