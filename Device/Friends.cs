// Sealed holds the engine for replies that come later, a part of SyncEngine that most boards do not carry. The server's engine that
// passes objects on (Server/Proxy) is named in the project of the PC.

using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("NanoSync.Device.Sealed")]
