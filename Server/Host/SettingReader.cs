// Reads settings from configuration. Whatever is wrong is noted with its name and what it is to be, so that all is told at once.

using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace NanoSync.Server.Host;

/// <summary>A reader that notes what it cannot read.</summary>
internal sealed class SettingReader(IConfiguration configuration)
{
    /// <summary>What is wrong, a sentence for each setting.</summary>
    public List<string> Wrong { get; } = [];

    /// <summary>A number from 0 on.</summary>
    public double Number(string name, double otherwise)
    {
        return configuration[name] is not { } text ? otherwise
            : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= 0 && value <= int.MaxValue ? value
            : Note(otherwise, $"The setting {name} is not a number from 0 to {int.MaxValue}: {text}");
    }

    /// <summary>True or false.</summary>
    public bool Flag(string name, bool otherwise)
    {
        return configuration[name] is not { Length: > 0 } text ? otherwise
            : bool.TryParse(text, out bool value) ? value
            : Note(otherwise, $"The setting {name} is true or false, not {text}");
    }

    /// <summary>An address of HTTP; null = none is set.</summary>
    public Uri? Address(string name, string wanted)
    {
        return Text(name, text => Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https", wanted) is { } address ? new Uri(address) : null;
    }

    /// <summary>A text that is as wanted; null = none is set.</summary>
    public string? Text(string name, Func<string, bool> isGood, string wanted)
    {
        return configuration[name] is not { Length: > 0 } text ? null : isGood(text) ? text : Note<string?>(null, $"The setting {name} is {wanted}, not {text}");
    }

    /// <summary>What is read elsewhere.</summary>
    public T Try<T>(Func<T> read, T otherwise)
    {
        try
        {
            return read();
        }
        catch (StartupException e)
        {
            return Note(otherwise, e.Message);
        }
    }

    private T Note<T>(T otherwise, string wrong)
    {
        Wrong.Add(wrong);
        return otherwise;
    }
}
