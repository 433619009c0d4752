// Each IL rule catches a snippet that compiles, and lets the way around it pass.

using Microsoft.CodeAnalysis.CSharp;

namespace NanoSync.NanoProfile.Tests;

[TestClass]
public sealed class IlRuleTests
{
    private static IReadOnlyList<Finding> Check(string code, LanguageVersion language = LanguageVersion.CSharp10)
    {
        CompileResult result = NanoCompiler.Compile(
            "Snippet",
            [("Snippet.cs", "using System; using System.IO; using System.Text; using System.Net; " + code)],
            NanoPackages.All,
            allowUnsafe: true,
            language: language);
        Assert.IsNotNull(result.Image, "The snippet must compile: " + string.Join(Environment.NewLine, result.Findings));
        return IlCheck.Check(Cecil.Read(result.Image));
    }

    private static void Catches(IlRule rule, string where, string violating, string clean, LanguageVersion language = LanguageVersion.CSharp10)
    {
        IReadOnlyList<Finding> findings = Check(violating, language);
        Finding? finding = findings.FirstOrDefault(f => f.Rule == rule.Id);
        Assert.IsNotNull(finding, $"{rule.Id} did not catch it. Found: {string.Join(Environment.NewLine, findings)}");
        StringAssert.Contains(finding.Where, where, finding.ToString());
        Assert.IsGreaterThan(0, finding.Instead.Length, "A finding says what to do instead.");

        IReadOnlyList<Finding> afterwards = Check(clean);
        Assert.IsEmpty(afterwards, string.Join(Environment.NewLine, afterwards));
    }

    private static string Repeat(int count, Func<int, string> part) =>
        string.Concat(Enumerable.Range(0, count).Select(part));

    [TestMethod]
    public void A_generic_type() => Catches(IlRules.GenericType, "Box",
        "class Box<T> { public T Value; }",
        "class Box { public object Value; }");

    [TestMethod]
    public void A_generic_method() => Catches(IlRules.GenericMethod, "C::First",
        "class C { static T First<T>(T[] a) { return a[0]; } }",
        "class C { static int First(int[] a) { return a[0]; } }");

    [TestMethod]
    [DataRow("class Box<T> { } class C { Box<int> _box; }", "C::_box", DisplayName = "field")]
    [DataRow("class C { static T Id<T>(T a) => a; static int F() { return Id(1); } }", "C::F IL_", DisplayName = "call of a generic method")]
    [DataRow("class Box<T> { } class C { static object F() { return new Box<int>(); } }", "C::F IL_", DisplayName = "new")]
    [DataRow("interface I<T> { } class C : I<int> { }", "C", DisplayName = "interface")]
    [DataRow("class C { Func<int> _f; }", "C::_f", DisplayName = "Func, which mscorlib has")]
    [DataRow("class C { Action<int> _f; }", "C::_f", DisplayName = "Action with an argument")]
    [DataRow("delegate void D<T>(T a); class C { static void F(D<int>[] d) { } }", "C::F", DisplayName = "parameter, inside an array")]
    public void A_generic_instance(string code, string where) => Catches(IlRules.GenericInstance, where, code,
        "delegate void D(int a); class C { D _d; static void F(D[] d) { } }");

    [TestMethod]
    [DataRow("class C { int[,] _a; }", "C::_a", DisplayName = "field")]
    [DataRow("class C { static object F() { return new int[2, 2]; } }", "C::F IL_", DisplayName = "new")]
    public void A_multi_dimensional_array(string code, string where) => Catches(IlRules.MultiDimensionalArray, where, code,
        "class C { int[][] _a = new int[2][]; }");

    [TestMethod]
    [DataRow("unsafe class C { static int F(int* a) { return *a; } }", DisplayName = "pointer")]
    [DataRow("unsafe class C { static int F() { int* a = stackalloc int[4]; return a[0]; } }", DisplayName = "stackalloc")]
    [DataRow("unsafe class C { static int F(byte[] b) { fixed (byte* a = b) { return a[0]; } } }", DisplayName = "fixed")]
    public void A_pointer(string code) => Catches(IlRules.Pointer, "C::F", code,
        "class C { static int F(byte[] a, int offset) { return a[offset]; } }");

