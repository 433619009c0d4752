// The virtual-device run on files, in a folder of the internal flash; in memory where nanoCLR has no file system.
//   Tests/run-nanoclr.sh run Tests/NanoPrograms/SyncRunFiles

using System;
using NanoSync.Storage;
using nanoFramework.Runtime.Native;

namespace NanoSync.SyncRun
{
    public static class Program
    {
        private const string Folder = "I:\\nanosync-run";

        public static void Main()
        {
            // nanoCLR's POSIX build has no file system, and a full collection after the first refused call ends it
            string platform = SystemInfo.Platform;
            bool files = platform != "Linux" && platform != "macOS" && new FileVolume(Folder).Open() == VolumeCode.Ok;
            Console.WriteLine(files ? "volume: files in " + Folder : "volume: memory, no file system here");
            SyncRun.Run(new Volumes(files), 1000, 200, 20);
        }

        private sealed class Volumes : IVolumeMaker
        {
            private readonly bool _files;

            public Volumes(bool files)
            {
                _files = files;
            }

            public IVolume Make(int files, int fileBytes)
            {
                if (!_files)
                {
                    return new SlotVolume(files, fileBytes);
                }

                FileVolume volume = new FileVolume(Folder);
                volume.Open();
                uint[] left = volume.List();
                for (int i = 0; i < left.Length; i++)
                {
                    volume.Delete(left[i]);
                }

                return volume;
            }
        }
    }
}
