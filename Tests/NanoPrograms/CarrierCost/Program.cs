// What the lean HTTP carrier takes of the heap when made: object, request head, 512-byte buffer. A connection adds the
// platform's Socket, which is in the smallest heap of NanoPrograms/BoardRun, and with TLS its stream, which is in no figure.
//   Tests/run-nanoclr.sh run Tests/NanoPrograms/CarrierCost

using System;
using NanoSync.Device;
using GC = nanoFramework.Runtime.Native.GC;

namespace NanoSync.CarrierCost
{
    public static class Program
    {
        private const string Token = "0123456789abcdef0123456789abcdef0123456789ab"; // as long as a real one

        public static void Main()
        {
            LeanHttpCarrier first = Make(); // whatever is made at first use is made
            uint before = GC.Run(true);
            LeanHttpCarrier second = Make();
            uint after = GC.Run(true);
            Console.WriteLine("lean HTTP carrier, not connected: " + (before - after).ToString() + " bytes");
            first.Dispose();
            second.Dispose();
        }

        private static LeanHttpCarrier Make()
        {
            return new LeanHttpCarrier("http://sync.example.com/sync", Token, null);
        }
    }
}
