// Compiles Reference/<assembly>.cs to what the device-side compiler sees of a board: metadata without code.

using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Emit;

namespace NanoSync.NanoProfile;

/// <summary>Our own reference assemblies, by assembly name; compiled once per process.</summary>
public static class ReferenceAssemblies
{
    private static readonly Lazy<IReadOnlyDictionary<string, byte[]>> s_images = new(CompileAll);

    /// <summary>The image of one reference assembly.</summary>
    public static byte[] Image(string assembly) => s_images.Value[assembly];

    /// <summary>What the compiler is given for a set of packages.</summary>
    public static IEnumerable<MetadataReference> For(IEnumerable<NanoPackage> packages) =>
        packages.Select(p => MetadataReference.CreateFromImage(Image(p.Assembly)));

    private static Dictionary<string, byte[]> CompileAll()
    {
        Dictionary<string, byte[]> images = [];
        foreach (NanoPackage package in NanoPackages.All)
        {
            string file = Path.Combine(Repository.Root, "Tests", "NanoProfile", "Reference", package.Assembly + ".cs");
            CSharpParseOptions parsing = new(LanguageVersion.CSharp10);
            SyntaxTree declarations = CSharpSyntaxTree.ParseText(File.ReadAllText(file), parsing, file);
            SyntaxTree version = CSharpSyntaxTree.ParseText(
                $"[assembly: System.Reflection.AssemblyVersion(\"{package.Version}.0\")]", parsing);
            CSharpCompilation compilation = CSharpCompilation.Create(
                package.Assembly,
                [declarations, version],
                NanoPackages.Closure(package.Needs).Where(p => images.ContainsKey(p.Assembly))
                    .Select(p => MetadataReference.CreateFromImage(images[p.Assembly])),
                new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));

            // mscorlib has no mscorlib to take the metadata version from.
            using MemoryStream image = new();
            EmitResult result = compilation.Emit(
                image, options: new EmitOptions(metadataOnly: true, runtimeMetadataVersion: "v4.0.30319"));
            if (!result.Success)
            {
                throw new InvalidOperationException($"{package.Assembly}: " + string.Join(
                    Environment.NewLine, result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error)));
            }

            images[package.Assembly] = image.ToArray();
        }

        return images;
    }
}
