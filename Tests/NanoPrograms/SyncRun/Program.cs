// The run on a volume in memory, at three sizes: the heap must not depend on the number of readings.
//   Tests/run-nanoclr.sh run Tests/NanoPrograms/SyncRun
// NanoPrograms/BoardRun has what files and sockets cost.

using NanoSync.Storage;

namespace NanoSync.SyncRun
{
    public static class Program
    {
        public static void Main()
        {
            SyncRun.PrintParts();
            SlotVolumes maker = new SlotVolumes();
            SyncRun.Run(maker, 10, 10, 20);
            SyncRun.Run(maker, 1000, 200, 20);
            SyncRun.Run(maker, 10000, 200, 20);
            SyncRun.Run(maker, 1000, 200, 400); // one message with all that a request takes: larger than the buffer, so written from within
        }

        private sealed class SlotVolumes : IVolumeMaker
        {
            public IVolume Make(int files, int fileBytes)
            {
                return new SlotVolume(files, fileBytes);
            }
        }
    }
}
