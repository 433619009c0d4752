// Reads an image with Mono.Cecil, with references resolved from the assemblies of boards and other images in memory.

using Mono.Cecil;

namespace NanoSync.NanoProfile;

public static class Cecil
{
    public static AssemblyDefinition Read(byte[] image, IEnumerable<byte[]>? others = null) =>
        AssemblyDefinition.ReadAssembly(
            new MemoryStream(image), new ReaderParameters { AssemblyResolver = new Resolver(others ?? []) });

    private sealed class Resolver(IEnumerable<byte[]> others) : IAssemblyResolver
    {
        private readonly Dictionary<string, AssemblyDefinition> _known =
            others.Select(o => AssemblyDefinition.ReadAssembly(new MemoryStream(o))).ToDictionary(a => a.Name.Name);

        public AssemblyDefinition Resolve(AssemblyNameReference name) => Resolve(name, new ReaderParameters());

        public AssemblyDefinition Resolve(AssemblyNameReference name, ReaderParameters parameters)
        {
            if (!_known.TryGetValue(name.Name, out AssemblyDefinition? assembly))
            {
                assembly = _known[name.Name] = AssemblyDefinition.ReadAssembly(
                    new MemoryStream(ReferenceAssemblies.Image(name.Name)), new ReaderParameters { AssemblyResolver = this });
            }

            return assembly;
        }

        public void Dispose()
        {
        }
    }
}
