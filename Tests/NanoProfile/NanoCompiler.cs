// Compiles device sources as the board build does: C# 10, the real mscorlib and the declarations of Reference/ only.
// What nanoFramework's mscorlib lacks, the C# compiler itself refuses: nullable values, yield, tuples, async, LINQ,
// decimal, Index and Range, Span, volatile, and every member that a board does not have.

using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Emit;

namespace NanoSync.NanoProfile;

/// <summary>An image when it compiled, else findings.</summary>
public sealed record CompileResult(byte[]? Image, IReadOnlyList<Finding> Findings);

public static class NanoCompiler
{
    /// <summary>Compiles named sources.</summary>
    /// <param name="allowUnsafe">For tests of the IL check only: no .nfproj of ours sets it.</param>
    public static CompileResult Compile(
        string assembly,
        IEnumerable<(string Name, string Text)> sources,
        IEnumerable<NanoPackage> packages,
        IEnumerable<byte[]>? projects = null,
        bool isApplication = false,
        bool allowUnsafe = false,
        LanguageVersion language = LanguageVersion.CSharp10)
    {
        CSharpParseOptions parsing = new(language, preprocessorSymbols: ["NANOFRAMEWORK_1_0", "TRACE"]);
        CSharpCompilation compilation = CSharpCompilation.Create(
            assembly,
            sources.Select(s => CSharpSyntaxTree.ParseText(s.Text, parsing, s.Name)),
            ReferenceAssemblies.For(packages)
                .Concat((projects ?? []).Select(image => MetadataReference.CreateFromImage(image))),
            new CSharpCompilationOptions(
                isApplication ? OutputKind.ConsoleApplication : OutputKind.DynamicallyLinkedLibrary,
                optimizationLevel: OptimizationLevel.Release,
                allowUnsafe: allowUnsafe,
                deterministic: true));

        using MemoryStream image = new();
        EmitResult result = compilation.Emit(image, options: new EmitOptions(runtimeMetadataVersion: "v4.0.30319"));
        List<Finding> findings = result.Diagnostics
            .Where(d => d.Severity == DiagnosticSeverity.Error)
            .Select(d => new Finding(d.Id, Where(d), d.GetMessage(), CompilerAdvice.For(d.Id, d.GetMessage())))
            .Distinct()
            .ToList();
        return new CompileResult(result.Success ? image.ToArray() : null, findings);
    }

    private static string Where(Diagnostic diagnostic)
    {
        FileLinePositionSpan at = diagnostic.Location.GetLineSpan();
        return !at.IsValid ? "(assembly)" : $"{at.Path}({at.StartLinePosition.Line + 1},{at.StartLinePosition.Character + 1})";
    }
}
