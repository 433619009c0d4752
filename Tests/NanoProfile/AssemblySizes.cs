// How big an assembly will be for the metadata processor, counted from the dll.
//
// IL bytes follow its code writer: 2-byte tokens and long branches, 1 + 2n bytes for a switch, 12 bytes per exception
// handler and 1 per method that has any: the same to the byte as in the pe files of our own assemblies.
// String bytes are an upper bound: every distinct name and literal in UTF-8 with its NUL, without deducting the 860
// names of nanoCLR's built-in table.

using System.Text;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace NanoSync.NanoProfile;

public sealed record AssemblySizes(int Types, int Methods, int Fields, int IlBytes, int StringBytes)
{
    public static AssemblySizes Of(AssemblyDefinition assembly)
    {
        ModuleDefinition module = assembly.MainModule;
        List<TypeDefinition> types = module.GetTypes().Where(t => t.Name != "<Module>").ToList();
        List<MethodDefinition> methods = types.SelectMany(t => t.Methods).ToList();
        List<FieldDefinition> fields = types.SelectMany(t => t.Fields).Where(f => !f.IsLiteral).ToList();
        List<MethodBody> bodies = methods.Where(m => m.HasBody).Select(m => m.Body).ToList();

        HashSet<string> strings = [assembly.Name.Name];
        strings.UnionWith(module.AssemblyReferences.Select(r => r.Name));
        strings.UnionWith(types.Concat(module.GetTypeReferences()).SelectMany(t => new[] { t.Namespace, t.Name }));
        strings.UnionWith(methods.Select(m => m.Name));
        strings.UnionWith(fields.Select(f => f.Name));
        strings.UnionWith(module.GetMemberReferences().Select(m => m.Name));
        strings.UnionWith(bodies.SelectMany(b => b.Instructions).Select(i => i.Operand).OfType<string>());
        strings.UnionWith(types.Concat<ICustomAttributeProvider>(methods).Concat(fields)
            .SelectMany(m => m.CustomAttributes).SelectMany(a => a.ConstructorArguments).SelectMany(StringsOf));

        return new AssemblySizes(
            types.Count,
            methods.Count,
            fields.Count,
            bodies.Sum(IlBytesOf),
            strings.Sum(s => Encoding.UTF8.GetByteCount(s) + 1));
    }

    private static IEnumerable<string> StringsOf(CustomAttributeArgument argument) => argument.Value switch
    {
        string text => [text],
        CustomAttributeArgument boxed => StringsOf(boxed),
        CustomAttributeArgument[] items => items.SelectMany(StringsOf),
        _ => [],
    };

    /// <summary>Bytes of a method's IL in the pe.</summary>
    public static int IlBytesOf(MethodDefinition method) => method.HasBody ? IlBytesOf(method.Body) : 0;

    private static int IlBytesOf(MethodBody body)
    {
        int bytes = body.HasExceptionHandlers ? 1 + (12 * body.ExceptionHandlers.Count) : 0;
        foreach (Instruction instruction in body.Instructions)
        {
            bytes += instruction.OpCode.OperandType switch
            {
                OperandType.InlineSwitch => instruction.OpCode.Size + 1 + (2 * ((Instruction[])instruction.Operand).Length),
                OperandType.InlineString or OperandType.InlineMethod or OperandType.InlineField
                    or OperandType.InlineType or OperandType.InlineBrTarget => instruction.OpCode.Size + 2,
                _ => instruction.GetSize(),
            };
        }

        return bytes;
    }
}
