// What an application of a device may call, as a list that is committed: a member that comes, goes or changes is seen in the
// change that does it.

using System.Reflection;
using NanoSync.App;
using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Storage;

namespace NanoSync.FirmwareTests;

[TestClass]
public sealed class SurfaceTests
{
    private static readonly (string Package, Type One, string What)[] s_packages =
    [
        ("NanoSync.App", typeof(SyncDevice), "what an application sees"),
        ("NanoSync.Device.LeanHttp", typeof(LeanHttpCarrier), "the carrier over HTTP"),
        ("NanoSync.Storage.Files", typeof(FileVolume), "the store on files"),
        ("NanoSync.Device", typeof(SyncEngine), "the engine, for who schedules, reports status and takes commands"),
        ("NanoSync.Storage", typeof(FlashStore), "the store, for who keeps more than records"),
        ("NanoSync.Protocol.Lite", typeof(MessageReader), "the message"),
    ];

    [TestMethod]
    public void The_public_members_are_those_of_the_list()
    {
        List<string> text = ["# The public surface", "", "Every public type and member of the packages that a program over HTTP uses; the last three are one package on a board, NanoSync.Device. Written by `SurfaceTests`, which fails when it changed and says how to write it anew. The build for boards lacks `BeginLarge`, `WriteLarge`, `EndLarge` and `AbandonLarge` (Storage/Pc), and has `NanoTls` in place of `PcTls`."];
        foreach ((string package, Type one, string what) in s_packages)
        {
            Type[] types = [.. one.Assembly.GetExportedTypes().OrderBy(t => t.FullName, StringComparer.Ordinal)];
            Assert.AreEqual(package, one.Assembly.GetName().Name);
            text.AddRange(["", $"## {package}: {what}", $"{types.Length} types, {types.Sum(t => Members(t).Length)} members.", "```"]);
            foreach (Type type in types)
            {
                text.Add($"{Kind(type)} {type.FullName}");
                text.AddRange(Members(type).Select(m => "    " + m));
            }

            text.Add("```");
        }

        string path = Repository.PathOf("docs/surface.md");
        string now = string.Join('\n', text) + "\n";
        if (Environment.GetEnvironmentVariable("NANOSYNC_WRITE_SURFACE") == "1")
        {
            File.WriteAllText(path, now);
        }

        Assert.AreEqual(now, File.Exists(path) ? File.ReadAllText(path) : "", "The public surface changed. If that is meant: NANOSYNC_WRITE_SURFACE=1 dotnet test Tests/FirmwareTests --filter Name~public_members, and commit docs/surface.md.");
    }

    [TestMethod]
    public void An_application_sees_few_members()
    {
        Type[] verbs = [typeof(SyncDevice), typeof(Outbox), typeof(Inbox), typeof(TwoWay)];
        Assert.IsLessThanOrEqualTo(24, verbs.Sum(t => Members(t).Length)); // a field each of Record and RecordClass aside
    }

    [TestMethod]
    public void An_error_number_means_one_thing()
    {
        Type[] errors = [typeof(SyncError), typeof(StoreError), typeof(CarrierError)];
        int[] numbers = [.. errors.SelectMany(e => Enum.GetValues(e).Cast<object>()).Select(v => (int)v).Where(n => n != 0)];
        Assert.IsGreaterThan(40, numbers.Length);
        CollectionAssert.AllItemsAreUnique(numbers);
    }

    private static string Kind(Type type) => type.IsEnum ? "enum" : type.IsInterface ? "interface" : typeof(Delegate).IsAssignableFrom(type) ? "delegate" : type.IsAbstract && type.IsSealed ? "static class" : "class";

    private static string[] Members(Type type)
    {
        const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        if (type.IsEnum)
        {
            return [.. Enum.GetNames(type).Select(n => $"{n} = {Convert.ToInt64(Enum.Parse(type, n), System.Globalization.CultureInfo.InvariantCulture)}")];
        }

        IEnumerable<string> constructors = type.GetConstructors(All).Where(IsSeen).Select(c => $"new({Parameters(c)})");
        IEnumerable<string> fields = type.GetFields(All).Where(f => f.IsPublic || f.IsFamily).Select(f => $"{Name(f.FieldType)} {f.Name}{(f.IsLiteral ? $" = {f.GetRawConstantValue()}" : "")}");
        IEnumerable<string> properties = type.GetProperties(All).Where(p => IsSeen(p.GetMethod ?? p.SetMethod!)).Select(p => $"{Name(p.PropertyType)} {p.Name}{(p.SetMethod is { } set && IsSeen(set) ? " get set" : "")}");
        IEnumerable<string> methods = type.GetMethods(All).Where(m => IsSeen(m) && !m.IsSpecialName).Select(m => $"{Name(m.ReturnType)} {m.Name}({Parameters(m)})");
        return [.. constructors.Concat(fields).Concat(properties).Concat(methods).Order(StringComparer.Ordinal)];
    }

    private static bool IsSeen(MethodBase method) => method.IsPublic || method.IsFamily;

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(p => $"{(p.IsOut ? "out " : "")}{Name(p.ParameterType)} {p.Name}"));

    private static string Name(Type type) => type.Name.TrimEnd('&') switch
    {
        "Void" => "void",
        "Boolean" => "bool",
        "Int32" => "int",
        "UInt32" => "uint",
        "Int64" => "long",
        "UInt64" => "ulong",
        "Byte" => "byte",
        "Byte[]" => "byte[]",
        "Single" => "float",
        "Double" => "double",
        "String" => "string",
        string other => other,
    };
}
