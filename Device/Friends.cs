// Who may use internal members: Device/Sealed, because DeferredEngine is a part of SyncEngine that most boards do without. The
// server's proxy (Server/Proxy) may too; the project of the PC names it.

using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("NanoSync.Device.Sealed")]
