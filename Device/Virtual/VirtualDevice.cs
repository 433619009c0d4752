// Runs the device: opens its flash, starts the server if it has none, then reads and syncs until told to stop.

using System.Diagnostics;
using NanoSync.Device;
using NanoSync.Firmware;
using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Storage;

namespace NanoSync.Virtual;

/// <summary>What the command line asked for.</summary>
internal sealed record VirtualOptions(
    Uri? Server, string? Token, string Data, bool Once, string? Readings, int Window, int Interval, int? Port, bool Xml, bool PlatformHttp, string? Dump, PostOptions Post);

/// <summary>The device's life in one process.</summary>
internal sealed class VirtualDevice
{
    private const int Restart = -1; // instead of an exit code

    private const int OutboxBytes = 1024 * 1024;

    private static readonly ObjectClass s_sample = new ObjectClass("sample").Time("at").Fixed("value", ReadingsFile.Digits);

    private readonly VirtualOptions _options;
    private readonly FlashStore _store;
    private readonly FieldDevice _device;
    private readonly FieldDiary _diary;
    private readonly VirtualHost _host;
    private readonly SyncSchedule _schedule = new(new Random());
    private readonly long _started = Environment.TickCount64;
    private long _rounds;
    private long _bytesUp;
    private long _bytesDown;

    private VirtualDevice(VirtualOptions options, Uri? url, string token, int reason)
    {
        _options = options;
        ICarrier carrier = url is null ? Carriers.Make(options.Post, token) : Carriers.Make(url, token, options.PlatformHttp);
        if (options.Dump is not null)
        {
            try
            {
                carrier = new DumpingCarrier(carrier, options.Dump);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new UserError($"Messages cannot be kept in {options.Dump}: {e.Message} Choose another folder with --dump.");
            }
        }

        string flash = Path.Combine(options.Data, "flash");
        var volume = new FileVolume(flash);
        _store = new FlashStore(
            volume,
            new StoreOptions { QuotaBytes = 2 * OutboxBytes, SegmentBytes = 16 * 1024, Entropy = BitConverter.ToUInt32(Guid.NewGuid().ToByteArray()) });
        var board = new PcBoard(TimeProvider.System);
        _device = new FieldDevice(
            _store, carrier, new SyncOptions { Window = options.Window, Writer = options.Xml ? new XmlWriter(512) : null, Reader = options.Xml ? new XmlReader() : null, ReplyBytes = 4096, RequestBytes = 32768, ReplyRounds = 120 }, board, OutboxBytes, options.Interval);
        _device.Engine.AddClass(s_sample);
        _host = new VirtualHost(_store, () => _store.RefusedCount(_device.Readings.Number), Console.Out, TimeProvider.System);
        _device.Engine.Host = _host;
        _diary = new FieldDiary(volume);
        _diary.Start(reason, Now, 0, 0);
        _device.Engine.Diary = _diary;
        _device.Engine.SendStatus = true;
        _device.Engine.AskTime = true;
        StoreError error = _device.Open();
        if (error != StoreError.None)
        {
            throw new UserError($"The flash in {flash} cannot be used: {Explain.Store(error)}");
        }
    }

    /// <summary>Runs until cancelled, or once. Returns the exit code.</summary>
    public static async Task<int> RunAsync(VirtualOptions options, CancellationToken cancel)
    {
        List<CsvReading>? rows = options.Readings is null ? null : ReadingsFile.Load(options.Readings);
        try
        {
            Directory.CreateDirectory(options.Data);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"The data folder {options.Data} cannot be made: {e.Message} Choose another with --data.");
        }

        if (options.Post.IsUsed)
        {
            return await LivesAsync(options, null, options.Token!, rows, cancel);
        }

        if (options.Server is not null)
        {
            return await LivesAsync(options, options.Server, options.Token!, rows, cancel);
        }

