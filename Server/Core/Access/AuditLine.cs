// The line of the audit log that belongs to what a request, or a verb of the command line, is about to change. It is written
// within the first transaction that changes something, so that neither is there without the other.

namespace NanoSync.Server.Access;

/// <summary>A line that waits for its change.</summary>
public sealed class AuditLine : IDisposable
{
    private static readonly AsyncLocal<AuditLine?> s_waiting = new();

    private readonly AuditLine? _outer = s_waiting.Value;
    private AuditRow? _row;

    /// <summary>From here on, on this flow of work, the next commit takes the line along.</summary>
    /// <param name="row">The line; null = what commits until disposed is nobody's change, and takes none.</param>
    public AuditLine(AuditRow? row)
    {
        _row = row;
        s_waiting.Value = this;
    }

    /// <summary>The line, if no commit has taken it yet.</summary>
    public AuditRow? Waiting => _row;

    /// <summary>Within a transaction that writes, before its commit.</summary>
    /// <param name="transaction">It.</param>
    public static AuditLine? WriteTo(IAccessTransaction transaction)
    {
        if (s_waiting.Value is not { _row: { } row } line)
        {
            return null;
        }

        transaction.Audit(row);
        return line;
    }

    /// <summary>The commit that has the line is durable.</summary>
    public void Done() => _row = null;

    /// <inheritdoc/>
    public void Dispose()
    {
        _row = null; // what was started meanwhile and goes on has none either
        s_waiting.Value = _outer;
    }
}
