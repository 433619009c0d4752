// The proxy in the background: whatever it meets, it says so and goes on.

using Microsoft.Extensions.Logging;
using NanoSync.Server.Proxy;

namespace NanoSync.ProxyTests;

[TestClass]
public sealed class JobTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task A_target_that_cannot_be_read_is_told_once_and_the_others_are_passed_on_when_it_is_gone()
    {
        await using Node up = await Node.Start();
        await using Node site = await Node.Start();
        site.PassTo(up, "readings", "d1.readings", ProxyDirection.Up);
        FieldDevice device = site.Device("d1", "readings,config");
        device.Append(1);
        device.Sync();
        Save(site, "bad", "not JSON");

        Lines log = new();
        await using ProxyService proxy = new(site.Core, [], log);
        using CancellationTokenSource end = new();
        Task running = proxy.Run(end.Token);
        await log.Error.Task.WaitAsync(TimeSpan.FromMinutes(2), TestContext.CancellationToken);
        Assert.IsFalse(running.IsCompleted);

        Save(site, "bad", null);
        for (DateTime until = DateTime.UtcNow.AddMinutes(2); up.Values(site.Name, "d1.readings").Count == 0; await Task.Delay(50, TestContext.CancellationToken))
        {
            Assert.IsLessThan(until, DateTime.UtcNow);
            Assert.IsFalse(running.IsCompleted);
        }

        Assert.AreEqual(1, log.Errors);
        await end.CancelAsync();
        await running;
    }

    private static void Save(Node site, string name, string? settings)
    {
        using IProxyTransaction store = (IProxyTransaction)site.Core.Store.BeginWrite();
        store.SaveTarget(name, settings);
        store.Commit();
    }

    private sealed class Lines : ILogger
    {
        public TaskCompletionSource Error { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Errors { get; private set; }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel == LogLevel.Error)
            {
                Errors++;
                Error.TrySetResult();
            }
        }
    }
}