    [TestMethod]
    [DataRow("checked(a + b)", DisplayName = "add.ovf")]
    [DataRow("checked((byte)a)", DisplayName = "conv.ovf.u1")]
    [DataRow("checked((int)(uint)a * b)", DisplayName = "mul.ovf")]
    public void Checked_arithmetic(string expression) => Catches(IlRules.CheckedArithmetic, "C::F IL_",
        $"class C {{ static int F(int a, int b) {{ return {expression}; }} }}",
        "class C { static int F(int a, int b) { return a > 1000 - b ? 1000 : a + b; } }");

    [TestMethod]
    public void A_default_interface_method() => Catches(IlRules.DefaultInterfaceMethod, "I::F",
        "interface I { int F() { return 1; } }",
        "interface I { int F(); } abstract class B : I { public virtual int F() { return 1; } }");

    [TestMethod]
    public void A_wide_switch()
    {
        static string Switch(int cases) => "class C { static int F(int a) { switch (a) {"
            + Repeat(cases, i => $"case {i}: return {(i * 7919) % 1009};") + "default: return -1; } } }";

        Catches(IlRules.WideSwitch, "C::F IL_", Switch(256), Switch(255));
    }

    [TestMethod]
    [DataRow("static void M{0}() {{ }}", DisplayName = "static")]
    [DataRow("void M{0}() {{ }}", DisplayName = "instance")]
    [DataRow("public virtual void M{0}() {{ }}", DisplayName = "virtual")]
    public void Too_many_methods_of_a_kind(string method)
    {
        // The instance kind has the constructor too.
        static string Type(string method, int count) => "class C { " + Repeat(count, i => string.Format(method, i)) + " }";

        Catches(IlRules.TooManyMethods, "C", Type(method, 256), Type(method, 254));
    }

    [TestMethod]
    public void Too_many_fields() => Catches(IlRules.TooManyFields, "C",
        "class C { " + Repeat(256, i => $"public int F{i};") + " }",
        "class C { " + Repeat(255, i => $"public int F{i};") + Repeat(300, i => $"public const int K{i} = {i};") + " }");

    [TestMethod]
    public void Too_much_il()
    {
        static string Types(int count) => Repeat(count, i =>
            $"class C{i} {{ static int F(int a) {{ return {Repeat(1000, k => $"(a ^ {1000 + k}) + ")}0; }} }} ");

        // One method is about 8,000 bytes.
        Catches(IlRules.TooMuchIl, "Snippet", Types(10), Types(5));
    }

    [TestMethod]
    public void Too_many_strings()
    {
        static string Literals(int count) => "class C { static string F(int a) { "
            + Repeat(count, i => $"if (a == {i * 3}) return \"{new string('x', 95)}{i:D4}\"; ") + "return null; } }";

        // One literal is 100 bytes with its NUL.
        Catches(IlRules.TooManyStrings, "Snippet", Literals(660), Literals(600));
    }

    [TestMethod]
    [DataRow("readonly struct S { public readonly int A; }", LanguageVersion.CSharp10, DisplayName = "readonly struct")]
    [DataRow("#nullable enable\nclass C { public string? A; public string B = \"\"; public string? G(string x) => A; }", LanguageVersion.CSharp10, DisplayName = "#nullable")]
    [DataRow("class C { static ref int F(ref int a) => ref a; }", LanguageVersion.CSharp11, DisplayName = "LangVersion 11")]
    public void An_embedded_attribute_type(string code, LanguageVersion language) => Catches(IlRules.EmbeddedType, "Attribute",
        "\n" + code, "struct S { public int A; } class C { static ref int F(ref int a) => ref a; }", language);

    [TestMethod]
    public void An_instruction_that_nanoCLR_does_not_run() => Catches(IlRules.Opcode, "C::F IL_",
        "unsafe class C { static int F(delegate*<int, int> f) { return f(1); } }",
        "delegate int D(int a); class C { static int F(D f) { return f(1); } }");

