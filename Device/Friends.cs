// Sealed holds the engine for replies that come later, the server the one that passes objects on (Server/Proxy): parts of
// SyncEngine that most boards do not carry.

using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("NanoSync.Device.Sealed")]
[assembly: InternalsVisibleTo("NanoSync.Server")]
