// What nanoFramework.M2Mqtt takes of the heap while it is connected, and what the carrier's link to it adds. It needs a broker
// on this machine, port 1883, and a nanoCLR of 32 bit with sockets:
//   mosquitto -p 1883 &
//   Tests/run-nanoclr.sh run Tests/NanoPrograms/MqttCost

using System;
using System.Threading;
using NanoSync.Device;
using GC = nanoFramework.Runtime.Native.GC;

namespace NanoSync.MqttCost
{
    public static class Program
    {
        private const int Letter = 1024;

        public static void Main()
        {
            Connected(); // whatever is made at first use is made
            int before = Free();
            MqttBroker broker = new MqttBroker("mqtt://127.0.0.1", null, "cost");
            NanoMqttLink link = new NanoMqttLink(broker);
            MqttInbox inbox = new MqttInbox(Letter);
            int made = Free();
            Console.WriteLine("link, not connected: " + (before - made).ToString() + " bytes");
            Check(link, link.Connect(inbox));
            int connected = Free();
            Console.WriteLine("connected and subscribed, client and its threads: " + (made - connected).ToString() + " bytes");
            Check(link, link.Publish(broker.Up, new byte[Letter]));
            int published = Free();
            Console.WriteLine("the same after a message of 1,024 bytes: " + (made - published).ToString() + " bytes");
            link.Close();
            Thread.Sleep(2000); // until its threads have ended
            Console.WriteLine("kept after it was closed: " + (made - Free()).ToString() + " bytes");
        }

        private static void Connected()
        {
            NanoMqttLink link = new NanoMqttLink(new MqttBroker("mqtt://127.0.0.1", null, "cost"));
            Check(link, link.Connect(new MqttInbox(Letter)));
            link.Close();
            Thread.Sleep(2000);
        }

        // Twice: what a finalizer lets go is free after the next collection.
        private static int Free()
        {
            GC.Run(true);
            Thread.Sleep(100);
            return (int)GC.Run(true);
        }

        private static void Check(NanoMqttLink link, CarrierError error)
        {
            if (error != CarrierError.None)
            {
                throw new Exception("carrier error " + ((int)error).ToString() + ": " + link.LastFailure);
            }
        }
    }
}
