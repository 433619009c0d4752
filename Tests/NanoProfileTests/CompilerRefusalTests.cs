// The compiler refuses what nanoFramework's mscorlib lacks. Each row is a construct, with the words in which it is refused.

namespace NanoSync.NanoProfile.Tests;

[TestClass]
public sealed class CompilerRefusalTests
{
    /// <summary>Members of a class; rows whose statements go into a method use { }.</summary>
    private static CompileResult Compile(string members, bool allowUnsafe = false) => NanoCompiler.Compile(
        "Snippet",
        [("Snippet.cs", $"using System; using System.Collections; using System.IO; using System.Text; class Snippet {{ {members} }}")],
        NanoPackages.All,
        allowUnsafe: allowUnsafe);

    [TestMethod]
    [DataRow("System.Collections.Generic.List<int> a;", "CS0234", "no generics", DisplayName = "List<int>")]
    [DataRow("List<int> a;", "CS0246", "ArrayList", DisplayName = "List<int>, unqualified")]
    [DataRow("IEnumerable<int> a;", "CS0308", "", DisplayName = "IEnumerable<int>")]
    [DataRow("int? a;", "CS0518", "no nullable value types", DisplayName = "int?")]
    [DataRow("int F(string s) { return s?.Length ?? -1; }", "CS0518", "no nullable value types", DisplayName = "s?.Length ?? -1")]
    [DataRow("IEnumerable F() { yield return 1; }", "CS0656", "", DisplayName = "yield")]
    [DataRow("(int, int) F() { return (1, 2); }", "CS8179", "no tuples", DisplayName = "tuple")]
    [DataRow("record R(int A);", "CS0518", "no records", DisplayName = "record")]
    [DataRow("async void F() { }", "CS0656", "no async", DisplayName = "async void")]
    [DataRow("async System.Threading.Tasks.Task F() { }", "CS0234", "no async", DisplayName = "async Task")]
    [DataRow("object F(int[] a) { return System.Linq.Enumerable.First(a); }", "CS0234", "no LINQ", DisplayName = "LINQ method")]
    [DataRow("object F(int[] a) { return from x in a select x; }", "CS1935", "", DisplayName = "LINQ query")]
    [DataRow("decimal a;", "CS0518", "no decimal", DisplayName = "decimal")]
    [DataRow("int F(int[] a) { return a[^1]; }", "CS0518", "a[a.Length - 1]", DisplayName = "a[^1]")]
    [DataRow("string F(string a) { return a[1..2]; }", "CS0518", "", DisplayName = "a[1..2]")]
    [DataRow("Span<byte> F() { return default; }", "CS0246", "no Span", DisplayName = "Span<byte>")]
    [DataRow("ReadOnlySpan<byte> F() { return default; }", "CS0246", "no Span", DisplayName = "ReadOnlySpan<byte>")]
    [DataRow("void F() { byte[] a = \"x\"u8.ToArray(); }", "CS8936", "", DisplayName = "\"x\"u8")]
    [DataRow("void F() { var a = stackalloc byte[4]; }", "CS0214", "", DisplayName = "stackalloc")]
    [DataRow("unsafe void F(int* a) { }", "CS0227", "no pointers", DisplayName = "unsafe")]
    [DataRow("volatile int _a;", "CS0518", "no volatile", DisplayName = "volatile")]
    [DataRow("string F(string s) { return s.Replace(\"a\", \"b\"); }", "CS1061", "StringBuilder", DisplayName = "string.Replace")]
    [DataRow("string F(string[] s) { return string.Join(\",\", s); }", "CS0117", "StringBuilder", DisplayName = "string.Join")]
    [DataRow("int F() { return string.CompareOrdinal(\"a\", \"b\"); }", "CS0117", "StringBuilder", DisplayName = "string.CompareOrdinal")]
    [DataRow("bool F(string s) { return s.Equals(\"a\", StringComparison.Ordinal); }", "CS0103", "", DisplayName = "StringComparison")]
    [DataRow("void F(int[] a) { Array.Sort(a); }", "CS0117", "a loop", DisplayName = "Array.Sort")]
    [DataRow("void F(int[] a) { Array.Resize(ref a, 2); }", "CS0117", "a loop", DisplayName = "Array.Resize")]
    [DataRow("object F() { return Array.Empty<int>(); }", "CS0117", "a loop", DisplayName = "Array.Empty")]
    [DataRow("void F(byte[] a) { Buffer.BlockCopy(a, 0, a, 0, 1); }", "CS0103", "", DisplayName = "Buffer.BlockCopy")]
    [DataRow("void F() { throw new OverflowException(); }", "CS0246", "a board has none", DisplayName = "OverflowException")]
    [DataRow("void F() { File.Replace(\"a\", \"b\", \"c\"); }", "CS0117", "has no such member", DisplayName = "File.Replace")]
    [DataRow("object F() { return System.Security.Cryptography.SHA256.Create(); }", "CS0234", "a board has none", DisplayName = "SHA256")]
    [DataRow("object F() { return Encoding.ASCII; }", "CS0117", "has no such member", DisplayName = "Encoding.ASCII")]
    [DataRow("class A { public virtual object F() { return null; } } class B : A { public override string F() { return null; } }", "CS8830", "", DisplayName = "covariant return")]
    public void Is_refused(string members, string id, string adviceHas)
    {
        CompileResult result = Compile(members);

        Assert.IsTrue(result.Image == null, "It compiled.");
        Finding? finding = result.Findings.FirstOrDefault(f => f.Rule == id);
        Assert.IsNotNull(finding, string.Join(Environment.NewLine, result.Findings));
        StringAssert.Contains(finding.Instead, adviceHas, finding.ToString());
    }

