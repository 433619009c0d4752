// Walks one compiled device assembly and reports what IlRules forbid.

using Mono.Cecil;
using Mono.Cecil.Cil;

namespace NanoSync.NanoProfile;

/// <summary>The IL check. Positions are IL offsets of a Release build.</summary>
public sealed class IlCheck
{
    private const int OneByte = 255;
    private const int TableLimit = ushort.MaxValue;

    private readonly List<Finding> _findings = [];

    private IlCheck()
    {
    }

    /// <summary>Checks an assembly; an empty list is a pass.</summary>
    public static IReadOnlyList<Finding> Check(AssemblyDefinition assembly)
    {
        IlCheck check = new();
        foreach (TypeDefinition type in assembly.MainModule.GetTypes())
        {
            check.Type(type);
        }

        check.Limits(assembly);
        return check._findings.Distinct().ToList();
    }

    private void Report(IlRule rule, string where, string what) => _findings.Add(rule.At(where, what));

    private void Limits(AssemblyDefinition assembly)
    {
        AssemblySizes sizes = AssemblySizes.Of(assembly);
        if (sizes.IlBytes > TableLimit)
        {
            Report(IlRules.TooMuchIl, assembly.Name.Name, $"{sizes.IlBytes} bytes of IL");
        }

        if (sizes.StringBytes > TableLimit)
        {
            Report(IlRules.TooManyStrings, assembly.Name.Name, $"{sizes.StringBytes} bytes of strings");
        }
    }

    private void Type(TypeDefinition type)
    {
        string where = type.FullName;
        if (type.Namespace == "Microsoft.CodeAnalysis" || type.CustomAttributes.Any(a => a.AttributeType.Name == "EmbeddedAttribute"))
        {
            Report(IlRules.EmbeddedType, where, type.Name);
            return;
        }

        if (type.HasGenericParameters)
        {
            Report(IlRules.GenericType, where, $"{type.Name} has type parameters");
        }

        Uses(type.BaseType, where);
        foreach (InterfaceImplementation implemented in type.Interfaces)
        {
            Uses(implemented.InterfaceType, where);
        }

        foreach (FieldDefinition field in type.Fields)
        {
            Uses(field.FieldType, $"{where}::{field.Name}");
        }

        Attributes(type, where);
        Count(type);
        _findings.AddRange(StreamOwner.Check(type));
        foreach (MethodDefinition method in type.Methods)
        {
            Method(method);
        }
    }

    private void Count(TypeDefinition type)
    {
        void Methods(string kind, Func<MethodDefinition, bool> isKind)
        {
            int count = type.Methods.Count(isKind);
            if (count > OneByte)
            {
                Report(IlRules.TooManyMethods, type.FullName, $"{count} {kind} methods");
            }
        }

        Methods("virtual", m => m.IsVirtual);
        Methods("instance", m => !m.IsVirtual && !m.IsStatic);
        Methods("static", m => !m.IsVirtual && m.IsStatic);

        foreach (bool isStatic in new[] { true, false })
        {
            int count = type.Fields.Count(f => !f.IsLiteral && f.IsStatic == isStatic);
            if (count > OneByte)
            {
                Report(IlRules.TooManyFields, type.FullName, $"{count} {(isStatic ? "static" : "instance")} fields");
            }
        }
    }

    private void Method(MethodDefinition method)
    {
        string where = $"{method.DeclaringType.FullName}::{method.Name}";
        if (method.HasGenericParameters)
        {
            Report(IlRules.GenericMethod, where, $"{method.Name} has type parameters");
        }

        if (method.DeclaringType.IsInterface && !method.IsAbstract && !method.IsStatic)
        {
            Report(IlRules.DefaultInterfaceMethod, where, "an interface method with a body");
        }

        Uses(method.ReturnType, where);
        foreach (ParameterDefinition parameter in method.Parameters)
        {
            Uses(parameter.ParameterType, where);
        }

        Attributes(method, where);
        if (!method.HasBody)
        {
            return;
        }

        foreach (VariableDefinition variable in method.Body.Variables)
        {
            Uses(variable.VariableType, where);
        }

        foreach (Instruction instruction in method.Body.Instructions)
        {
            Step(instruction, $"{where} IL_{instruction.Offset:X4}");
        }
    }

