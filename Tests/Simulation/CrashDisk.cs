// The disk under a server's database, whose power goes: what SQLite did not have flushed is gone. A VFS of SQLite (its own
// name for the layer below it) that hands everything on to the usual one, and keeps a copy of a file at each flush.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NanoSync.Simulation;

/// <summary>Watches database files, and gives back what of them would survive a power cut.</summary>
internal static unsafe partial class CrashDisk
{
    private const int VfsSize = 168; // sqlite3_vfs, version 3
    private const int VfsName = 24;
    private const int VfsOpen = 40;
    private const int MethodsSize = 152; // sqlite3_io_methods, version 3
    private const int MethodClose = 8;
    private const int MethodSync = 40;

    private static readonly Lock s_gate = new();
    private static readonly Dictionary<string, byte[]?> s_durable = []; // by path; null = it is not there
    private static readonly Dictionary<nint, (string Path, nint Methods)> s_files = []; // open ones, and their own methods
    private static readonly Dictionary<nint, nint> s_ours = []; // methods, by those that they stand for
    private static nint s_usual;
    private static nint s_vfs;

    /// <summary>From now on flushes of this database and of its log are noted; what the files hold now counts as durable.</summary>
    public static void Watch(string path)
    {
        lock (s_gate)
        {
            Register();
            foreach (string file in (string[])[path, path + "-wal"])
            {
                s_durable[file] = File.Exists(file) ? File.ReadAllBytes(file) : null;
            }
        }
    }

    public static void Forget(string path)
    {
        lock (s_gate)
        {
            s_durable.Remove(path);
            s_durable.Remove(path + "-wal");
        }
    }

    /// <summary>What would be there if the power went now.</summary>
    public static (byte[] Database, byte[]? Log) Durable(string path)
    {
        lock (s_gate)
        {
            return (s_durable[path]!, s_durable[path + "-wal"]);
        }
    }

    [LibraryImport("e_sqlite3", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint sqlite3_vfs_find(string name);

    [LibraryImport("e_sqlite3")]
    private static partial int sqlite3_vfs_register(nint vfs, int isDefault);

    private static void Register()
    {
        if (s_vfs == 0)
        {
            SQLitePCL.Batteries_V2.Init();
            s_usual = sqlite3_vfs_find("unix");
            s_vfs = (nint)NativeMemory.AllocZeroed(VfsSize);
            Buffer.MemoryCopy((void*)s_usual, (void*)s_vfs, VfsSize, VfsSize);
            *(nint*)(s_vfs + VfsName) = Marshal.StringToCoTaskMemUTF8("crash-" + Guid.NewGuid().ToString("N"));
            *(nint*)(s_vfs + VfsOpen) = (nint)(delegate* unmanaged[Cdecl]<nint, nint, nint, int, int*, int>)&Open;
        }

        _ = sqlite3_vfs_register(s_vfs, 1); // the default once more: another bench may have put its own there
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Open(nint vfs, nint name, nint file, int flags, int* outFlags)
    {
        int code = ((delegate* unmanaged[Cdecl]<nint, nint, nint, int, int*, int>)(*(nint*)(s_usual + VfsOpen)))(s_usual, name, file, flags, outFlags);
        string? path = name == 0 ? null : Marshal.PtrToStringUTF8(name);
        lock (s_gate)
        {
            if (code == 0 && path != null && s_durable.ContainsKey(path))
            {
                nint methods = *(nint*)file;
                if (!s_ours.TryGetValue(methods, out nint ours))
                {
                    ours = (nint)NativeMemory.AllocZeroed(MethodsSize);
                    Buffer.MemoryCopy((void*)methods, (void*)ours, MethodsSize, MethodsSize);
                    *(nint*)(ours + MethodClose) = (nint)(delegate* unmanaged[Cdecl]<nint, int>)&Close;
                    *(nint*)(ours + MethodSync) = (nint)(delegate* unmanaged[Cdecl]<nint, int, int>)&Sync;
                    s_ours[methods] = ours;
                }

                s_files[file] = (path, methods);
                *(nint*)file = ours;
            }
        }

        return code;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Close(nint file)
    {
        nint methods;
        lock (s_gate)
        {
            methods = s_files[file].Methods;
            s_files.Remove(file);
            *(nint*)file = methods;
        }

        return ((delegate* unmanaged[Cdecl]<nint, int>)(*(nint*)(methods + MethodClose)))(file);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Sync(nint file, int flags)
    {
        (string path, nint methods) = s_files[file];
        int code = ((delegate* unmanaged[Cdecl]<nint, int, int>)(*(nint*)(methods + MethodSync)))(file, flags);
        lock (s_gate)
        {
            if (code == 0 && s_durable.ContainsKey(path))
            {
                using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                byte[] bytes = new byte[stream.Length];
                stream.ReadExactly(bytes);
                s_durable[path] = bytes;
            }
        }

        return code;
    }
}
