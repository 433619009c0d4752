// Random lives of a device by the specification and an application, over a link that loses requests and replies, repeats
// late ones, and a server that restarts. In the end both sides hold the same, and every Add is there once.

using System.Globalization;
using NanoSync.Protocol;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class ModelTests
{
    [TestMethod]
    [TestCategory("Slow")]
    [DataRow(1)]
    [DataRow(0)]
    public void Both_sides_end_equal(int conflict)
    {
        for (int seed = 1; seed <= 100; seed++)
        {
            try
            {
                new Life(seed, conflict).Run();
            }
            catch (Exception e)
            {
                throw new AssertFailedException($"seed {seed}, conflict rule {conflict}: {e.Message}", e);
            }
        }
    }

    [TestMethod]
    public void The_same_seed_gives_the_same_bytes()
    {
        Assert.AreEqual(new Life(7, 1).Run(), new Life(7, 1).Run());
    }

    private sealed class Life(int seed, int conflict)
    {
        private readonly Random _random = new(seed);
        private readonly SortedDictionary<string, byte[]> _synced = new(StringComparer.Ordinal); // by ServerId, as last agreed
        private readonly SortedDictionary<string, byte[]> _adds = new(StringComparer.Ordinal); // by ClientId, not yet answered
        private readonly SortedDictionary<string, byte[]?> _changes = new(StringComparer.Ordinal); // by ServerId; null = deleted
        private readonly HashSet<string> _made = []; // ServerIds of objects made here
        private readonly HashSet<string> _named = []; // of this pass after starting over
        private readonly List<SyncCommand> _answers = [];
        private readonly List<byte[]> _sent = [];
        private readonly HashSet<string> _wrote = []; // everything the device ever added
        private bool _passing;
        private string _key = "0";
        private int _counter;
        private uint _hash = Fnv.Start;

        public string Run()
        {
            using Bench bench = new();
            TestDevice identity = bench.Device();
            for (int step = 0; step < 120; step++)
            {
                int dice = _random.Next(100);
                if (dice < 25)
                {
                    Local();
                }
                else if (dice < 40)
                {
                    Application(bench);
                }
                else if (dice < 43 && _sent.Count > 0)
                {
                    identity.Send(_sent[_random.Next(Math.Max(0, _sent.Count - 4), _sent.Count)]); // late: nobody hears the answer
                }
                else if (dice < 45)
                {
                    bench.Restart();
                }
                else if (dice < 46)
                {
                    _key = "0";
                }
                else
                {
                    Round(identity, lost: _random.Next(4) == 0);
                }
            }

            int quiet = 0;
            for (int i = 0; i < 200 && quiet < 2; i++)
            {
                quiet = Round(identity, false) ? 0 : quiet + 1;
            }

            Assert.AreEqual(2, quiet, "never quiet");
            Assert.AreEqual(string.Join(' ', _synced.Select(o => o.Key + "=" + Convert.ToHexString(o.Value))), bench.Held("d1"));
            Assert.IsEmpty(_adds);
            Assert.IsEmpty(_changes);
            return _hash.ToString("x8", CultureInfo.InvariantCulture);
        }

        private byte[] Bytes()
        {
            byte[] bytes = new byte[_random.Next(1, 6)];
            _random.NextBytes(bytes);
            return bytes;
        }

        private void Local()
        {
            string[] ids = [.. _synced.Keys.Where(k => !(_changes.TryGetValue(k, out byte[]? c) && c == null))];
            int dice = _random.Next(4);
            if (dice < 2 || ids.Length == 0)
            {
                string id = "Ab1_" + ++_counter;
                _adds[id] = Bytes();
                _wrote.Add(id);
            }
            else
            {
                _changes[ids[_random.Next(ids.Length)]] = dice == 2 ? Bytes() : null;
            }
        }

        private void Application(Bench bench)
        {
            string[] ids = [.. bench.Objects("d1").Select(o => o.Row.Id)];
            int dice = _random.Next(4);
            if (dice == 0 || ids.Length == 0)
            {
                bench.PutBytes("d1", "s" + _random.Next(1, 12), Bytes());
            }
            else if (dice < 3)
            {
                bench.PutBytes("d1", ids[_random.Next(ids.Length)], Bytes());
            }
            else
            {
                bench.Core.Objects.Delete("d1", "config", ids[_random.Next(ids.Length)]);
            }
        }

        // One round; true when anything moved.
        private bool Round(TestDevice device, bool lost)
        {
            SyncMessage request = new() { Version = "1.0" };
            CollectionElement collection = new() { Id = "config", SyncKey = _key, GetChanges = true };
            request.Collections.Add(collection);
            List<string> adds = [];
            SortedDictionary<string, byte[]?> changes = new(StringComparer.Ordinal);
            if (_key == "0")
            {
                collection.WindowSize = _random.Next(1, 9);
                collection.Conflict = conflict;
            }
            else
            {
                collection.Responses.AddRange(_answers);
                foreach ((string id, byte[] data) in _adds.Take(5))
                {
                    collection.Commands.Add(TestDevice.Add(id, data));
                    adds.Add(id);
                }

                foreach ((string id, byte[]? data) in _changes.Take(5))
                {
                    collection.Commands.Add(data == null ? TestDevice.Delete(id) : TestDevice.Change(id, data));
                    changes.Add(id, data);
                }
            }

            byte[] bytes = MessagePrinter.Print(MessageFormat.Wbxml, request);
            _sent.Add(bytes);
            SyncReply reply = device.Send(bytes);
            _hash = Fnv.Add(Fnv.Add(_hash, bytes, 0, bytes.Length), reply.Body, 0, reply.Body.Length);
            if (lost)
            {
                return true;
            }

            if (reply.IsEmpty)
            {
                return false;
            }

            Apply(device.Parse(reply)!.Collections.Single(), bytes, adds, changes);
            return true;
        }

        private void Apply(CollectionElement answer, byte[] request, List<string> adds, SortedDictionary<string, byte[]?> changes)
        {
            if (answer.Status == Status.InvalidSyncKey)
            {
                _key = "0";
                return;
            }

            Assert.AreEqual(Status.Success, answer.Status);
            byte[] key = System.Text.Encoding.ASCII.GetBytes(answer.SyncKey);
            Assert.IsTrue(Fnv.HasTag(Fnv.Of(request, 0, request.Length), key, key.Length - 4));
            bool start = _key == "0";
            if (start)
            {
                _passing = true;
                _named.Clear();
            }

            _key = answer.SyncKey;
            _answers.Clear();
            Acknowledge(answer, adds, changes);
            foreach (SyncCommand command in answer.Commands)
            {
                Take(command);
            }

            if (_passing && !answer.MoreAvailable && !start)
            {
                _passing = false;
                foreach (string id in _synced.Keys.Except(_named).Where(id => !_changes.ContainsKey(id)).ToList())
                {
                    // [SPEC 5.8]
                    if (_made.Contains(id))
                    {
                        _changes[id] = _synced[id];
                    }
                    else
                    {
                        _synced.Remove(id);
                    }
                }
            }
        }

        private void Acknowledge(CollectionElement answer, List<string> adds, SortedDictionary<string, byte[]?> changes)
        {
            Dictionary<string, SyncCommand> failed = answer.Responses.Where(r => r.Tag != Tags.Add).ToDictionary(r => r.ServerId!);
            foreach (SyncCommand response in answer.Responses.Where(r => r.Tag == Tags.Add))
            {
                Assert.AreEqual(Status.Success, response.Status);
                Assert.IsTrue(adds.Remove(response.ClientId!));
                _synced[response.ServerId!] = _adds[response.ClientId!];
                _adds.Remove(response.ClientId!);
                _made.Add(response.ServerId!);
                _named.Add(response.ServerId!);
            }

            Assert.IsEmpty(adds);
            foreach ((string id, byte[]? data) in changes)
            {
                _named.Add(id);
                if (!failed.TryGetValue(id, out SyncCommand? response))
                {
                    _changes.Remove(id);
                    if (data == null)
                    {
                        _synced.Remove(id);
                    }
                    else
                    {
                        _synced[id] = data;
                    }
                }
                else if (response.Status == Status.Conflict)
                {
                    _changes.Remove(id); // the server's comes
                }
                else
                {
                    Assert.AreEqual(Status.NotFound, response.Status);
                    _changes.Remove(id);
                    _synced.Remove(id);
                    _adds["Ab1_" + ++_counter] = data!; // anew
                }
            }
        }

        private void Take(SyncCommand command)
        {
            string id = command.ServerId!;
            _named.Add(id);
            if (_changes.TryGetValue(id, out byte[]? mine))
            {
                if (mine == null && command.Tag == Tags.Delete)
                {
                    _changes.Remove(id);
                    _synced.Remove(id);
                    return;
                }

                if (conflict == 1)
                {
                    _answers.Add(TestDevice.Refuse(command.Tag, id, Status.Conflict));
                }

                return;
            }

            if (command.Tag == Tags.Delete)
            {
                _synced.Remove(id);
            }
            else
            {
                _synced[id] = command.Data!.Value.ToArray();
            }
        }
    }
}
