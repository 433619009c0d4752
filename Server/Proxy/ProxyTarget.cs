// What can be set of a target, and which collections it takes.

using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using NanoSync.Protocol;
using NanoSync.Server.Application;

namespace NanoSync.Server.Proxy;

/// <summary>Which way objects go.</summary>
public enum ProxyDirection
{
    /// <summary>Both.</summary>
    Both = 0,

    /// <summary>From the devices to the upstream only.</summary>
    Up = 1,

    /// <summary>From the upstream to the devices only.</summary>
    Down = 2,
}

/// <summary>What the upstream speaks.</summary>
public enum ProxyKind
{
    /// <summary>The message of the specification.</summary>
    NanoSync = 0,

    /// <summary>PUT and DELETE of objects as JSON.</summary>
    Http = 1,
}

/// <summary>An upstream and what is passed on to it.</summary>
public sealed record ProxyTarget
{
    /// <summary>Its name here.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// NanoSync: http://host:port. Http: the URL of an object, with {device}, {collection} and {id} in it.
    /// </summary>
    public required string Url { get; init; }

    /// <summary>Bearer token for it.</summary>
    public string Token { get; init; } = "";

    /// <summary>
    /// Comma-separated: NAME@GROUP, DEVICE/NAME, or NAME for that of every device; =UPSTREAM behind it is the name there, with
    /// {device} in it if it stands for several. Default: NAME for a shared one, {device}.NAME otherwise.
    /// </summary>
    public required string Collections { get; init; }

    /// <summary>Which way.</summary>
    public ProxyDirection Direction { get; init; }

    /// <summary>What it speaks.</summary>
    public ProxyKind Kind { get; init; }

    /// <summary>True: what devices wrote wins over what was changed upstream at the same time. Always so upwards only.</summary>
    public bool DeviceWins { get; init; }

    /// <summary>Seconds between exchanges when all is well.</summary>
    public int Every { get; init; } = 10;

    /// <summary>Reads targets of configuration: proxy:0:name, proxy:0:url, ... or {"proxy": [{"name": ...}]}</summary>
    public static List<ProxyTarget> From(IConfiguration configuration)
    {
        List<ProxyTarget> targets = [];
        foreach (IConfigurationSection section in configuration.GetSection("proxy").GetChildren())
        {
            try
            {
                targets.Add(Parse(section["name"] ?? section.Key, key => section[key]));
            }
            catch (RefusedException e)
            {
                throw new StartupException($"proxy {section["name"] ?? section.Key}: {e.Message}");
            }
        }

        return targets;
    }

    /// <summary>Reads a target as <see cref="ToSettings"/> wrote it.</summary>
    public static ProxyTarget From(string name, string settings)
    {
        Dictionary<string, string> values = JsonSerializer.Deserialize<Dictionary<string, string>>(settings)!;
        return Parse(name, values.GetValueOrDefault);
    }

