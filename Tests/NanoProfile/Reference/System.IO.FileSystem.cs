// System.IO.FileSystem.dll as a board has it: package nanoFramework.System.IO.FileSystem.
// Declarations only, see README.md. Nothing may be added that nanoFramework does not have.

using System;
using System.IO;
using nanoFramework.System.IO;
using nanoFramework.System.IO.FileSystem;

namespace System.IO
{
    public static class Directory
    {
        public static extern bool Exists(string a);
        public static extern DirectoryInfo CreateDirectory(string a);
        public static extern string GetCurrentDirectory();
        public static extern string[] GetDirectories(string a);
        public static extern string[] GetFiles(string a);
        public static extern void Delete(string a);
        public static extern void Delete(string a, bool b);
        public static extern void Move(string a, string b);
        public static extern void SetCurrentDirectory(string a);
    }

    public sealed class DirectoryInfo : FileSystemInfo
    {
        public extern DirectoryInfo(string a);
        public override extern bool Exists { get; }
        public extern DirectoryInfo Parent { get; }
        public extern DirectoryInfo Root { get; }
        public override extern string Name { get; }
        public extern DirectoryInfo CreateSubdirectory(string a);
        public extern DirectoryInfo[] GetDirectories();
        public extern FileInfo[] GetFiles();
        public extern void Create();
        public extern void Delete(bool a);
        public extern void MoveTo(string a);
        protected override extern void HandleRefreshError();
        public override extern string ToString();
        public override extern void Delete();
    }

    public sealed class DriveInfo
    {
        public extern DriveInfo(string a);
        public extern DriveType DriveType { get; set; }
        public extern long TotalSize { get; set; }
        public extern string Name { get; set; }
        public extern void Format(string a, uint b);
        public extern void Refresh();
        public static extern DriveInfo[] GetDrives();
        public static extern string[] GetFileSystems();
        public static extern void MountRemovableVolumes();
    }

    public enum DriveType
    {
        Unknown = 0,
        NoRootDirectory = 1,
        Removable = 2,
        Fixed = 3,
        Ram = 4,
    }

    public static class File
    {
        public static extern bool Exists(string a);
        public static extern byte[] ReadAllBytes(string a);
        public static extern FileAttributes GetAttributes(string a);
        public static extern FileStream Create(string a);
        public static extern FileStream Create(string a, int b);
        public static extern FileStream Open(string a, FileMode b);
        public static extern FileStream Open(string a, FileMode b, FileAccess c);
        public static extern FileStream Open(string a, FileMode b, FileAccess c, FileShare d);
        public static extern FileStream OpenRead(string a);
        public static extern FileStream OpenWrite(string a);
        public static extern StreamReader OpenText(string a);
        public static extern StreamWriter AppendText(string a);
        public static extern string ReadAllText(string a);
        public static extern void AppendAllText(string a, string b);
        public static extern void Copy(string a, string b);
        public static extern void Copy(string a, string b, bool c);
        public static extern void Delete(string a);
        public static extern void Move(string a, string b);
        public static extern void SetAttributes(string a, FileAttributes b);
        public static extern void WriteAllBytes(string a, byte[] b);
        public static extern void WriteAllText(string a, string b);
    }

    public enum FileAccess
    {
        Read = 1,
        Write = 2,
        ReadWrite = 3,
    }

    public enum FileAttributes
    {
        ReadOnly = 1,
        Hidden = 2,
        System = 4,
        Directory = 16,
        Archive = 32,
        Normal = 128,
    }

    public sealed class FileInfo : FileSystemInfo
    {
        public extern FileInfo(string a);
        public override extern bool Exists { get; }
        public extern DirectoryInfo Directory { get; }
        public extern long Length { get; }
        public extern string DirectoryName { get; }
        public override extern string Name { get; }
        public extern FileStream Create();
        protected override extern void HandleRefreshError();
        public override extern string ToString();
        public override extern void Delete();
    }

    public enum FileMode
    {
        CreateNew = 1,
        Create = 2,
        Open = 3,
        OpenOrCreate = 4,
        Truncate = 5,
        Append = 6,
    }

    public enum FileShare
    {
        None = 0,
        Read = 1,
        Write = 2,
        ReadWrite = 3,
    }

