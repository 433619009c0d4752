// What the platform alone costs: the work of NanoPrograms/BoardRun by hand, beside which its rows of `Tests/run-nanoclr.sh budgets`
// are read. 1,000 readings are appended to one file, each closed and read back; then they are read in windows, and 50
// requests go over one connection. There is no store, no engine and no recovery: what is sent is always the same message.
//
// "##reset" and "##report NAME" ask the host for its counts (NanoPrograms/Costs). The run ends with "done".

using System;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace NanoSync.BareRun
{
    public static class Program
    {
        private const string Folder = "I:\\nanosync";
        private const string FilePath = Folder + "\\7000001.log"; // as long as a name of the store's
        private const int RecordSize = 33; // of the store's record of the same reading
        private const int Windows = 50;

        // Sync(Version, Collections(Collection(SyncKey 0, CollectionId log, DeletesAsMoves)))
        private static readonly byte[] s_message =
        {
            0x03, 0x01, 0x6A, 0x00, 0x45, 0x51, 0x03, 0x31, 0x2E, 0x30, 0x00, 0x01, 0x5C, 0x4F, 0x4B, 0x03, 0x30, 0x00, 0x01,
            0x52, 0x03, 0x6C, 0x6F, 0x67, 0x00, 0x01, 0x1E, 0x01, 0x01, 0x01,
        };

        private static readonly byte[] s_record = new byte[RecordSize];
        private static readonly byte[] s_back = new byte[RecordSize];
        private static readonly byte[] s_buffer = new byte[512];
        private static int s_length;

        public static void Main()
        {
            if (!Directory.Exists(Folder))
            {
                Directory.CreateDirectory(Folder);
            }

            Append(900);
            Console.WriteLine("##reset");
            Append(100);
            Console.WriteLine("##report append"); // per 100
            Console.WriteLine("##reset");
            Send();
            Console.WriteLine("##report sync");
            Console.WriteLine("done");
        }

        private static void Append(int count)
        {
            for (int i = 0; i < count; i++)
            {
                s_record[0] = (byte)i;
                FileStream stream = new FileStream(FilePath, FileMode.Append, FileAccess.Write);
                stream.Write(s_record, 0, RecordSize);
                stream.Close();
                GC.SuppressFinalize(stream);

                stream = new FileStream(FilePath, FileMode.Open, FileAccess.Read);
                stream.Seek(s_length, SeekOrigin.Begin);
                int read = stream.Read(s_back, 0, RecordSize);
                stream.Close();
                GC.SuppressFinalize(stream);
                for (int at = 0; at < RecordSize; at++)
                {
                    if (read != RecordSize || s_back[at] != s_record[at])
                    {
                        throw new Exception("not what was written");
                    }
                }

                s_length += RecordSize;
            }
        }

        private static void Send()
        {
            byte[] head = Encoding.UTF8.GetBytes("POST /sync HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: " + s_message.Length.ToString() + "\r\n\r\n");
            FileStream readings = new FileStream(FilePath, FileMode.Open, FileAccess.Read);
            Socket socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Connect(new IPEndPoint(IPAddress.Parse("127.0.0.1"), Scenario.Port));
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.NoDelay, true);
            for (int i = 0; i < Windows; i++)
            {
                readings.Read(s_buffer, 0, s_buffer.Length);
                Array.Copy(head, s_buffer, head.Length);
                Array.Copy(s_message, 0, s_buffer, head.Length, s_message.Length);
                socket.Send(s_buffer, head.Length + s_message.Length, SocketFlags.None);
                if (socket.Receive(s_buffer, s_buffer.Length, SocketFlags.None) < 20)
                {
                    throw new Exception("no answer");
                }
            }

            socket.Close();
            readings.Close();
            GC.SuppressFinalize(readings);
        }
    }
}
