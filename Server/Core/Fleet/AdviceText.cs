// What is wrong with a device and what to do about it, in a sentence: for the page, the command line and alerts.

using System.Globalization;

namespace NanoSync.Server.Fleet;

/// <summary>What to do about a problem.</summary>
public static class AdviceText
{
    /// <summary>The sentence for a problem of a device.</summary>
    public static string For(Problem problem, DeviceSummary device)
    {
        return problem switch
        {
            Problem.NeverSeen => "It was enrolled and never came: look whether it has power, this server's address and its token.",
            Problem.Overdue => string.Create(CultureInfo.InvariantCulture, $"It should have come by {device.DueAt?.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z: look at its power and its network. It keeps its readings meanwhile."),
            Problem.Forked => "Two stores sync with one token: give each board a token of its own; a wiped flash or an image that was put back needs nothing.",
            Problem.Dropping => $"It dropped readings ({device.Dropped} so far) because its outbox was full: let it sync more often, or give it a larger outbox.",
            Problem.Refusing => "Objects were refused: the reasons are listed under refusals. What the server refused stays on the device until it is taken.",
            Problem.ConfigRefused => (device.ConfigRefused == 1 ? "It does not take one object as it is now: the reason stands there" : $"It does not take {device.ConfigRefused} objects as they are now: the reason stands at each")
                + "; change the value, or retry once its firmware takes it.",
            Problem.Damaged => "It found damaged places in its flash: watch whether the number rises; a flash that wears out is to be replaced.",
            Problem.FlashLow => $"Its flash is almost full ({device.FlashLeft} bytes left): let it sync more often, or lessen what it keeps.",
            Problem.FlashWorn => $"Its flash is worn out in about {device.FlashLife} days if it goes on so: let it sample and sync less often, or plan another board; operations.md says what wears it (Wear).",
            Problem.BatteryLow => string.Create(CultureInfo.InvariantCulture, $"Its battery is low ({device.Battery:0.00} V): charge or replace it."),
            _ => $"Its clock was {device.ClockError} s off: give it a time server, or look at its crystal.",
        };
    }
}
