// Runs the device: starts the server if it has none, then the application of the boards over this machine, and shows what it
// does until told to stop.

using System.Diagnostics;
using NanoSync.Device;
using NanoSync.Firmware;
using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Formats;
using NanoSync.Storage;

namespace NanoSync.Virtual;

/// <summary>What the command line asked for.</summary>
internal sealed record VirtualOptions(
    Uri? Server, string? Token, string? Claim, string Data, bool Once, string? Readings, int Window, int Interval, int? Port, bool Xml, bool PlatformHttp, string? Dump, bool Serial, PostOptions Post);

/// <summary>One life of the device, from its start to its end or the restart that the server asked for.</summary>
internal sealed class VirtualDevice
{
    private const int Restart = -1; // instead of an exit code
    private const int StopPatience = 3000; // milliseconds that a round under way is waited for
    private const string BootFile = "boot";

    private static readonly ObjectClass s_sample = new ObjectClass("sample").Time("at").Fixed("value", ReadingsFile.Digits);

    private readonly VirtualOptions _options;
    private readonly CancellationToken _cancel;
    private readonly PcMachine _machine;
    private readonly PcParts _parts;
    private readonly FieldApp _app;
    private readonly string _flash;
    private long _bytesUp;
    private long _bytesDown;
    private int _seen; // rounds told
    private bool _explained; // the words of a round's line
    private int _interval;
    private string _sensors = "";
    private int _syncInterval;
    private StoreError _shownError;
    private int _correction;
    private bool _timeless;

    private VirtualDevice(VirtualOptions options, Uri? url, string? token, CancellationToken cancel)
    {
        _options = options;
        _cancel = cancel;
        _flash = Path.Combine(options.Data, "flash");
        _machine = new PcMachine(TimeProvider.System, options.Serial ? Console.Out : null, cancel);
        _parts = new PcParts(options, url, token, _machine);
        var boot = new BootRecord(new FlashFile(Path.Combine(options.Data, BootFile)));
        _app = new FieldApp(_machine, _machine, new FileVolume(_flash), _parts, boot, _parts, new Random());
        _app.Step(); // a person has to mend what cannot be made
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

        using FolderLock held = Hold(options.Data);
        if (options.Post.IsUsed)
        {
            return await LivesAsync(options, null, options.Token!, rows, cancel);
        }

        if (options.Server is not null)
        {
            return await LivesAsync(options, options.Server, options.Token, rows, cancel);
        }

        await using OwnServer own = await OwnServer.StartAsync(options.Data, options.Port);
        own.PrintHowTo(Console.Out, goesOn: !options.Once && rows is null);
        return await LivesAsync(options, own.Url, own.Token, rows, cancel);
    }

