// What the device-side compiler sees of a board: the real mscorlib out of its package, and metadata without code
// compiled from Reference/<assembly>.cs for the assemblies that no package here brings.

using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Emit;

namespace NanoSync.NanoProfile;

/// <summary>The assemblies that device code refers to, by assembly name; made once per process.</summary>
public static class ReferenceAssemblies
{
    /// <summary>The assembly that the package nanoFramework.CoreLibrary brings.</summary>
    public const string Real = "mscorlib";

    private static readonly Lazy<IReadOnlyDictionary<string, byte[]>> s_images = new(MakeAll);

    /// <summary>The assemblies that are declared in Reference/, in the order of <see cref="NanoPackages.All"/>.</summary>
    public static IEnumerable<NanoPackage> Declared => NanoPackages.All.Where(p => p.Assembly != Real);

    /// <summary>The image of one assembly.</summary>
    public static byte[] Image(string assembly) => s_images.Value[assembly];

    /// <summary>What the compiler is given for a set of packages.</summary>
    public static IEnumerable<MetadataReference> For(IEnumerable<NanoPackage> packages) =>
        packages.Select(p => MetadataReference.CreateFromImage(Image(p.Assembly)));

    private static Dictionary<string, byte[]> MakeAll()
    {
        Dictionary<string, byte[]> images = new() { [Real] = ReadReal() };
        foreach (NanoPackage package in Declared)
        {
            images[package.Assembly] = Compile(
                package, NanoPackages.Closure(package.Needs).Select(p => MetadataReference.CreateFromImage(images[p.Assembly])));
        }

        return images;
    }

    private static byte[] ReadReal()
    {
        using Stream packed = typeof(ReferenceAssemblies).Assembly.GetManifestResourceStream(Real + ".dll")!;
        using MemoryStream image = new();
        packed.CopyTo(image);
        return image.ToArray();
    }

    private static byte[] Compile(NanoPackage package, IEnumerable<MetadataReference> references)
    {
        string file = Path.Combine(Repository.Root, "Tests", "NanoProfile", "Reference", package.Assembly + ".cs");
        CSharpParseOptions parsing = new(LanguageVersion.CSharp10);
        SyntaxTree declarations = CSharpSyntaxTree.ParseText(File.ReadAllText(file), parsing, file);
        SyntaxTree version = CSharpSyntaxTree.ParseText(
            $"[assembly: System.Reflection.AssemblyVersion(\"{package.Version}.0\")]", parsing);
        CSharpCompilation compilation = CSharpCompilation.Create(
            package.Assembly,
            [declarations, version],
            references,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));

        using MemoryStream image = new();
        EmitResult result = compilation.Emit(
            image, options: new EmitOptions(metadataOnly: true, runtimeMetadataVersion: "v4.0.30319"));
        return result.Success ? image.ToArray() : throw new InvalidOperationException($"{package.Assembly}: " + string.Join(
            Environment.NewLine, result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error)));
    }
}
