// The tests that an assembly has, named as nanoFramework's test launcher names them: the list it must come to.

using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace NanoSync.NanoRun;

internal static class TestList
{
    /// <summary>The assembly with the launcher's Main.</summary>
    public const string Launcher = "nanoFramework.UnitTestLauncher";

    private static readonly string[] s_runs = ["SetupAttribute", "TestMethodAttribute", "DataRowAttribute", "CleanupAttribute"];

    /// <summary>Namespace.Class.Method.i, i counting the method's attributes; TestMethod does not count beside DataRow.</summary>
    public static IReadOnlyList<string> Of(string image)
    {
        using FileStream stream = File.OpenRead(image);
        using PEReader file = new(stream);
        MetadataReader metadata = file.GetMetadataReader();
        List<string> tests = [];
        foreach (TypeDefinition type in metadata.TypeDefinitions.Select(metadata.GetTypeDefinition))
        {
            if (!Attributes(metadata, type.GetCustomAttributes()).Contains("TestClassAttribute"))
            {
                continue;
            }

            string name = metadata.GetString(type.Namespace) + "." + metadata.GetString(type.Name);
            foreach (MethodDefinition method in type.GetMethods().Select(metadata.GetMethodDefinition))
            {
                if ((method.Attributes & MethodAttributes.MemberAccessMask) != MethodAttributes.Public)
                {
                    continue;
                }

                List<string> attributes = Attributes(metadata, method.GetCustomAttributes());
                if (attributes.Contains("DataRowAttribute"))
                {
                    attributes.Remove("TestMethodAttribute");
                }

                tests.AddRange(attributes
                    .Select((attribute, i) => (attribute, i))
                    .Where(a => s_runs.Contains(a.attribute))
                    .Select(a => $"{name}.{metadata.GetString(method.Name)}.{a.i}"));
            }
        }

        return tests;
    }

    private static List<string> Attributes(MetadataReader metadata, CustomAttributeHandleCollection handles) =>
        handles.Select(h => metadata.GetCustomAttribute(h).Constructor)
            .Where(c => c.Kind == HandleKind.MemberReference)
            .Select(c => metadata.GetMemberReference((MemberReferenceHandle)c).Parent)
            .Where(p => p.Kind == HandleKind.TypeReference)
            .Select(p => metadata.GetString(metadata.GetTypeReference((TypeReferenceHandle)p).Name))
            .ToList();
}