    [TestMethod]
    [DataRow("int F(int[] a) { return a[a.Length - 1]; }", DisplayName = "index from the front")]
    [DataRow("event Action Changed; void F() { int n = 0; Changed += () => n++; Changed(); }", DisplayName = "lambda with capture, event")]
    [DataRow("string F(int n) => n switch { 0 => \"none\", > 5 and < 9 => \"some\", _ => $\"{n}\" };", DisplayName = "switch expression, interpolation")]
    [DataRow("int F(string s) { switch (s) { case \"a\": return 1; case \"b\": return 2; case \"c\": return 3; case \"d\": return 4; case \"e\": return 5; case \"f\": return 6; case \"g\": return 7; default: return 0; } }", DisplayName = "string switch")]
    [DataRow("int F(object o) { return o is string { Length: > 3 } s ? s.Length : 0; }", DisplayName = "property pattern")]
    [DataRow("void F() { try { F(); } catch (IOException e) when (e.ErrorCode != 0) { } finally { } }", DisplayName = "exception filter")]
    [DataRow("int A { get; init; } struct S { public int X; } S F(S s) => s with { X = 2 };", DisplayName = "init, with on a struct")]
    [DataRow("static readonly byte[] s_a = { 1, 2, 3, 4, 5, 6, 7, 8, 9 }; int[][] _b = new int[2][];", DisplayName = "array data, jagged array")]
    [DataRow("ref int F(int[] a) { ref int x = ref a[0]; return ref x; } bool G(string s, out int n) => int.TryParse(s, out n);", DisplayName = "ref local, out")]
    [DataRow("void F() { using var s = new MemoryStream(); lock (s) { s.WriteByte(1); } foreach (object o in new ArrayList()) { } }", DisplayName = "using var, lock, foreach")]
    [DataRow("class A { ~A() { } public static bool operator ==(A a, A b) => true; public static bool operator !=(A a, A b) => false; public int this[int i] => i; }", DisplayName = "finalizer, operator, indexer")]
    [DataRow("abstract class S : Stream { public override bool CanRead => true; public override int Read(SpanByte b) => 0; protected override void Dispose(bool d) { } }", DisplayName = "a Stream of our own")]
    [DataRow("string F(StringBuilder b, object o) { b.Append(1).Append('x'); return \"a\" + 1 + o + string.Format(\"{0:X2}\", 3).PadLeft(4); }", DisplayName = "StringBuilder, concatenation")]
    [DataRow("enum E : byte { A, B } bool F(E e) => e == E.B; const int Max = int.MaxValue; long G(uint u) => unchecked((long)u << 3);", DisplayName = "enum, constants")]
    public void Is_accepted_and_clean(string members)
    {
        CompileResult result = Compile(members);

        Assert.IsNotNull(result.Image, string.Join(Environment.NewLine, result.Findings));
        IReadOnlyList<Finding> findings = IlCheck.Check(Cecil.Read(result.Image));
        Assert.IsEmpty(findings, string.Join(Environment.NewLine, findings));
    }
}
