// A board that has a code and no token: what it asks, what it keeps, and what a bad line, server or flash does. [SPEC 8.5]

using System.Text;
using NanoSync.Device;
using NanoSync.Firmware;

namespace NanoSync.FirmwareTests;

[TestClass]
public sealed class ClaimTests
{
    private const string Code = "ABCD-EFGH-JKMN-PQRS";

    [TestMethod]
    public void The_code_is_sent_once_and_the_token_is_in_flash_before_it_is_used()
    {
        var line = new Line("b1\nthe-token\n");
        var carrier = new Claiming(line);
        Assert.AreEqual(CarrierError.Misuse, carrier.Write([1], 0, 1));
        line.Opening = token => Assert.AreEqual(token, ClaimingCarrier.Kept(line.File, Code), "kept before its first use");
        Assert.AreEqual(CarrierError.None, carrier.Open("message", 2));
        Assert.AreEqual($"- {ClaimingCarrier.ContentType} {Code}|the-token message ", line.Log);
        Assert.AreEqual((CarrierError.None, CarrierError.None, 200), (carrier.Write([1, 2], 0, 2), carrier.Receive(), carrier.StatusCode));
        carrier.Close();
        Assert.AreEqual(CarrierError.None, carrier.Open("message", 0));
        Assert.AreEqual(2, line.Made, "one without a token, one with it");

        Assert.AreEqual("the-token", ClaimingCarrier.Kept(line.File, Code), "after a restart");
        Assert.IsNull(ClaimingCarrier.Kept(line.File, "0000-EFGH-JKMN-PQRS"), "another code is claimed anew");
        foreach (string torn in (string[])["", Code, Code + " ", Code + " the-tok", new string('x', 300)])
        {
            line.File.Bytes = Encoding.ASCII.GetBytes(torn);
            Assert.IsNull(ClaimingCarrier.Kept(line.File, Code), torn);
        }

        line.File.Bytes = null;
        Assert.IsNull(ClaimingCarrier.Kept(line.File, Code));
    }

    [TestMethod]
    [DataRow("", 403, CarrierError.Refused)]
    [DataRow("", 503, CarrierError.Refused)]
    [DataRow("b1\nthe-tok", 0, CarrierError.BadReply)]
    [DataRow("b1\n\n", 0, CarrierError.BadReply)]
    [DataRow("b1\nthe token\n", 0, CarrierError.BadReply)]
    [DataRow("<html>\n", 0, CarrierError.BadReply)]
    [DataRow("LONG", 0, CarrierError.BadReply)]
    public void What_goes_wrong_fails_the_round_keeps_nothing_and_is_tried_again(string answer, int status, CarrierError expected)
    {
        var line = new Line(answer == "LONG" ? "b1\n" + new string('t', 400) + "\n" : answer) { Status = status };
        var carrier = new Claiming(line);
        Assert.AreEqual(expected, carrier.Open("message", 2));
        Assert.AreEqual(status == 0 ? 200 : status, carrier.StatusCode);
        Assert.AreEqual(status == 0 ? -1 : 7, carrier.RetryAfter);
        Assert.IsNull(line.File.Bytes);
        Assert.AreEqual(1, line.Closed, "the connection of the claim is not kept");
        (line.Answer, line.Status) = ("b1\nthe-token\n", 0);
        Assert.AreEqual(CarrierError.None, carrier.Open("message", 2));
    }

    [TestMethod]
    public void A_token_that_the_flash_does_not_take_is_not_used()
    {
        var line = new Line("b1\nthe-token\n");
        var carrier = new Claiming(line);
        line.File.Full = true;
        Assert.AreEqual(CarrierError.Broken, carrier.Open("message", 2));
        Assert.AreEqual(1, line.Made);
        line.File.Full = false;
        Assert.AreEqual(CarrierError.None, carrier.Open("message", 2));
        Assert.AreEqual("the-token", ClaimingCarrier.Kept(line.File, Code));
    }

    private sealed class Claiming(Line line) : ClaimingCarrier(Code, line.File)
    {
        protected override ICarrier Make(string token) => new End(line, token);
    }

    private sealed class Flash : ISmallFile
    {
        public byte[]? Bytes { get; set; }

        public bool Full { get; set; }

        public int Read(byte[] buffer)
        {
            Bytes?.AsSpan(0, Math.Min(Bytes.Length, buffer.Length)).CopyTo(buffer);
            return Bytes is null ? -1 : Math.Min(Bytes.Length, buffer.Length + 1);
        }

        public bool Write(byte[] buffer, int count)
        {
            Bytes = Full ? Bytes : buffer[..count];
            return !Full;
        }
    }

    private sealed class Line(string answer)
    {
        public string Answer { get; set; } = answer;

        public int Status { get; set; }

        public int Made { get; set; }

        public int Closed { get; set; }

        public string Log { get; set; } = "";

        public Flash File { get; } = new();

        public Action<string>? Opening { get; set; }
    }

    // One end of the line: an answer byte by byte.
    private sealed class End : ICarrier, IDisposable
    {
        private readonly Line _line;
        private readonly string? _token;
        private int _read;

        public End(Line line, string? token)
        {
            (_line, _token) = (line, token);
            line.Made++;
        }

        public int StatusCode { get; private set; }

        public int RetryAfter { get; private set; } = -1;

        public CarrierError Open(string contentType, int contentLength)
        {
            if (_token is not null)
            {
                _line.Opening?.Invoke(_token);
            }

            _line.Log += $"{(_line.Log.Length > 0 ? "|" : "")}{_token ?? "-"} {contentType} ";
            return CarrierError.None;
        }

        public CarrierError Write(byte[] buffer, int offset, int count)
        {
            _line.Log += _token is null ? Encoding.ASCII.GetString(buffer, offset, count) : "";
            return CarrierError.None;
        }

        public CarrierError Receive()
        {
            StatusCode = _line.Status == 0 ? 200 : _line.Status;
            RetryAfter = _line.Status == 0 ? -1 : 7;
            return _line.Status == 0 ? CarrierError.None : CarrierError.Refused;
        }

        public int Read(byte[] buffer, int offset, int count)
        {
            if (_read == _line.Answer.Length)
            {
                return 0;
            }

            buffer[offset] = (byte)_line.Answer[_read++];
            return 1;
        }

        public void Close()
        {
        }

        public void Dispose() => _line.Closed++;
    }
}
