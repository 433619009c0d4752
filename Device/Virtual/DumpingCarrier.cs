// A carrier that keeps a copy of what passes: NNNN-request.wbxml and NNNN-reply.wbxml, ready for `decode` and wbxml2xml.

using NanoSync.Device;
using NanoSync.Protocol;

namespace NanoSync.Virtual;

internal sealed class DumpingCarrier(ICarrier inner, string folder) : IHoldingCarrier, IDisposable
{
    private int _number = Directory.CreateDirectory(folder).GetFiles("*-request.*").Length;
    private string _ending = "";
    private FileStream? _file;

    public int StatusCode => inner.StatusCode;

    public int RetryAfter => inner.RetryAfter;

    public void Hold(int seconds) => (inner as IHoldingCarrier)?.Hold(seconds);

    public void Abort() => (inner as IHoldingCarrier)?.Abort();

    public CarrierError Open(string contentType, int contentLength)
    {
        _ending = contentType == WbxmlWriter.MediaType ? "wbxml" : "xml";
        _number++;
        Start("request");
        return inner.Open(contentType, contentLength);
    }

    public CarrierError Write(byte[] buffer, int offset, int count)
    {
        _file?.Write(buffer, offset, count);
        return inner.Write(buffer, offset, count);
    }

    public CarrierError Receive()
    {
        Start("reply");
        return inner.Receive();
    }

    public int Read(byte[] buffer, int offset, int count)
    {
        int read = inner.Read(buffer, offset, count);
        if (read > 0)
        {
            _file?.Write(buffer, offset, read);
        }

        return read;
    }

    public void Close()
    {
        Dispose();
        inner.Close();
    }

    public void Dispose()
    {
        _file?.Dispose();
        _file = null;
    }

    private void Start(string what)
    {
        Dispose();
        _file = File.Create(Path.Combine(folder, $"{_number:D4}-{what}.{_ending}"));
    }
}
