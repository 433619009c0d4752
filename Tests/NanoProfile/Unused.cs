// What an application loads and never calls: flash and, by a method each, heap tables for nothing.
//
// From the entry point on, along calls, constructions and delegates; a virtual method counts when its type is made
// anywhere and the method it stands for is called. Reflection is not followed: device code has none.

using Mono.Cecil;
using Mono.Cecil.Cil;

namespace NanoSync.NanoProfile;

public static class Unused
{
    /// <summary>The methods of these assemblies that the application, the last one, never reaches.</summary>
    public static IReadOnlyList<MethodDefinition> Methods(IReadOnlyList<AssemblyDefinition> assemblies)
    {
        Dictionary<string, MethodDefinition> all = assemblies
            .SelectMany(a => a.MainModule.GetTypes()).SelectMany(t => t.Methods).ToDictionary(Key);
        HashSet<string> called = [];
        HashSet<string> made = [];
        Queue<MethodDefinition> open = new();

        void Call(MethodReference reference)
        {
            string key = Key(reference);
            if (called.Add(key) && all.TryGetValue(key, out MethodDefinition? method))
            {
                open.Enqueue(method);
                if (method.IsConstructor)
                {
                    made.Add(method.DeclaringType.FullName);
                    foreach (MethodDefinition initializer in method.DeclaringType.Methods.Where(m => m.IsConstructor && m.IsStatic))
                    {
                        Call(initializer);
                    }
                }
            }
        }

        Call(assemblies[^1].EntryPoint);
        List<(MethodDefinition Method, string[] StandsFor)> virtuals = all.Values
            .Where(m => m.IsVirtual).Select(m => (m, StandsFor(m).ToArray())).ToList();
        do
        {
            while (open.TryDequeue(out MethodDefinition? method))
            {
                foreach (Instruction at in method.HasBody ? method.Body.Instructions : [])
                {
                    if (at.Operand is MethodReference target)
                    {
                        Call(target);
                    }
                    else if (at.Operand is FieldReference field && at.OpCode.Code is Code.Ldsfld or Code.Stsfld or Code.Ldsflda
                        && ((FieldReference)at.Operand).DeclaringType is TypeReference owner)
                    {
                        foreach (MethodDefinition initializer in all.Values.Where(m => m.IsConstructor && m.IsStatic && m.DeclaringType.FullName == owner.FullName))
                        {
                            Call(initializer);
                        }
                    }
                }
            }

            foreach ((MethodDefinition method, string[] standsFor) in virtuals)
            {
                // one that stands for a method of the framework may be called by the framework
                if (made.Contains(method.DeclaringType.FullName) && standsFor.Any(s => called.Contains(s) || !all.ContainsKey(s)))
                {
                    Call(method);
                }
            }
        }
        while (open.Count > 0);

        return all.Values.Where(m => !called.Contains(Key(m)) && !m.IsAbstract).ToList();
    }

    private static string Key(MethodReference method) => method.FullName;

    // The methods of base types and interfaces that a call of would end in this one.
    private static IEnumerable<string> StandsFor(MethodDefinition method)
    {
        for (TypeDefinition? type = method.DeclaringType; type != null; type = type.BaseType?.Resolve())
        {
            foreach (TypeDefinition from in type.Interfaces.Select(i => i.InterfaceType.Resolve()).Append(type))
            {
                foreach (MethodDefinition same in from.Methods.Where(m => m.IsVirtual && m != method && Same(m, method)))
                {
                    yield return Key(same);
                }
            }
        }
    }

    private static bool Same(MethodDefinition a, MethodDefinition b) =>
        a.Name == b.Name[(b.Name.LastIndexOf('.') + 1)..] && a.Parameters.Select(p => p.ParameterType.FullName).SequenceEqual(b.Parameters.Select(p => p.ParameterType.FullName))
        || b.Overrides.Any(o => Key(o) == Key(a));
}
