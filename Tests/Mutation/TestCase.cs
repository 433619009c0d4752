// A test of MSTest as a call: as much of MSTest as the tests of codec, store, engine and server rules use.

using System.Reflection;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NanoSync.Mutation;

/// <summary>A test method with one row of its data.</summary>
internal sealed class TestCase(Type type, MethodInfo method, object?[]? row, int number)
{
    public string Name { get; } = $"{type.Name}.{method.Name}" + (row == null ? "" : $"({number})");

    public static List<TestCase> Of(Assembly assembly, string[] classes) => [.. assembly.GetTypes()
        .Where(t => classes.Length == 0 || classes.Any(c => c == t.Name || c.StartsWith(t.Name + ".", StringComparison.Ordinal)))
        .Where(t => t.GetCustomAttribute<TestClassAttribute>() != null && t.GetCustomAttribute<IgnoreAttribute>() == null)
        .OrderBy(t => t.FullName, StringComparer.Ordinal)
        .SelectMany(t => t.GetMethods().Where(m => m.GetCustomAttribute<TestMethodAttribute>() != null
            && !classes.Contains($"-{t.Name}.{m.Name}")
            && (classes.Contains($"{t.Name}.{m.Name}") || ((classes.Length == 0 || classes.Contains(t.Name)) && !IsSlow(m) && !IsSlow(t)))).SelectMany(m => Rows(t, m)))];

    /// <summary>Runs it. Why it failed; null = it passed.</summary>
    public string? Fails()
    {
        object? instance = null;
        try
        {
            instance = Activator.CreateInstance(type)!;
            type.GetProperty("TestContext")?.SetValue(instance, new NoContext());
            Call<TestInitializeAttribute>(instance);
            Wait(method.Invoke(instance, row));
            Call<TestCleanupAttribute>(instance);
            (instance as IDisposable)?.Dispose();
            return null;
        }
        catch (Exception e)
        {
            try
            {
                if (instance != null)
                {
                    Call<TestCleanupAttribute>(instance);
                    (instance as IDisposable)?.Dispose();
                }
            }
            catch (Exception)
            {
                // what cannot be cleaned up after a failure is the failure's
            }

            return (e.InnerException ?? e).Message;
        }
    }

    private static bool IsSlow(MemberInfo member) => member.GetCustomAttributes<TestCategoryAttribute>().Any(c => c.TestCategories.Contains("Slow"));

    private static IEnumerable<TestCase> Rows(Type type, MethodInfo method)
    {
        object?[][] rows = [.. method.GetCustomAttributes<Attribute>().OfType<ITestDataSource>().SelectMany(s => s.GetData(method))];
        return method.GetParameters().Length == 0 ? [new TestCase(type, method, null, 0)] : rows.Select((r, i) => new TestCase(type, method, Fitted(method, r), i));
    }

    // A parameter array comes from a row in pieces.
    private static object?[] Fitted(MethodInfo method, object?[] row)
    {
        ParameterInfo[] parameters = method.GetParameters();
        if (parameters[^1].GetCustomAttribute<ParamArrayAttribute>() == null || row.Length == parameters.Length && row[^1]?.GetType() == parameters[^1].ParameterType)
        {
            return row;
        }

        object?[] rest = row[(parameters.Length - 1)..];
        Array array = Array.CreateInstance(parameters[^1].ParameterType.GetElementType()!, rest.Length);
        rest.CopyTo(array, 0);
        return [.. row[..(parameters.Length - 1)], array];
    }

    private void Call<T>(object instance) where T : Attribute
    {
        foreach (MethodInfo m in type.GetMethods().Where(m => m.GetCustomAttribute<T>() != null))
        {
            Wait(m.Invoke(instance, null));
        }
    }

    private static void Wait(object? result)
    {
        if (result is Task task)
        {
            task.GetAwaiter().GetResult();
        }
    }

    private sealed class NoContext : TestContext
    {
        public override IDictionary<string, object?> Properties { get; } = new Dictionary<string, object?>();

        public override void AddResultFile(string fileName)
        {
        }

        public override void Write(string? message)
        {
        }

        public override void Write(string format, params object?[] args)
        {
        }

        public override void WriteLine(string? message)
        {
        }

        public override void WriteLine(string format, params object?[] args)
        {
        }

        public override void DisplayMessage(MessageLevel messageLevel, string message)
        {
        }
    }
}
