// Members that a board has and that do not do their work there.

namespace NanoSync.NanoProfile;

public static class TrapMembers
{
    private static readonly Dictionary<string, (string What, string Instead)> s_rows = new()
    {
        ["System.Reflection.MethodBase::GetParameters"] = ("crashed nanoCLR after a compacting collection", "no reflection: a table of delegates"),
        ["System.IO.File::AppendText"] = ("opens at position 0 and overwrites", "new FileStream(path, FileMode.Append)"),
        ["System.IO.File::ReadAllBytes"] = ("never ends on a short read", "a loop of FileStream.Read"),
        ["System.IO.Stream::Read(SpanByte)"] = ("throws NotImplementedException on a FileStream", "Read(byte[], int, int)"),
        ["System.Text.Decoder::Convert"] = ("mishandles a character split over two buffers", "find the UTF-8 boundary, then Encoding.UTF8.GetString"),
        ["System.Net.HttpWebRequest::set_SendChunked"] = ("sets the header and writes no chunks", "ContentLength, by a counting first pass"),
        ["System.Net.Http.Headers.HttpRequestHeaders::set_TransferEncodingChunked"] = ("sets the header and writes no chunks", "a content that computes its length"),
        ["System.Net.Http.HttpContent::ReadAsStream"] = ("buffers the whole body in RAM", "Content.CopyTo(sink), or HttpWebResponse.GetResponseStream"),
        ["System.Net.Http.HttpContent::ReadAsByteArray"] = ("buffers the whole body in RAM", "Content.CopyTo(sink), or HttpWebResponse.GetResponseStream"),
        ["System.Net.Http.HttpContent::ReadAsString"] = ("buffers the whole body in RAM", "Content.CopyTo(sink), or HttpWebResponse.GetResponseStream"),
        ["System.Net.Http.HttpClient::GetStream"] = ("buffers the whole body in RAM", "Content.CopyTo(sink), or HttpWebResponse.GetResponseStream"),
        ["System.Net.Http.HttpClient::GetByteArray"] = ("buffers the whole body in RAM", "Content.CopyTo(sink), or HttpWebResponse.GetResponseStream"),
        ["System.Net.Http.HttpClient::GetString"] = ("buffers the whole body in RAM", "Content.CopyTo(sink), or HttpWebResponse.GetResponseStream"),
    };

    /// <summary>What is wrong with a member, or null. <paramref name="spanOverload"/>: its parameter is a SpanByte.</summary>
    public static (string What, string Instead)? Find(string type, string name, bool spanOverload)
    {
        string key = $"{type}::{name}{(spanOverload ? "(SpanByte)" : "")}";
        return s_rows.TryGetValue(key, out (string, string) row) ? row : null;
    }
}