        await using OwnServer own = await OwnServer.StartAsync(options.Data, options.Port);
        own.PrintHowTo(Console.Out, goesOn: !options.Once && rows is null);
        return await LivesAsync(options, own.Url, own.Token, rows, cancel);
    }

    // A restart that the server asked for: everything anew from what is in flash, as on a board.
    private static async Task<int> LivesAsync(VirtualOptions options, Uri? url, string token, List<CsvReading>? rows, CancellationToken cancel)
    {
        int exit;
        int reason = RestartReason.Unknown;
        do
        {
            exit = await new VirtualDevice(options, url, token, reason).LiveAsync(rows, cancel);
            reason = RestartReason.Command;
        }
        while (exit == Restart);
        return exit;
    }

    private async Task<int> LiveAsync(List<CsvReading>? rows, CancellationToken cancel)
    {
        try
        {
            return rows is not null ? await ReplayAsync(rows, cancel)
                : _options.Once ? await OnceAsync(cancel)
                : await ForEverAsync(cancel);
        }
        finally
        {
            _diary.Flush();
            _store.Close();
        }
    }

    private static uint Now => (uint)DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    private uint Uptime => (uint)((Environment.TickCount64 - _started) / 1000);

    private async Task<int> OnceAsync(CancellationToken cancel)
    {
        TakeReading();
        bool inStep = await SyncAsync(retries: 2, quiet: false, cancel);
        Console.WriteLine(inStep ? "both sides are in step" : "NOT in step; what is pending is kept and goes up with the next run");
        return inStep ? 0 : 1;
    }

    private async Task<int> ForEverAsync(CancellationToken cancel)
    {
        long nextReading = Environment.TickCount64;
        long nextSync = nextReading;
        while (!cancel.IsCancellationRequested && !_host.RestartAsked)
        {
            if (Environment.TickCount64 >= nextReading)
            {
                TakeReading();
                nextReading = Environment.TickCount64 + _device.Config.Interval * 1000L;
            }

            if (Environment.TickCount64 >= nextSync)
            {
                RoundResult result = Round(quiet: false);
                int interval = _host.SyncInterval > 0 ? _host.SyncInterval : _device.Config.Interval;
                nextSync = Environment.TickCount64 + _schedule.Next(result, interval * 1000);
                _device.Engine.SendStatus = result.Outcome != RoundOutcome.More; // once a sync, with its first message
                nextReading = Math.Min(nextReading, Environment.TickCount64 + _device.Config.Interval * 1000L); // it may be shorter now
            }

            // readings go on at their interval while the server is away
            long wait = Math.Min(nextReading, nextSync) - Environment.TickCount64;
            if (wait > 0)
            {
                await Task.Delay((int)Math.Min(wait, int.MaxValue), cancel).ContinueWith(_ => { }, CancellationToken.None);
            }
        }

        if (!cancel.IsCancellationRequested)
        {
            return Restart;
        }

        Console.WriteLine($"stopped; {_device.Engine.Pending} pending, kept in {Path.Combine(_options.Data, "flash")}");
        return 0;
    }

    // Rows already appended by an earlier run are known by their number: the outbox counts ids from 1 without gaps.
    private async Task<int> ReplayAsync(List<CsvReading> rows, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        var record = new RecordWriter(32);
        var bar = new ProgressBar(Console.Out, rows.Count);
        int next = ReplayProgress.Read(_store, _device.Readings);
        if (next > 0)
        {
            Console.WriteLine($"going on after row {next}");
        }

        int first = next;
        int taken = next;
        bool inStep = true;
        while (next < rows.Count && !cancel.IsCancellationRequested)
        {
            StoreError error = ReplayProgress.Append(_store, _device.Readings, s_sample, rows, record, ref next);
            if (error is not StoreError.None)
            {
                throw new UserError($"Row {next + 1} could not be kept: {Explain.Store(error)}");
            }

            if (next - taken >= 10 * _options.Window || next == rows.Count)
            {
                taken = next;
                inStep = await SyncAsync(retries: 4, quiet: true, cancel);
                if (!inStep)
                {
                    break;
                }

                bar.Show(next, $"{_rounds} rounds, {_device.Engine.Pending} pending");
            }
        }

        if (inStep)
        {
            inStep = await SyncAsync(retries: 4, quiet: true, cancel);
            bar.Show(next, $"{_rounds} rounds, {_device.Engine.Pending} pending");
        }

        bar.End();
        string per = next > first ? $": {(double)_bytesUp / (next - first):F2} and {(double)_bytesDown / (next - first):F2} per reading" : "";
        Console.WriteLine($"{next - first} readings in {_rounds} rounds, {clock.Elapsed.TotalSeconds:F1} s; {_bytesUp} bytes up, {_bytesDown} down{per}");
        Console.WriteLine(inStep ? "both sides are in step"
            : cancel.IsCancellationRequested ? $"stopped after row {next}; {_device.Engine.Pending} pending, kept: the same command goes on"
            : $"NOT in step after row {next}; {_device.Engine.Pending} pending, kept: the same command goes on");
        return inStep ? 0 : 1;
    }

    // True when both sides are in step; false when told to stop, or when trying again did not help.
    private async Task<bool> SyncAsync(int retries, bool quiet, CancellationToken cancel)
    {
        long giveUpAt = 0;
        while (!cancel.IsCancellationRequested)
        {
            RoundResult result = Round(quiet || giveUpAt != 0);
            if (result.Outcome == RoundOutcome.InStep)
            {
                return true;
            }

            if (result.Outcome == RoundOutcome.Later)
            {
                giveUpAt = giveUpAt == 0 ? Environment.TickCount64 + (_options.Post.Wait * 1000L) : giveUpAt;
                if (Environment.TickCount64 >= giveUpAt)
                {
                    Console.Error.WriteLine($"no reply within {_options.Post.Wait} s; the next start takes it up");
                    return false;
                }

                await Task.Delay(Math.Min(500, (int)Math.Max(1, giveUpAt - Environment.TickCount64)), cancel).ContinueWith(_ => { }, CancellationToken.None);
                continue;
            }

            giveUpAt = 0;

            if (result.Outcome == RoundOutcome.Failed)
            {
                bool giveUp = result.Status == Status.NotFound || result.HttpStatus is 400 or 401 or 403 or 404 or 413 or 415 || retries-- == 0;
                int wait = giveUp ? 0 : _schedule.Next(result, 0);
                if (quiet || !giveUp)
                {
                    Console.Error.WriteLine($"{(quiet ? Explain.Round(result) : "failed")}{(giveUp ? "" : $"; again in {(wait + 500) / 1000} s")}");
                }

                if (giveUp)
                {
                    return false;
                }

                await Task.Delay(wait, cancel).ContinueWith(_ => { }, CancellationToken.None);
            }
        }

        return false;
    }

    private RoundResult Round(bool quiet)
    {
        RoundResult result = _device.Sync();
        _diary.Round(result, Now, Uptime, 0);
        _rounds++;
        _bytesUp += result.BytesUp;
        _bytesDown += result.BytesDown;
        if (!quiet)
        {
            Console.WriteLine($"{DateTime.Now:HH:mm:ss}  up {result.ObjectsUp,3} ({result.BytesUp,5} B)  down {result.ObjectsDown,3} ({result.BytesDown,5} B)  "
                + $"pending {_device.Engine.Pending,4}  key {_device.Readings.KeyText,-8}  {Explain.Round(result)}");
        }

        return result;
    }

    private void TakeReading()
    {
        int interval = _device.Config.Interval;
        StoreError error = _device.TakeReading();
        if (error != StoreError.None)
        {
            _diary.Flash(error, Now, Uptime, 0);
            Console.Error.WriteLine($"a reading could not be kept: {Explain.Store(error)}");
        }

        if (interval != _shownInterval || _device.Config.Sensors != _shownSensors)
        {
            (_shownInterval, _shownSensors) = (interval, _device.Config.Sensors);
            Console.WriteLine($"sampling every {interval} s: {(_shownSensors.Length == 0 ? "all sensors" : _shownSensors)}");
        }
    }

    private int _shownInterval;
    private string _shownSensors = "";
}
