// Somebody who follows changes and is cut: reads so many bytes, and knows where to go on.

using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace NanoSync.ServerTests;

internal static class Following
{
    /// <summary>Reads a number of bytes and hangs up; the cursor of the last whole event, and the events.</summary>
    /// <param name="client">To which server.</param>
    /// <param name="query">What is followed, as ?collection=readings.</param>
    /// <param name="cursor">Where to go on.</param>
    /// <param name="bytes">After how many the line is cut; sooner when no more comes for a second and a half.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<(string? Cursor, List<(string Event, JsonNode Data)> Told)> Follow(HttpClient client, string query, string? cursor, int bytes, CancellationToken cancellation)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, "/v1/changes" + query);
        request.Headers.TryAddWithoutValidation("Last-Event-ID", cursor);
        using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode, await (response.IsSuccessStatusCode ? Task.FromResult("") : response.Content.ReadAsStringAsync(cancellation)));
        await using Stream stream = await response.Content.ReadAsStreamAsync(cancellation);
        using MemoryStream got = new();
        byte[] buffer = new byte[bytes];
        using CancellationTokenSource patience = new(TimeSpan.FromMilliseconds(1500));
        try
        {
            while (got.Length < bytes)
            {
                int read = await stream.ReadAsync(buffer.AsMemory(0, (int)(bytes - got.Length)), patience.Token);
                if (read == 0)
                {
                    break;
                }

                got.Write(buffer, 0, read);
            }
        }
        catch (OperationCanceledException)
        {
            // no more comes now
        }

        List<(string, JsonNode)> told = [];
        string text = Encoding.UTF8.GetString(got.ToArray());
        int end = text.LastIndexOf("\n\n", StringComparison.Ordinal);
        foreach (string block in (end < 0 ? "" : text[..end]).Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            Dictionary<string, string> lines = block.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split(": ", 2)).ToDictionary(l => l[0], l => l[1]);
            cursor = lines.GetValueOrDefault("id", cursor!);
            if (lines.TryGetValue("data", out string? data))
            {
                told.Add((lines["event"], JsonNode.Parse(data)!));
            }
        }

        return (cursor, told);
    }
}
