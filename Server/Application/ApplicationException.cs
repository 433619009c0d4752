namespace NanoSync.Server.Application;

/// <summary>Why something asked by the application or the operator is not done.</summary>
public enum Refusal
{
    /// <summary>No such device, collection or object.</summary>
    NotFound,

    /// <summary>What was given cannot be used.</summary>
    BadInput,

    /// <summary>It is there already, or was changed since.</summary>
    Conflict,

    /// <summary>It is too large.</summary>
    TooLarge,
}

/// <summary>Something asked is not done, and why in words.</summary>
public sealed class RefusedException(Refusal kind, string message) : Exception(message)
{
    /// <summary>The kind.</summary>
    public Refusal Kind => kind;
}
