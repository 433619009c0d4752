// One exchange as the engine makes it, and what came of it.

using NanoSync.Device;

namespace NanoSync.Tests.Carriers;

/// <summary>Error is None when the reply ended well; Reply holds what was read even when it did not.</summary>
internal sealed record Exchange(CarrierError Error, byte[] Reply, int StatusCode, int RetryAfter)
{
    public const string Wbxml = "application/vnd.nanosync+wbxml";

    public string Text => System.Text.Encoding.Latin1.GetString(Reply);

    /// <summary>Opens, writes in pieces, receives, reads in pieces to the end, closes.</summary>
    public static Exchange Run(ICarrier carrier, byte[] message, int writeSize = 300, int readSize = 512)
    {
        List<byte> reply = [];
        CarrierError error = Try(carrier, message, writeSize, readSize, reply);
        Exchange result = new(error, [.. reply], carrier.StatusCode, carrier.RetryAfter);
        carrier.Close();
        return result;
    }

    public static Exchange Run(ICarrier carrier) => Run(carrier, "message"u8.ToArray());

    private static CarrierError Try(ICarrier carrier, byte[] message, int writeSize, int readSize, List<byte> reply)
    {
        CarrierError error = carrier.Open(Wbxml, message.Length);
        for (int i = 0; i < message.Length && error == CarrierError.None; i += writeSize)
        {
            error = carrier.Write(message, i, Math.Min(writeSize, message.Length - i));
        }

        if (error == CarrierError.None)
        {
            error = carrier.Receive();
        }

        if (error != CarrierError.None)
        {
            return error;
        }

        byte[] buffer = new byte[readSize + 2];
        for (; ; )
        {
            buffer[0] = buffer[^1] = 0xA5;
            int got = carrier.Read(buffer, 1, readSize);
            Assert.IsTrue(got <= readSize && buffer[0] == 0xA5 && buffer[^1] == 0xA5, "read outside of the slice");
            if (got <= 0)
            {
                Assert.AreEqual(got, carrier.Read(buffer, 1, readSize), "the end is not stable");
                return (CarrierError)(-got);
            }

            reply.AddRange(buffer.AsSpan(1, got));
        }
    }
}
