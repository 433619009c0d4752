using System.Text;
using System.Text.RegularExpressions;
using NanoSync.Protocol;
using NanoSync.Server.Formats;
using NanoSync.Server.Sealed;

namespace NanoSync.Simulation;

/// <summary>Inputs to begin with, from simulated exchanges: small ones, one for each shape.</summary>
public static class CorpusMaker
{
    public static void Write(string folder)
    {
        Dictionary<string, SortedDictionary<string, byte[]>> found = [];
        foreach (string name in FuzzTarget.Names)
        {
            found[name] = [];
        }

        for (ulong seed = 1; seed <= 60; seed++)
        {
            using World world = World.Run(seed, 80, false, prepare: w => (w.Simple, w.Tap) = (true, (bytes, up, xml, tag) =>
            {
                if (bytes.Length is 0 or > 600)
                {
                    return;
                }

                string shape = Regex.Replace(Explain.Message(bytes, xml), @"\[.*?\]|=\S*", "");
                Keep(found[xml ? "xml" : "wbxml"], shape, bytes);
                if (xml)
                {
                    Keep(found["server-xml"], shape, bytes);
                }

                Keep(found["sync"], up ? (xml ? "x" : "") + shape : "", bytes);
                Keep(found["post"], up ? (xml ? "x" : "") + shape : "", bytes);
                Keep(found["sealed"], up ? shape : "", SealedMessage.Seal(SealedKind.Request, xml ? MessageFormat.Xml : MessageFormat.Wbxml,
                    "abcd", 7, "ada", bytes, SealedMessage.KeyOf("another token")).ToBytes());
                if (!up && !xml)
                {
                    Keep(found["reply"], shape, Replace(bytes, tag));
                }
            }));
            if (seed <= 6)
            {
                Keep(found["mount"], "store " + seed, FuzzTarget.Pack(world.Devices[0].Volume));
            }
        }

        foreach (ObjectClass type in new[] { Payload.First, Payload.Second, Payload.Alien })
        {
            Keep(found["class"], type.Definition, Encoding.UTF8.GetBytes(type.Definition));
        }

        for (uint i = 0; i < 4; i++)
        {
            byte[] record = Payload.Make(i * 1000, Fate.Good, (int)i * 5, Payload.First);
            Keep(found["record"], "r" + i, [(byte)i, .. record]);
            Keep(found["series"], "s" + i, [1, (byte)record.Length, .. record, 2, 2, 2, 4]);
        }

        foreach ((string name, SortedDictionary<string, byte[]> inputs) in found)
        {
            string to = Path.Combine(folder, name);
            Directory.CreateDirectory(to);
            int number = 0;
            foreach (byte[] input in inputs.Values.OrderBy(b => b.Length).Take(24))
            {
                File.WriteAllBytes(Path.Combine(to, $"{number++:D2}"), input);
            }
        }
    }

    private static void Keep(SortedDictionary<string, byte[]> inputs, string shape, byte[] bytes)
    {
        if (shape.Length > 0 && (!inputs.TryGetValue(shape, out byte[]? there) || there.Length > bytes.Length))
        {
            inputs[shape] = bytes;
        }
    }

    private static byte[] Replace(byte[] bytes, byte[] tag)
    {
        byte[] reply = (byte[])bytes.Clone();
        int at = 0;
        while (reply.AsSpan(at).IndexOf(tag) is var next && next >= 0)
        {
            at += next;
            "AAAA"u8.CopyTo(reply.AsSpan(at));
        }

        return reply;
    }
}
