// Which framework members an assembly uses, by package: what a port, or a new nanoFramework version, has to keep.

using Mono.Cecil;

namespace NanoSync.NanoProfile;

public static class MemberUse
{
    /// <summary>"Type.Member" of each framework member used, by package in the table's order.</summary>
    public static IReadOnlyDictionary<NanoPackage, IReadOnlyCollection<string>> Of(IEnumerable<AssemblyDefinition> assemblies)
    {
        Dictionary<string, SortedSet<string>> byAssembly = [];
        foreach (ModuleDefinition module in assemblies.Select(a => a.MainModule))
        {
            foreach (MemberReference member in module.GetMemberReferences())
            {
                Add(Scope(member.DeclaringType), $"{member.DeclaringType.FullName}.{Name(member)}");
            }

            foreach (TypeReference type in module.GetTypeReferences())
            {
                Add(Scope(type), type.FullName);
            }
        }

        // A type is told by its members; alone it stands only when none of them is used.
        foreach (SortedSet<string> members in byAssembly.Values)
        {
            string[] all = [.. members];
            members.RemoveWhere(m => all.Any(other => other.StartsWith(m + ".", StringComparison.Ordinal)));
        }

        return NanoPackages.All
            .Where(p => byAssembly.ContainsKey(p.Assembly))
            .ToDictionary(p => p, p => (IReadOnlyCollection<string>)byAssembly[p.Assembly]);

        void Add(string assembly, string member)
        {
            if (!byAssembly.TryGetValue(assembly, out SortedSet<string>? members))
            {
                byAssembly[assembly] = members = new SortedSet<string>(StringComparer.Ordinal);
            }

            members.Add(member);
        }
    }

    private static string Scope(TypeReference type) => type.GetElementType().Scope.Name;

    private static string Name(MemberReference member) => member is MethodReference method
        ? $"{method.Name}({string.Join(", ", method.Parameters.Select(p => p.ParameterType.Name))})"
        : member.Name;
}
