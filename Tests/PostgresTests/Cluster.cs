// The cluster that the contract tests share.

namespace NanoSync.ServerTests;

/// <summary>The cluster that the contract tests share. What they commit need not outlive a power cut.</summary>
[TestClass]
public static class Cluster
{
    private static PostgresCluster? s_cluster;

    internal static string ConnectionString => s_cluster!.ConnectionString;

    [AssemblyInitialize]
    public static void Start(TestContext context)
    {
        _ = context;
        s_cluster = new PostgresCluster("fsync = off", "synchronous_commit = off", "full_page_writes = off", "max_connections = 200");
    }

    [AssemblyCleanup]
    public static void Stop()
    {
        s_cluster?.Dispose();
    }
}