    // Two stores over the same files lose what the other wrote.
    private static FolderLock Hold(string data)
    {
        try
        {
            return FolderLock.TryTake(Path.Combine(data, "flash.lock"))
                ?? throw new UserError($"Another virtual device runs on {data}. End that one, or choose another folder with --data.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"The data folder {data} cannot be written to: {e.Message} Choose another with --data.");
        }
    }

    // A restart that the server asked for: everything anew from what is in flash, as on a board.
    private static async Task<int> LivesAsync(VirtualOptions options, Uri? url, string? token, List<CsvReading>? rows, CancellationToken cancel)
    {
        return await Task.Run(() =>
        {
            int exit;
            do
            {
                exit = new VirtualDevice(options, url, token, cancel).Live(rows);
            }
            while (exit == Restart);
            return exit;
        }, CancellationToken.None);
    }

    private int Live(List<CsvReading>? rows)
    {
        try
        {
            Start(rows is null);
            return _app.Device is null ? 1 // told to stop before it began
                : rows is not null ? Replay(rows)
                : _options.Once ? Once()
                : ForEver();
        }
        finally
        {
            Stop();
        }
    }

    // The first step has read settings and opened the flash; after several starts in a row that did not last it waits first.
    private void Start(bool sampling)
    {
        while (_app.State == AppState.Holding && !_cancel.IsCancellationRequested)
        {
            Console.WriteLine("several starts in a row did not last: waiting, as a board does");
            _machine.Wait(_app.SafeStep());
        }

        if (_app.Flash != StoreError.None)
        {
            throw new UserError($"The flash in {_flash} cannot be used: {Explain.Store(_app.Flash)}");
        }

        if (_app.Problem is { } problem)
        {
            throw new UserError(problem);
        }

        if (_app.Device is { } device)
        {
            device.Engine.AddClass(s_sample); // what was replayed may still be here
            _syncInterval = _app.SyncInterval;
            _app.Sampling = sampling;
            _app.SyncNow();
        }
    }

    private void Stop()
    {
        _app.AbortHeldRound();
        long end = _machine.Ticks + StopPatience;
        while (_app.IsRounding && _machine.Ticks < end)
        {
            Thread.Sleep(5);
            _app.SafeStep();
        }

        if (!_app.IsRounding)
        {
            _app.Stop();
        }

        _parts.Dispose();
    }

    private int Once()
    {
        bool inStep = Sync(retries: 2, quiet: false);
        Console.WriteLine(inStep ? "both sides are in step" : "NOT in step; what is pending is kept and goes up with the next run");
        return inStep ? 0 : 1;
    }

    private int ForEver()
    {
        while (!_cancel.IsCancellationRequested && !_machine.RestartAsked)
        {
            Step(quiet: false);
        }

        if (_machine.RestartAsked)
        {
            Console.WriteLine("the server asked for a restart");
            return Restart;
        }

        Console.WriteLine($"stopped; {_app.Device.Engine.Pending} pending, kept in {_flash}");
        return 0;
    }

    private int Replay(List<CsvReading> rows)
    {
        var clock = Stopwatch.StartNew();
        var record = new RecordWriter(32);
        var bar = new ProgressBar(Console.Out, rows.Count);
        var progress = new ReplayProgress(_app.Store, _app.Device.Readings, rows);
        if (progress.Next > 0)
        {
            Console.WriteLine($"going on after row {progress.Next}");
        }

        int first = progress.Next;
        int taken = first;
        bool inStep = true;
        while (progress.Next < rows.Count && !_cancel.IsCancellationRequested)
        {
            StoreError error = progress.Append(s_sample, record);
            if (error is not StoreError.None)
            {
                throw new UserError($"Row {progress.Next + 1} could not be kept: {Explain.Store(error)}");
            }

            if (progress.Next - taken >= 10 * _options.Window || progress.Next == rows.Count)
            {
                taken = progress.Next;
                inStep = Sync(retries: 4, quiet: true);
                if (!inStep)
                {
                    break;
                }

                bar.Show(progress.Next, $"{_app.Rounds} rounds, {_app.Device.Engine.Pending} pending");
            }
        }

        if (inStep)
        {
            inStep = Sync(retries: 4, quiet: true);
            bar.Show(progress.Next, $"{_app.Rounds} rounds, {_app.Device.Engine.Pending} pending");
        }

        bar.End();
        string per = progress.Next > first ? $": {(double)_bytesUp / (progress.Next - first):F2} and {(double)_bytesDown / (progress.Next - first):F2} per reading" : "";
        Console.WriteLine($"{progress.Next - first} readings in {_app.Rounds} rounds, {clock.Elapsed.TotalSeconds:F1} s; {_bytesUp} bytes up, {_bytesDown} down{per}");
        Console.WriteLine(inStep ? "both sides are in step"
            : _cancel.IsCancellationRequested ? $"stopped after row {progress.Next}; {_app.Device.Engine.Pending} pending, kept: the same command goes on"
            : $"NOT in step after row {progress.Next}; {_app.Device.Engine.Pending} pending, kept: the same command goes on");
        return inStep ? 0 : 1;
    }

    // True when both sides are in step; false when told to stop, or when trying again did not help.
    private bool Sync(int retries, bool quiet)
    {
        int left = retries;
        long giveUpAt = 0;
        _app.SyncNow();
        while (!_cancel.IsCancellationRequested && !_machine.RestartAsked)
        {
            RoundResult? result = Step(quiet || giveUpAt != 0);
            _app.Sampling = false; // one reading, before the first round
            switch (result?.Outcome)
            {
                case RoundOutcome.InStep:
                    return true;

                case RoundOutcome.Deferred:
                    giveUpAt = giveUpAt == 0 ? _machine.Ticks + (_options.Post.Wait * 1000L) : giveUpAt;
                    if (_machine.Ticks >= giveUpAt)
                    {
                        Console.Error.WriteLine($"no reply within {_options.Post.Wait} s; the next start takes it up");
                        return false;
                    }

                    _machine.Wait((int)Math.Clamp(giveUpAt - _machine.Ticks, 1, 500));
                    _app.SyncNow();
                    break;

                case RoundOutcome.More:
                    giveUpAt = 0;
                    left = retries; // it moves
                    break;

                case RoundOutcome.Held:
                    Console.Error.WriteLine(Explain.Round(result));
                    return false;

                case RoundOutcome.Failed:
                    giveUpAt = 0;
                    bool giveUp = result.Status == Status.NotFound || result.HttpStatus is 400 or 401 or 403 or 404 or 413 or 415 || left-- == 0;
                    if (quiet || !giveUp)
                    {
                        Console.Error.WriteLine($"{(quiet ? Explain.Round(result) : "failed")}{(giveUp ? "" : $"; again in {(_app.UntilSync + 500) / 1000} s")}");
                    }

                    if (giveUp)
                    {
                        return false;
                    }

                    break;
            }
        }

        return false;
    }

    // One step of the application, what it brought, and the wait that it asked for. The result of a round that ended in it.
    private RoundResult? Step(bool quiet)
    {
        int wait = _app.SafeStep();
        RoundResult? result = null;
        if (_app.Rounds != _seen)
        {
            _seen = _app.Rounds;
            result = _app.Device.Engine.Result;
            _bytesUp += result.BytesUp;
            _bytesDown += result.BytesDown;
            if (!quiet)
            {
                if (!_explained)
                {
                    _explained = true;
                    Console.WriteLine("a line for each round: objects and bytes sent (up) and received (down); pending = objects that still wait here; key = the last answer that is durable here;");
                    Console.WriteLine("in step = neither side has anything for the other, more = more is waiting and the next round follows at once");
                }

                Console.WriteLine($"{DateTime.Now:HH:mm:ss}  up {result.ObjectsUp,3} ({result.BytesUp,5} B)  down {result.ObjectsDown,3} ({result.BytesDown,5} B)  "
                    + $"pending {_app.Device.Engine.Pending,4}  key {_app.Device.Readings.KeyText,-8}  {Explain.Round(result)}");
            }
        }

        Tell();
        if (result is null && !_machine.RestartAsked)
        {
            _machine.Wait(wait);
        }

        return result;
    }

    // What changed in the application since the last step.
    private void Tell()
    {
        SamplingConfig config = _app.Device.Config;
        if (_app.Sampling && (config.Interval != _interval || config.Sensors != _sensors))
        {
            (_interval, _sensors) = (config.Interval, config.Sensors);
            Console.WriteLine($"sampling every {_interval} s: {(_sensors.Length == 0 ? "all sensors" : Terminal.Clean(_sensors))}");
        }

        if (_app.SyncInterval != _syncInterval)
        {
            _syncInterval = _app.SyncInterval;
            Console.WriteLine($"the server asked to sync every {_syncInterval} s");
        }

        int correction = _app.Device.Engine.ClockCorrection;
        if (correction != _correction)
        {
            _correction = correction;
            Console.WriteLine($"the clock was {Math.Abs((long)correction)} s {(correction > 0 ? "behind" : "ahead of")} the server's, and is corrected");
        }

        if (_app.Clock.Now == 0 && !_timeless)
        {
            _timeless = true;
            Console.Error.WriteLine("this machine's clock shows no possible time, from 2024 to 2099: readings go without one until the server tells it");
        }

        if (_app.Flash != _shownError)
        {
            _shownError = _app.Flash;
            if (_shownError != StoreError.None)
            {
                Console.Error.WriteLine($"a reading could not be kept, or not be sent: {Explain.Store(_shownError)}");
            }
        }
    }
}