    public class FileStream : Stream
    {
        public extern FileStream(string a, FileMode b);
        public extern FileStream(string a, FileMode b, FileAccess c);
        public extern FileStream(string a, FileMode b, FileAccess c, FileShare d);
        public extern FileStream(string a, FileMode b, FileAccess c, FileShare d, int e);
        public override extern bool CanRead { get; }
        public override extern bool CanSeek { get; }
        public override extern bool CanWrite { get; }
        public override extern long Length { get; }
        public override extern long Position { get; set; }
        public extern string Name { get; }
        protected override extern void Dispose(bool a);
        public override extern int Read(byte[] a, int b, int c);
        public override extern int Read(SpanByte a);
        public override extern int ReadByte();
        public override extern long Seek(long a, SeekOrigin b);
        public override extern void Close();
        public override extern void Flush();
        public override extern void SetLength(long a);
        public override extern void Write(byte[] a, int b, int c);
        public override extern void WriteByte(byte a);
    }

    public abstract class FileSystemInfo : MarshalByRefObject
    {
        protected extern FileSystemInfo();
        public abstract bool Exists { get; }
        public extern FileAttributes Attributes { get; }
        public extern string Extension { get; }
        public virtual extern string FullName { get; }
        public abstract string Name { get; }
        public abstract void Delete();
        protected abstract void HandleRefreshError();
        public virtual extern void Refresh();
    }

    public static class Path
    {
        public static readonly char AltDirectorySeparatorChar;
        public static readonly char DirectorySeparatorChar;
        public static readonly char PathSeparator;
        public static readonly char VolumeSeparatorChar;
        public static extern bool HasExtension(string a);
        public static extern bool IsPathRooted(string a);
        public static extern char[] GetInvalidFileNameChars();
        public static extern char[] GetInvalidPathChars();
        public static extern string ChangeExtension(string a, string b);
        public static extern string Combine(string a, string b);
        public static extern string GetDirectoryName(string a);
        public static extern string GetExtension(string a);
        public static extern string GetFileName(string a);
        public static extern string GetFileNameWithoutExtension(string a);
        public static extern string GetFullPath(string a);
        public static extern string GetPathRoot(string a);
    }
}

namespace nanoFramework.System.IO
{
    public class CardDetectChangedEventArgs : EventArgs
    {
        internal extern CardDetectChangedEventArgs();
        public extern uint SlotIndex { get; }
        public extern CardDetectState CardState { get; }
    }

    public enum CardDetectState
    {
        Inserted = 0,
        Removed = 1,
    }

    public delegate void RemovableDeviceEventHandler(object a, RemovableDriveEventArgs b);

    public class RemovableDriveEventArgs : EventArgs
    {
        public enum RemovableDeviceEvent
        {
            Inserted = 0,
            Removed = 1,
        }
        internal extern RemovableDriveEventArgs();
        public extern DriveInfo Drive { get; }
        public extern RemovableDriveEventArgs.RemovableDeviceEvent Event { get; }
    }

    public static class StorageEventManager
    {
        public static event RemovableDeviceEventHandler RemovableDeviceInserted;
        public static event RemovableDeviceEventHandler RemovableDeviceRemoved;
    }
}

namespace nanoFramework.System.IO.FileSystem
{
    public class CardDetectParameters
    {
        public bool autoMount;
        public bool cardDetectedState;
        public bool enableCardDetectPin;
        public uint cardDetectPin;
        public extern CardDetectParameters();
    }

    public delegate void CardDetectStateEventHandler(object a, CardDetectChangedEventArgs b);

    public class SDCard : IDisposable
    {
        public enum SDDataWidth
        {
            _1_bit = 1,
            _4_bit = 2,
        }
        public enum SDInterfaceType
        {
            System = 0,
            Mmc = 1,
            Spi = 2,
        }
        public extern SDCard(uint a = default);
        public extern SDCard(SDCardMmcParameters a, CardDetectParameters b = default);
        public extern SDCard(SDCardSpiParameters a, CardDetectParameters b = default);
        public extern bool CardDetectEnabled { get; }
        public extern bool IsCardDetected { get; }
        public extern bool IsMounted { get; }
        public extern uint SlotIndex { get; }
        public extern CardDetectParameters CdParameters { get; }
        public extern SDCard.SDInterfaceType CardType { get; }
        public extern SDCardMmcParameters MmcParameters { get; }
        public extern SDCardSpiParameters SpiParameters { get; }
        public event CardDetectStateEventHandler CardDetectChanged;
        public extern void Dispose();
        public extern void Mount();
        public extern void Unmount();
    }

    public class SDCardMmcParameters
    {
        public uint slotIndex;
        public SDCard.SDDataWidth dataWidth;
        public extern SDCardMmcParameters();
    }

    public class SDCardSpiParameters
    {
        public uint chipSelectPin;
        public uint slotIndex;
        public uint spiBus;
        public extern SDCardSpiParameters();
    }
}