    private void Step(Instruction instruction, string where)
    {
        string name = instruction.OpCode.Name;
        switch (instruction.OpCode.Code)
        {
            case Code.Localloc or Code.Cpblk or Code.Initblk:
                Report(IlRules.Pointer, where, name);
                break;
            case Code.Tail or Code.Calli or Code.Jmp or Code.Arglist or Code.Mkrefany or Code.Refanytype or Code.Refanyval
                or Code.Unaligned or Code.Volatile or Code.Readonly:
                Report(IlRules.Opcode, where, name);
                break;
            case Code.Switch when ((Instruction[])instruction.Operand).Length > OneByte:
                Report(IlRules.WideSwitch, where, $"a switch with {((Instruction[])instruction.Operand).Length} targets");
                break;
            default:
                if (name.Contains(".ovf", StringComparison.Ordinal))
                {
                    Report(IlRules.CheckedArithmetic, where, name);
                }

                break;
        }

        switch (instruction.Operand)
        {
            case string text when text.Contains('\0'):
                Report(IlRules.NulInString, where, $"a string literal of {text.Length} characters with a NUL");
                break;
            case MethodReference method:
                Call(method, where);
                break;
            case FieldReference field:
                Uses(field.DeclaringType, where);
                break;
            case TypeReference type:
                Uses(type, where);
                break;
        }
    }

    private void Call(MethodReference method, string where)
    {
        if (method is GenericInstanceMethod)
        {
            Report(IlRules.GenericInstance, where, method.Name);
        }

        Uses(method.DeclaringType, where);
        bool spanOverload = method.Parameters.Count == 1 && method.Parameters[0].ParameterType.Name == "SpanByte";
        if (TrapMembers.Find(method.DeclaringType.FullName, method.Name, spanOverload) is { } trap)
        {
            _findings.Add(new Finding(IlRules.Trap.Id, where,
                $"{method.DeclaringType.Name}.{method.Name} {trap.What}", trap.Instead));
        }
    }

    /// <summary>A type named anywhere: looks through arrays, references, modifiers and type arguments.</summary>
    private void Uses(TypeReference? type, string where)
    {
        switch (type)
        {
            case GenericInstanceType generic:
                Report(IlRules.GenericInstance, where, generic.FullName);
                break;
            case ArrayType { Rank: > 1 } array:
                Report(IlRules.MultiDimensionalArray, where, array.FullName);
                break;
            case PointerType or PinnedType or FunctionPointerType:
                Report(IlRules.Pointer, where, type.FullName);
                break;
            case TypeSpecification other:
                Uses(other.ElementType, where);
                break;
        }
    }

    private void Attributes(ICustomAttributeProvider provider, string where)
    {
        foreach (CustomAttribute attribute in provider.CustomAttributes)
        {
            IEnumerable<CustomAttributeArgument> all = attribute.ConstructorArguments
                .Concat(attribute.Fields.Select(f => f.Argument))
                .Concat(attribute.Properties.Select(p => p.Argument));

            // Only the attributes that a pe keeps: the compiler's own (flags enums and all) are dropped or never read.
            if (attribute.AttributeType.Namespace.StartsWith("System", StringComparison.Ordinal))
            {
                continue;
            }

            foreach (CustomAttributeArgument argument in all)
            {
                Argument(argument, $"{where} [{attribute.AttributeType.Name}]");
            }
        }
    }

    private void Argument(CustomAttributeArgument argument, string where)
    {
        switch (argument.Value)
        {
            case CustomAttributeArgument boxed:
                Argument(boxed, where);
                return;
            case CustomAttributeArgument[] items when argument.Type.FullName == "System.Object[]":
                foreach (CustomAttributeArgument item in items)
                {
                    Argument(item, where);
                }

                return;
            case CustomAttributeArgument[]:
                Report(IlRules.AttributeArgument, where, $"an argument of type {argument.Type.FullName}");
                return;
        }

        if (argument.Type.FullName is not ("System.Boolean" or "System.Byte" or "System.SByte" or "System.Int16"
            or "System.UInt16" or "System.Int32" or "System.UInt32" or "System.Single" or "System.Double"
            or "System.Char" or "System.String" or "System.Type" or "System.Object"))
        {
            Report(IlRules.AttributeArgument, where, $"an argument of type {argument.Type.FullName}");
        }
    }
}
