// The due signal over nodes: NOTIFY is part of the transaction, so it comes after the commit or not at all; LISTEN has a
// connection of its own. While that is away nothing is heard; once it is back everybody is told to look.

using System.Data.Common;
using System.Globalization;
using NanoSync.Server.Engine;
using Npgsql;

namespace NanoSync.Server.Stores.Postgres;

public sealed partial class PostgresStore
{
    private const int SignOfLife = 30; // seconds; a connection that died silently is noticed
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(15); // between two tries to listen again

    private readonly string _listening; // how that connection is made
    private readonly CancellationTokenSource _endListening = new();
    private Task? _heard;

    /// <inheritdoc/>
    public DueSignal Due { get; }

    private static string ListeningTo(NpgsqlConnectionStringBuilder settings)
    {
        return new NpgsqlConnectionStringBuilder(settings.ConnectionString) { Pooling = false, KeepAlive = SignOfLife, MaxAutoPrepare = 0 }.ToString();
    }

    private void BeginListening()
    {
        _heard = Task.Run(Listen);
    }

    private void EndListening()
    {
        _endListening.Cancel();
        _heard?.GetAwaiter().GetResult();
    }

    private async Task Listen()
    {
        TimeSpan pause = TimeSpan.Zero;
        while (!_endListening.IsCancellationRequested)
        {
            try
            {
                await using NpgsqlConnection connection = new(_listening);
                await connection.OpenAsync(_endListening.Token);
                connection.Notification += (_, told) => Hear(told.Payload);
                string channel = await ChannelOf(connection, _endListening.Token);
                await using (NpgsqlCommand command = new($"LISTEN \"{channel}\"", connection))
                {
                    await command.ExecuteNonQueryAsync(_endListening.Token);
                }

                pause = TimeSpan.Zero;
                Due.Raise(new DueNote(DueTo.Everybody));
                while (true)
                {
                    await connection.WaitAsync(_endListening.Token);
                }
            }
            catch (Exception e) when (e is DbException or OperationCanceledException or TimeoutException or IOException)
            {
                // requests that meet this log it
            }

            await Task.Delay(pause, _endListening.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = pause == TimeSpan.Zero ? TimeSpan.FromSeconds(1) : pause * 2 < s_longestPause ? pause * 2 : s_longestPause;
        }
    }

    // A schema is a database of ours; a name of PostgreSQL has 63 bytes.
    private static async Task<string> ChannelOf(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using NpgsqlCommand command = new($"SELECT {Transaction.Channel}", connection);
        return (string)(await command.ExecuteScalarAsync(cancellation))!;
    }

    private void Hear(string payload)
    {
        foreach (string note in payload.Split(' '))
        {
            if (int.TryParse(note.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out int id))
            {
                Due.Raise(new DueNote(note[0] == 'c' ? DueTo.Collection : DueTo.Device, id));
            }
        }
    }
}
