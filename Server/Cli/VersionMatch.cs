// --if-match of the verbs that write: what If-Match and If-None-Match are in REST.

using System.CommandLine;
using System.Globalization;
using NanoSync.Server.Application;
using NanoSync.Server.Formats;

namespace NanoSync.Server.Cli;

internal static class VersionMatch
{
    /// <summary>The option; its value is what services expect.</summary>
    public static Option<long?> Option { get; } = new("--if-match")
    {
        Description = "Only if its version is this one (of an object its seq); * = only if there is one, 0 = only if there is none.",
        HelpName = "VERSION",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (text == "*")
            {
                return ObjectService.Any;
            }

            if (long.TryParse(text.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out long version))
            {
                return version;
            }

            result.AddError($"--if-match is the number of a version, * or 0; this is none: {text}");
            return null;
        },
    };

    /// <summary>Edits an object; when it is another by now, says which.</summary>
    public static T Edit<T>(ServerCore core, ParseResult parsed, string device, string collection, string id, Func<long?, T> edit)
    {
        long? match = parsed.GetValue(Option);
        try
        {
            return edit(match);
        }
        catch (RefusedException e) when (match != null && e.Kind == Refusal.Conflict && Standing(core, device, collection, id) is { } standing)
        {
            throw new RefusedException(Refusal.Conflict, $"{e.Message} What stands there now: {standing}");
        }
    }

    private static string? Standing(ServerCore core, string device, string collection, string id)
    {
        try
        {
            return ObjectJson.Of(core.Objects.Get(device, collection, id)).ToJsonString();
        }
        catch (RefusedException)
        {
            return null; // nothing does, which the refusal says
        }
    }
}