    /// <summary>Reads a target from texts by name; says what is wrong with them.</summary>
    public static ProxyTarget Parse(string name, Func<string, string?> setting)
    {
        ProxyTarget target = new()
        {
            Name = name,
            Url = setting("url") ?? throw Bad("url is missing."),
            Token = setting("token") ?? "",
            Collections = setting("collections") ?? throw Bad("collections is missing."),
            Direction = Choose<ProxyDirection>("direction", setting("direction")),
            Kind = Choose<ProxyKind>("kind", setting("kind")),
            DeviceWins = (setting("conflict") ?? "upstream") switch
            {
                "device" => true,
                "upstream" => false,
                { } other => throw Bad($"conflict is upstream or device, not {other}."),
            },
            Every = int.TryParse(setting("every") ?? "10", NumberStyles.None, CultureInfo.InvariantCulture, out int every) && every > 0
                ? every : throw Bad("every is a number of seconds, from 1."),
        };
        Names.Check(name, "A target's name");

        if (!Uri.TryCreate(target.Url.Replace('{', '_').Replace('}', '_'), UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https"))
        {
            throw Bad($"Not an http or https URL: {target.Url}");
        }

        if (target.Kind == ProxyKind.Http && ObjectUrl.FaultOf(target.Url) is { } fault)
        {
            throw Bad(fault);
        }

        if (target.Kind == ProxyKind.Http && target.Direction != ProxyDirection.Up)
        {
            throw Bad("An HTTP target goes up only: there is nothing to ask it for changes. Set direction to up.");
        }

        target.Selections();
        return target;
    }

    /// <summary>As kept in the database.</summary>
    public string ToSettings()
    {
        return JsonSerializer.Serialize(new Dictionary<string, string>
        {
            ["url"] = Url,
            ["token"] = Token,
            ["collections"] = Collections,
            ["direction"] = Direction.ToString().ToLowerInvariant(),
            ["kind"] = Kind.ToString().ToLowerInvariant(),
            ["conflict"] = DeviceWins ? "device" : "upstream",
            ["every"] = Every.ToString(CultureInfo.InvariantCulture),
        });
    }

    /// <summary>Which of these collections it takes, and their names upstream.</summary>
    public List<(int Collection, string Upstream)> Select(IReadOnlyList<CollectionName> collections)
    {
        List<(int, string)> selected = [];
        foreach (Selection selection in Selections())
        {
            foreach (CollectionName collection in collections)
            {
                if (selection.Includes(collection) && !selected.Exists(s => s.Item1 == collection.Id))
                {
                    string upstream = (selection.Upstream ?? (collection.Group != null ? "{collection}" : "{device}.{collection}"))
                        .Replace("{device}", collection.Device ?? collection.Group, StringComparison.Ordinal)
                        .Replace("{collection}", collection.Name, StringComparison.Ordinal);
                    if (Kind == ProxyKind.NanoSync && selected.Exists(s => s.Item2 == upstream))
                    {
                        throw Bad($"Two collections would both be {upstream} upstream. Put {{device}} into its name, or share one collection by a group.");
                    }

                    selected.Add((collection.Id, upstream));
                }
            }
        }

        return selected;
    }

    private static T Choose<T>(string what, string? given)
        where T : struct, Enum
    {
        return given == null ? default
            : Enum.TryParse(given, ignoreCase: true, out T value) && Enum.IsDefined(value) && !char.IsAsciiDigit(given[0]) ? value
            : throw Bad($"{what} is one of {string.Join(", ", Enum.GetNames<T>()).ToLowerInvariant()}, not {given}.");
    }

    private static RefusedException Bad(string message)
    {
        return new RefusedException(Refusal.BadInput, message);
    }

    private List<Selection> Selections()
    {
        List<Selection> list = [];
        foreach (string part in Names.Split(Collections, "collections"))
        {
            string[] sides = part.Split('=', StringSplitOptions.TrimEntries);
            string own = sides[0];
            int at = own.IndexOf('@');
            int slash = own.IndexOf('/');
            if (sides.Length > 2 || (at >= 0 && slash >= 0))
            {
                throw Bad($"{part} is neither NAME@GROUP, DEVICE/NAME nor NAME, with =UPSTREAM behind it or not.");
            }

            Selection selection = new(
                at >= 0 ? own[..at] : own[(slash + 1)..],
                slash >= 0 && own[..slash] != "*" ? own[..slash] : null,
                at >= 0 ? own[(at + 1)..] : null,
                sides.Length > 1 ? sides[1] : null);
            Names.Check(selection.Name, "A collection's name");
            Names.Check(selection.Device ?? "d", "A device's name");
            Names.Check(selection.Group ?? "g", "A group's name");
            Names.Check((selection.Upstream ?? "u").Replace("{device}", "d", StringComparison.Ordinal).Replace("{collection}", "c", StringComparison.Ordinal),
                "A collection's name upstream");
            list.Add(selection);
        }

        return list;
    }

    private sealed record Selection(string Name, string? Device, string? Group, string? Upstream)
    {
        public bool Includes(CollectionName collection)
        {
            return collection.Name == Name && collection.Group == Group
                && (Group != null || (collection.Device != null && (Device == null || Device == collection.Device)));
        }
    }
}
