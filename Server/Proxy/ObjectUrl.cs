// The URL of an object at a server that is not ours: a template of the operator's, with the object's names in it. Devices choose
// ids, and the operator's token goes with the request: whatever an id is, the URL stays within the template.

using NanoSync.Server.Application;

namespace NanoSync.Server.Proxy;

/// <summary>A template such as https://host/things/{device}/{collection}/{id}.</summary>
internal static class ObjectUrl
{
    private static readonly string[] s_places = ["{device}", "{collection}", "{id}"];

    /// <summary>What is wrong with a template; null = nothing.</summary>
    public static string? FaultOf(string template)
    {
        int path = template.IndexOf("://", StringComparison.Ordinal) is >= 0 and var scheme ? template.IndexOf('/', scheme + 3) : -1;
        return !template.Contains("{id}", StringComparison.Ordinal) ? "The URL of an HTTP target needs {id}, such as https://host/things/{device}/{id}"
            : path < 0 || Array.Exists(s_places, p => template.IndexOf(p, StringComparison.Ordinal) is >= 0 and var at && at < path)
                ? "The names stand in the path of the URL, behind its host."
            : template.Contains('#') ? "What stands behind a # of a URL is not sent."
            : Array.Exists(template.Split('/', '?'), s => Names.IsDots(Uri.UnescapeDataString(s))) ? "The path of the URL has . or .. in it."
            : null;
    }

    /// <summary>The URL of an object; null when its names would lead out of the template.</summary>
    public static Uri? Make(string template, string device, string collection, string id)
    {
        if (device.Length == 0 || Climbs(device) || Climbs(collection) || Climbs(id))
        {
            return null;
        }

        // whatever the names are, host and path are those of the template: dot segments that were resolved would be missing
        Uri made = Fill(template, device, collection, id);
        Uri plain = Fill(template, "x", "x", "x");
        return made.Authority == plain.Authority && made.Segments.Length == plain.Segments.Length
            && !Array.Exists(made.Segments, s => Names.IsDots(Uri.UnescapeDataString(s.TrimEnd('/')))) ? made : null;
    }

    // Many servers decode %2F, some twice, before they resolve dot segments, and some cut a segment at its semicolon: a name that
    // climbs when it is read in any of these ways has no URL.
    private static bool Climbs(string name)
    {
        string decoded = Uri.UnescapeDataString(name);
        while (decoded != name)
        {
            name = decoded;
            decoded = Uri.UnescapeDataString(name);
        }

        return Array.Exists(name.Split('/', '\\'), part => Names.IsDots(part.Split(';')[0]));
    }

    private static Uri Fill(string template, params string[] names)
    {
        for (int i = 0; i < names.Length; i++)
        {
            template = template.Replace(s_places[i], Uri.EscapeDataString(names[i]), StringComparison.Ordinal);
        }

        return new Uri(template);
    }
}
