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

    /// <summary>It was there, and is kept no longer.</summary>
    Gone,

    /// <summary>Who asks may not do it.</summary>
    Forbidden,
}

/// <summary>Something asked is not done, and why in words.</summary>
public sealed class RefusedException(Refusal kind, string message) : Exception(message)
{
    /// <summary>The kind.</summary>
    public Refusal Kind => kind;

    /// <summary>What programs tell it by; null = that of the kind. Never changes between versions.</summary>
    public string? Code { get; init; }

    /// <summary>The field or parameter that is meant; null = none in particular.</summary>
    public string? Field { get; init; }
}
