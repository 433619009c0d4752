// One collection and its counterpart upstream: what every kind of target has in common.

using System.Globalization;
using NanoSync.Protocol;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Proxy;

/// <summary>Moments at which a test may end the proxy, as a killed process would.</summary>
public enum ProxyStep
{
    /// <summary>Own changes are handed on, nothing durable yet.</summary>
    BeforeStaged,

    /// <summary>Own changes are handed on and durable, nothing sent.</summary>
    Staged,

    /// <summary>The upstream has answered; nothing of it is kept on this side, or only in the engine's store.</summary>
    Exchanged,

    /// <summary>What the upstream said is written to the own objects, nothing durable yet.</summary>
    BeforeApplied,

    /// <summary>That is durable.</summary>
    Applied,
}

/// <summary>What the routes share.</summary>
internal sealed record ProxyContext(IServerStore Store, ClassCatalog Classes, TimeProvider Clock, HttpClient Http, Func<int, byte[]> Random, string SelfName,
    Incarnation Incarnation)
{
    /// <summary>Called at each step; what it throws ends the exchange there.</summary>
    public Action<ProxyStep>? Reached { get; init; }

    public long Now => Clock.GetUtcNow().ToUnixTimeMilliseconds();

    public IProxyTransaction Read() => (IProxyTransaction)Store.BeginRead();

    public IProxyTransaction Write() => (IProxyTransaction)Store.BeginWrite();
}

/// <summary>What an exchange came to.</summary>
/// <param name="Done">Both sides are in step.</param>
/// <param name="Text">In words.</param>
/// <param name="RetryAfter">Seconds the upstream asks to wait; -1 = it did not say.</param>
public sealed record RouteResult(bool Done, string Text, int RetryAfter = -1);

internal abstract class ProxyRoute(ProxyContext context, ProxyTarget target, RouteRow row) : IDisposable
{
    /// <summary>Own changes handed on at a time; the bound of what is under way.</summary>
    protected const int Window = 30;

    private const int MostWaiting = 1000; // commands of a device; further refusals are shown to the operator alone

    protected ProxyContext Context { get; } = context;

    protected ProxyTarget Target { get; } = target;

    public RouteRow Row { get; } = row;

    /// <summary>Exchanges until both sides are in step, or as far as it goes.</summary>
    public RouteResult Run()
    {
        RouteResult result;
        try
        {
            result = Exchange();
        }
        catch (StoreException e)
        {
            result = new RouteResult(false, e.Message);
            Forget();
        }
        catch
        {
            Forget();
            throw;
        }

        if (result.Text != Row.Outcome || result.Done)
        {
            Note(result);
        }

        return result;
    }

    public virtual void Dispose()
    {
        Forget();
    }

    protected abstract RouteResult Exchange();

    /// <summary>Gives up what is held in memory: the database decides.</summary>
    protected abstract void Forget();

    /// <summary>The upstream refused an own object: told to the device that wrote it.</summary>
    protected void TellDevice(IProxyTransaction store, ObjectRow? own, string id, int status, string reason)
    {
        foreach ((int device, _, string name) in store.ListMembers(Row.Collection))
        {
            if (own == null || own.Writer == 0 || own.Author == device)
            {
                store.Refused(device, new RefusalRow(name, true, id, status, "upstream: " + reason, 1, Context.Now));
                if (own != null && own.Writer != 0 && store.ListCommands(device, all: false).Count < MostWaiting)
                {
                    KeyValuePair<string, string>[] told = [new("collection", name), new("object", id), new("status", status.ToString(CultureInfo.InvariantCulture)), new("reason", Cut(reason))];
                    DeviceCommands.Queue(store, Context.Incarnation, device, BuiltIn.Refused, told, Context.Now);
                }
            }
        }
    }

    /// <summary>As much of a reason as travels.</summary>
    protected static string Cut(string reason)
    {
        while (System.Text.Encoding.UTF8.GetByteCount(reason) > Limits.Text)
        {
            reason = reason[..^1];
        }

        return reason;
    }

    private void Note(RouteResult result)
    {
        try
        {
            using IProxyTransaction store = Context.Write();
            Row.Outcome = result.Text;
            if (result.Done)
            {
                // polling writes nothing: the time is refreshed now and then
                if (Context.Now - (Row.Done ?? 0) < 60_000 && store.ListRoutes(Target.Name).Exists(r => r.Id == Row.Id && r.Outcome == result.Text))
                {
                    return;
                }

                Row.Done = Context.Now;
            }

            store.SaveRoute(Row);
            store.Commit();
        }
        catch (StoreException)
        {
            // the note is for the operator; the exchange does not depend on it
        }
    }
}
