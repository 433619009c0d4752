using NanoSync.Protocol;

namespace NanoSync.Device
{
    /// <summary>The device's status as it travels in the Options of a message. [SPEC 7.1]</summary>
    public static class StatusRecord
    {
        /// <summary>Fields that the application writes; the engine knows the others.</summary>
        public const int HostFields = 8;

        /// <summary>Makes the class: battery in V, signal in dBm, bytes of heap and flash left, texts, objects refused, seconds since the start, then what the engine writes itself: readings dropped, damaged places, forks, seconds of the last correction of the clock, objects that wait, days of life left to the flash.</summary>
        public static ObjectClass MakeClass()
        {
            return new ObjectClass("status").Fixed("battery", 2).Int("signal").UInt("freeHeap").UInt("flashLeft")
                .Text("firmware").Text("reset").UInt("refused").UInt("uptime")
                .UInt("dropped").UInt("damaged").UInt("forked").Int("clock").UInt("pending").UInt("life");
        }
    }
}
