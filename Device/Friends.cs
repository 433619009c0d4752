// Sealed holds the engine for replies that come later, a part of SyncEngine that most boards do not carry.

using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("NanoSync.Device.Sealed")]
