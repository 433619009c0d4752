// What is alive on the managed heap, by the platform's own means: a full collection says how much is free after it.
// Call frames lie on that heap too, so a sample taken deep in a call counts them.

using System;
using GC = nanoFramework.Runtime.Native.GC;

namespace NanoSync.SyncRun
{
    /// <summary>The deepest point of a stretch of work, sampled by the wrappers around carrier and volume.</summary>
    public static class HeapMeter
    {
        private static bool s_on;
        private static uint s_lowest;
        private static uint s_lowestAtCarrier;

        /// <summary>Samples taken since Start.</summary>
        public static int Samples;

        /// <summary>Bytes free now, after a full collection.</summary>
        public static uint Free()
        {
            return GC.Run(true);
        }

        /// <summary>Starts sampling.</summary>
        public static void Start()
        {
            Samples = 0;
            s_lowest = uint.MaxValue;
            s_lowestAtCarrier = uint.MaxValue;
            s_on = true;
        }

        /// <summary>Notes how much is free at this point.</summary>
        /// <param name="atCarrier">True where no frame of the store is below.</param>
        public static void Sample(bool atCarrier)
        {
            if (!s_on)
            {
                return;
            }

            Samples++;
            uint free = Free();
            if (free < s_lowest)
            {
                s_lowest = free;
            }

            if (atCarrier && free < s_lowestAtCarrier)
            {
                s_lowestAtCarrier = free;
            }
        }

        /// <summary>Ends sampling.</summary>
        /// <param name="atCarrier">The fewest bytes that were free at a call of the carrier.</param>
        /// <returns>The fewest bytes that were free at any sample.</returns>
        public static uint Stop(out uint atCarrier)
        {
            s_on = false;
            atCarrier = s_lowestAtCarrier;
            return s_lowest;
        }

        /// <summary>One line: "name: value unit".</summary>
        public static void Print(string name, long value, string unit)
        {
            Console.WriteLine(name + ": " + value.ToString() + " " + unit);
        }
    }
}
