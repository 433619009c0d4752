// The 20 readings of CodecRun in nanoFramework.Json and nanoFramework.MessagePack: bytes alone, no message around them,
// no ids. The lines ##reset and ##report NAME as there. The nano profile gate leaves it out, because it does not know these packages.

using System;
using System.Text;
using NanoSync.CodecRun;
using nanoFramework.Json;
using nanoFramework.MessagePack;

namespace NanoSync.CodecPeers
{
    public static class Program
    {
        private static readonly Reading[] s_readings = Reading.Twenty();

        public static void Main()
        {
            // the first call is not counted, because it makes what later ones use again
            Json(false);
            MessagePack(false);
            Json(true);
            MessagePack(true);
        }

        private static void Json(bool count)
        {
            Mark(count ? "##reset" : "");
            string text = JsonConvert.SerializeObject(s_readings);
            Mark(count ? "##report json-encode" : "");
            Mark(count ? "##reset" : "");
            Reading[] back = (Reading[])JsonConvert.DeserializeObject(text, typeof(Reading[]));
            Mark(count ? "##report json-decode" : "");
            Mark(count ? "json, " + back.Length.ToString() + " readings: " + Encoding.UTF8.GetBytes(text).Length.ToString() + " bytes" : "");
        }

        private static void MessagePack(bool count)
        {
            Mark(count ? "##reset" : "");
            byte[] bytes = MessagePackSerializer.Serialize(s_readings);
            Mark(count ? "##report messagepack-encode" : "");
            Mark(count ? "##reset" : "");
            Reading[] back = (Reading[])MessagePackSerializer.Deserialize(typeof(Reading[]), bytes);
            Mark(count ? "##report messagepack-decode" : "");
            Mark(count ? "messagepack, " + back.Length.ToString() + " readings: " + bytes.Length.ToString() + " bytes" : "");
        }

        private static void Mark(string line)
        {
            if (line.Length > 0)
            {
                Console.WriteLine(line);
            }
        }
    }
}
