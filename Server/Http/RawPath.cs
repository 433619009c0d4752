// The path of a request as it was sent. Routing works on a path that is half decoded and free of dot segments; an id may hold
// any character, so it is taken from the request line, by its place there and not by what stands around it.

using Microsoft.AspNetCore.Http.Features;
using NanoSync.Server.Application;

namespace NanoSync.Server.Http;

internal static class RawPath
{
    /// <summary>The segments of the path, each still encoded.</summary>
    public static string[] Segments(HttpContext context)
    {
        string target = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        int query = target.IndexOf('?');
        string path = query < 0 ? target : target[..query];
        if (!path.StartsWith('/'))
        {
            // http://host/path, as it is sent to proxies
            int host = path.IndexOf("://", StringComparison.Ordinal);
            int slash = host < 0 ? -1 : path.IndexOf('/', host + 3);
            path = slash < 0 ? "/" : path[slash..];
        }

        return path[1..].Split('/');
    }

    /// <summary>Refuses dot segments: routing resolves them, so that another object would be meant than the one named.</summary>
    public static void Check(HttpContext context)
    {
        if (Segments(context).Any(s => Names.IsDots(Decode(s))))
        {
            throw new RefusedException(Refusal.BadInput, "The path has . or .. in it. What is named so is reached with the command line.");
        }
    }

    /// <summary>A segment decoded.</summary>
    public static string Decode(string segment)
    {
        byte[] bytes = new byte[segment.Length];
        int count = 0;
        for (int i = 0; i < segment.Length; i++)
        {
            if (segment[i] != '%')
            {
                bytes[count++] = (byte)segment[i]; // a request line is ASCII
            }
            else if (i + 2 < segment.Length && char.IsAsciiHexDigit(segment[i + 1]) && char.IsAsciiHexDigit(segment[i + 2]))
            {
                bytes[count++] = Convert.ToByte(segment.Substring(i + 1, 2), 16);
                i += 2;
            }
            else
            {
                throw new RefusedException(Refusal.BadInput, "The path has a % without two hexadecimal digits behind it.");
            }
        }

        return Names.TextOf(bytes.AsSpan(0, count)) ?? throw new RefusedException(Refusal.BadInput, "The path is not UTF-8 once decoded.");
    }
}
