// What counts as never called.

using Mono.Cecil;

namespace NanoSync.NanoProfile.Tests;

[TestClass]
public sealed class UnusedTests
{
    private static List<string> Of(string code)
    {
        CompileResult result = NanoCompiler.Compile("Snippet", [("Snippet.cs", code)], NanoPackages.All, isApplication: true);
        Assert.IsTrue(result.Image != null, string.Join(Environment.NewLine, result.Findings));
        return Unused.Methods([Cecil.Read(result.Image)]).Select(m => $"{m.DeclaringType.Name}.{m.Name}").ToList();
    }

    [TestMethod]
    public void What_is_reached_by_calls_delegates_and_static_fields_is_used()
    {
        List<string> unused = Of("""
            class P { static int s_a = First(); static int First() { return 1; } static void Main() { System.Action a = Called; a(); int b = s_a; } static void Called() { Deeper(); } static void Deeper() { } static void Not() { } }
            """);

        CollectionAssert.AreEquivalent(new[] { "P.Not", "P..ctor" }, unused);
    }

    [TestMethod]
    public void An_override_is_used_when_its_type_is_made_and_the_method_it_stands_for_is_called()
    {
        List<string> unused = Of("""
            interface I { void Run(); void Rest(); }
            class Made : I { public void Run() { } public void Rest() { } public override string ToString() { return ""; } }
            class Never : I { public void Run() { } public void Rest() { } }
            class P { static void Main() { I i = new Made(); i.Run(); } }
            """);

        CollectionAssert.AreEquivalent(new[] { "Made.Rest", "Never.Run", "Never.Rest", "Never..ctor", "P..ctor" }, unused);
    }
}
