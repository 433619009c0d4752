// Streams of the platform are opened by a type that also closes them. nanoCLR runs finalizers only while every thread
// waits, so a stream that is left to its finalizer keeps its memory and its socket or file until then: a store that opened
// 450 files in a row ran out of 110,000 bytes. FileStream.Close leaves the finalizer even so (it overrides Stream.Close,
// which does not); the others suppress it at Close.

using Mono.Cecil;
using Mono.Cecil.Cil;

namespace NanoSync.NanoProfile;

/// <summary>The rule NP118 on one type.</summary>
public static class StreamOwner
{
    private const string FileStream = "System.IO.FileStream";

    private static readonly HashSet<string> s_streams =
    [
        FileStream, "System.Net.Sockets.Socket", "System.Net.Sockets.NetworkStream", "System.Net.Security.SslStream",
        "System.Net.HttpWebResponse",
    ];

    /// <summary>What is opened in this type and not closed in it, or only by a <c>using</c> where that is not enough.</summary>
    public static IEnumerable<Finding> Check(TypeDefinition type)
    {
        List<(MethodDefinition Method, Instruction At, MethodReference Called)> calls = type.Methods
            .Where(m => m.HasBody)
            .SelectMany(m => m.Body.Instructions.Where(i => i.Operand is MethodReference).Select(i => (m, i, (MethodReference)i.Operand)))
            .ToList();
        bool closes = calls.Any(c => c.Called.Name is "Close" or "Dispose");
        HashSet<MethodDefinition> suppressing = calls
            .Where(c => c.Called.DeclaringType.FullName == "System.GC" && c.Called.Name == "SuppressFinalize")
            .Select(c => c.Method)
            .ToHashSet();
        foreach ((MethodDefinition method, Instruction at, MethodReference called) in calls)
        {
            string? opened = Opened(at, called);
            if (opened == null)
            {
                continue;
            }

            string where = $"{type.FullName}::{method.Name} IL_{at.Offset:X4}";
            if (!closes)
            {
                yield return IlRules.StreamOwner.At(where, $"{type.Name} opens a {opened} and never closes one");
            }
            else if (opened == FileStream && (suppressing.Count == 0 || Uses(calls, method) && !suppressing.Contains(method)))
            {
                yield return IlRules.StreamOwner.At(where, $"{type.Name} closes a {opened} without GC.SuppressFinalize");
            }
        }
    }

    private static string? Opened(Instruction at, MethodReference called)
    {
        string type = at.OpCode.Code == Code.Newobj ? called.DeclaringType.FullName : called.ReturnType.FullName;
        bool makes = at.OpCode.Code == Code.Newobj || called.DeclaringType.FullName is "System.IO.File" or "System.IO.FileInfo"
            || called.Name is "Accept" or "GetResponse";
        if (called.Name == "GetResponse")
        {
            type = "System.Net.HttpWebResponse"; // declared as its base
        }

        return makes && s_streams.Contains(type) ? type : null;
    }

    // A `using` in the method: its Dispose comes to FileStream.Close.
    private static bool Uses(List<(MethodDefinition Method, Instruction At, MethodReference Called)> calls, MethodDefinition method) =>
        calls.Any(c => c.Method == method && c.Called.Name == "Dispose" && c.Called.DeclaringType.FullName == "System.IDisposable");
}
