// What one device's token reaches, and what it does not. docs/security.md names these.

using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Engine;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class SecurityTests
{
    [TestMethod]
    public void A_token_reaches_the_collections_of_its_device_and_group_and_no_others()
    {
        using Bench bench = new();
        TestDevice mine = bench.Device("d1"), other = bench.Device("d2");
        bench.Core.Devices.Grant("d2", "secret,shared@site");
        bench.Core.Devices.Grant("d1", "shared@site");
        bench.PutBytes("d2", "theirs", 1);
        mine.Start();
        Assert.IsEmpty(mine.Pull(), "a collection of the same name is another one");
        mine.Sync(With(mine.Ask(), TestDevice.Change("theirs", 9), TestDevice.Delete("theirs")));
        Assert.AreEqual("theirs=01", bench.Held("d2"));
        Assert.AreEqual(Status.NotFound, mine.Exchange(new CollectionElement { Id = "secret", SyncKey = "0" })!.Collections.Single().Status);
        Assert.AreEqual(Status.NotFound, mine.Exchange(new CollectionElement { Id = "../d2/config", SyncKey = "0" })!.Collections.Single().Status);

        other.Start("shared");
        other.Sync(With(other.Ask("shared"), TestDevice.Add("Ab1_1", 7)));
        mine.Start("shared");
        Assert.HasCount(1, mine.Pull("shared"), "a group's collection is its devices' alike");
    }

    [TestMethod]
    public void A_token_deletes_and_overwrites_what_is_in_its_devices_collections()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        bench.PutBytes("d1", "a", 1);
        bench.PutBytes("d1", "b", 2);
        device.Start();
        device.Pull();
        device.Sync(With(device.Ask(), TestDevice.Delete("a"), TestDevice.Change("b", 9)));
        Assert.AreEqual("b=09", bench.Held("d1"));
    }

    [TestMethod]
    public void What_a_token_spoilt_a_backup_brings_back()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        bench.PutBytes("d1", "a", 1);
        bench.PutBytes("d1", "b", 2);
        bench.BackUp();
        device.Start();
        device.Pull();
        device.Sync(With(device.Ask(), TestDevice.Delete("a"), TestDevice.Change("b", 9)));
        bench.Restore();
        bench.Core.Devices.Revoke("d1"); // or it would give back what it holds
        Assert.AreEqual("a=01 b=02", bench.Held("d1"));
    }

    private static CollectionElement With(CollectionElement request, params SyncCommand[] commands)
    {
        request.Commands.AddRange(commands);
        return request;
    }
}