    [TestMethod]
    [DataRow("E.B", DisplayName = "enum")]
    [DataRow("5L", DisplayName = "long")]
    [DataRow("new int[] { 1, 2 }", DisplayName = "int[]")]
    public void An_attribute_argument(string argument)
    {
        static string Test(string argument) => "using nanoFramework.TestFramework; enum E { A, B } [TestClass] public class C { "
            + $"[DataRow(1, {argument})] [DataRow(2, \"x\")] public void F(int a, object b) {{ }} }}";

        Catches(IlRules.AttributeArgument, "C::F [DataRowAttribute]", Test(argument), Test("true"));
    }

    [TestMethod]
    public void A_nul_in_a_string() => Catches(IlRules.NulInString, "C::F IL_",
        "class C { static string F() { return \"a\\0b\"; } }",
        "class C { static byte[] F() { return new byte[] { 97, 0, 98 }; } }");

    [TestMethod]
    [DataRow("static object F() { return File.AppendText(\"a\"); }", "overwrites", DisplayName = "File.AppendText")]
    [DataRow("static object F() { return File.ReadAllBytes(\"a\"); }", "short read", DisplayName = "File.ReadAllBytes")]
    [DataRow("static int F(FileStream s) { return s.Read(new SpanByte(new byte[4])); }", "NotImplemented", DisplayName = "FileStream.Read(SpanByte)")]
    [DataRow("static object F(System.Reflection.MethodInfo m) { return m.GetParameters(); }", "compacting", DisplayName = "GetParameters")]
    [DataRow("static void F(HttpWebRequest r) { r.SendChunked = true; }", "no chunks", DisplayName = "SendChunked")]
    [DataRow("static object F(System.Net.Http.HttpContent c) { return c.ReadAsStream(); }", "whole body", DisplayName = "ReadAsStream")]
    public void A_member_that_does_not_do_its_work(string method, string what)
    {
        string code = $"class C {{ {method} }}";
        Catches(IlRules.Trap, "C::F IL_", code,
            "class C { static int F(FileStream s, byte[] b) { return s.Read(b, 0, b.Length); } }");
        StringAssert.Contains(Check(code)[0].What, what);
    }

    [TestMethod]
    [DataRow("static int F() { using FileStream s = new FileStream(\"a\", FileMode.Open); return (int)s.Length; }", DisplayName = "using")]
    [DataRow("static void F() { FileStream s = new FileStream(\"a\", FileMode.Open); s.Close(); }", DisplayName = "Close alone")]
    [DataRow("static void F() { FileStream s = File.OpenRead(\"a\"); s.Close(); }", DisplayName = "File.OpenRead")]
    [DataRow("static object F() { return new FileStream(\"a\", FileMode.Open); }", DisplayName = "given away")]
    [DataRow("static int F() { using FileStream s = new FileStream(\"a\", FileMode.Open); return 1; } static void G(Stream s) { s.Close(); GC.SuppressFinalize(s); }", DisplayName = "using beside an owner")]
    [DataRow("static object F() { return new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.InterNetwork, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp); }", DisplayName = "a socket given away")]
    public void A_stream_that_is_left_to_its_finalizer(string method) => Catches(IlRules.StreamOwner, "C::F IL_",
        $"class C {{ {method} }}",
        "class C { static FileStream s_s; static void F() { s_s = new FileStream(\"a\", FileMode.Open); } static void G() { s_s.Close(); GC.SuppressFinalize(s_s); } }");

    [TestMethod]
    public void Every_rule_is_tested_here()
    {
        string source = File.ReadAllText(Path.Combine(Repository.Root, "Tests", "NanoProfileTests", "IlRuleTests.cs"));
        System.Reflection.FieldInfo[] rules = typeof(IlRules).GetFields().Where(f => f.FieldType == typeof(IlRule)).ToArray();
        Assert.HasCount(IlRules.All.Count, rules);
        foreach (System.Reflection.FieldInfo rule in rules)
        {
            StringAssert.Contains(source, $"Catches(IlRules.{rule.Name}, ");
        }

        Assert.HasCount(IlRules.All.Count, IlRules.All.Select(r => r.Id).Distinct());
    }
}
