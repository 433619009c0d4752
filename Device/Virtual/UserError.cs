namespace NanoSync.Virtual;

/// <summary>A fault that the person at the console can mend: its message is shown, without a stack.</summary>
internal sealed class UserError(string message) : Exception(message);
