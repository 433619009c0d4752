// What of FlashStore is internal is the engine's: batches, values, what a server says of an object. The engine's assemblies call
// it, and the tests that run on boards as well; those of the PC stand in the project of the PC.

using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("NanoSync.Device")]
[assembly: InternalsVisibleTo("NanoSync.Storage.Files")]
[assembly: InternalsVisibleTo("NanoSync.Device.Sealed")]
[assembly: InternalsVisibleTo("NFUnitTest")]
[assembly: InternalsVisibleTo("NanoSync.Costs")]
