// Compares the declarations of Reference/ with Members/, the lists of what nanoFramework's assemblies really have. A line is
// a member, read from the metadata of the assembly and version that the list's first line names:
//   M static System.Int32 System.Math::Max(System.Int32, System.Int32)

using Mono.Cecil;

namespace NanoSync.NanoProfile;

public static class ApiLists
{
    /// <summary>The folder with the lists.</summary>
    public static string Folder { get; } = Path.Combine(Repository.Root, "Tests", "NanoProfile", "Members");

    /// <summary>Lines for members of a declared assembly that its list does not have.</summary>
    public static IReadOnlyList<string> Outside(string assembly, string folder)
    {
        string file = Path.Combine(folder, assembly + ".txt");
        if (!File.Exists(file))
        {
            return [$"no list for {assembly}"];
        }

        HashSet<string> real = File.ReadLines(file).ToHashSet(StringComparer.Ordinal);
        return Lines(Cecil.Read(ReferenceAssemblies.Image(assembly)).MainModule).Where(l => !real.Contains(l)).ToList();
    }

    /// <summary>The public and protected members of a module in the lists' format.</summary>
    public static IEnumerable<string> Lines(ModuleDefinition module)
    {
        foreach (TypeDefinition type in module.GetTypes().Where(t => t.IsPublic || t.IsNestedPublic))
        {
            yield return $"T {type.FullName} : {Kind(type)}{Bases(type)}";
            if (IsDelegate(type))
            {
                yield return Line(type.Methods.Single(m => m.Name == "Invoke"));
                continue;
            }

            foreach (FieldDefinition field in type.Fields.Where(f => (f.IsPublic || f.IsFamily) && !f.IsRuntimeSpecialName))
            {
                yield return $"F {(field.IsStatic ? "static " : "")}{field.FieldType.FullName} {type.FullName}::{field.Name}"
                    + (type.IsEnum ? $" = {field.Constant}" : "");
            }

            foreach (MethodDefinition method in type.Methods.Where(m => IsVisible(m) && (!m.IsSpecialName || m.IsConstructor || m.Name.StartsWith("op_", StringComparison.Ordinal))))
            {
                yield return Line(method);
            }

            foreach (PropertyDefinition property in type.Properties)
            {
                MethodDefinition? get = Visible(property.GetMethod);
                MethodDefinition? set = Visible(property.SetMethod);
                MethodDefinition? any = get ?? set;
                if (any != null)
                {
                    string index = property.HasParameters
                        ? $"[{string.Join(", ", property.Parameters.Select(p => p.ParameterType.FullName))}]" : "";
                    yield return $"P {(any.IsStatic ? "static " : "")}{property.PropertyType.FullName} {type.FullName}::{property.Name}{index}"
                        + $" {{ {(get == null ? "" : "get; ")}{(set == null ? "" : "set; ")}}}";
                }
            }

            foreach (EventDefinition e in type.Events.Where(e => Visible(e.AddMethod) != null))
            {
                yield return $"E {(e.AddMethod.IsStatic ? "static " : "")}{e.EventType.FullName} {type.FullName}::{e.Name}";
            }
        }
    }

    private static string Line(MethodDefinition m)
    {
        string modifiers = (m.IsPublic ? "" : "protected ") + (m.IsStatic ? "static " : "")
            + (m.IsAbstract ? "abstract " : m.IsVirtual && !m.IsFinal ? "virtual " : "");
        IEnumerable<string> parameters = m.Parameters.Select(p =>
            p.ParameterType.FullName + (p.IsOut ? " out" : "") + (p.IsOptional ? " =" : ""));
        return $"M {modifiers}{m.ReturnType.FullName} {m.DeclaringType.FullName}::{m.Name}({string.Join(", ", parameters)})";
    }

    private static string Kind(TypeDefinition type) =>
        type.IsEnum ? $"enum {type.Fields.Single(f => f.Name == "value__").FieldType.FullName}"
        : IsDelegate(type) ? "delegate"
        : type.IsInterface ? "interface"
        : type.IsValueType ? "struct"
        : type.IsAbstract && type.IsSealed ? "static class"
        : type.IsAbstract ? "abstract class"
        : type.IsSealed ? "sealed class" : "class";

    private static string Bases(TypeDefinition type)
    {
        if (type.IsEnum || IsDelegate(type))
        {
            return "";
        }

        List<string> bases = type.Interfaces.Select(i => i.InterfaceType.FullName).Order(StringComparer.Ordinal).ToList();
        if (type.BaseType is { FullName: not ("System.Object" or "System.ValueType") } @base
            || type.FullName == "System.Enum")
        {
            bases.Insert(0, type.BaseType!.FullName);
        }

        return bases.Count == 0 ? "" : " " + string.Join(", ", bases);
    }

    private static bool IsDelegate(TypeDefinition type) => type.BaseType?.FullName == "System.MulticastDelegate";

    private static bool IsVisible(MethodDefinition method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static MethodDefinition? Visible(MethodDefinition? method) => method != null && IsVisible(method) ? method : null;
}
