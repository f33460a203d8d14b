using Npgsql;

namespace Sidecar.Components.Postgres;

/// <summary>The connections to one database. A call that finds its connection lost while it was idle gets another.</summary>
internal sealed class PostgresDatabase : IAsyncDisposable
{
    /// <summary>A connection that was quiet for so long is tried before something is written on it.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(1);

    private readonly PostgresOptions _options;
    private readonly NpgsqlDataSource _source;
    private readonly TimeProvider _time;
    private long _lastAnswer;

    public PostgresDatabase(PostgresOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        _source = new NpgsqlDataSourceBuilder(options.Connection.ConnectionString).Build();
        _lastAnswer = time.GetTimestamp();
    }

    /// <summary>Opens a connection and asks something, so that whatever is wrong comes to light.</summary>
    /// <exception cref="ComponentException">The server cannot be reached, or refuses.</exception>
    public Task PingAsync(CancellationToken cancellationToken) => ReadAsync(
        static async connection =>
        {
            var command = new NpgsqlCommand("SELECT 1", connection);
            await using (command.ConfigureAwait(false))
                return await command.ExecuteScalarAsync().ConfigureAwait(false);
        },
        cancellationToken);

    /// <summary>Does what has no effect, once more where the connection was lost.</summary>
    /// <exception cref="ComponentException">The server cannot be reached, or refuses.</exception>
    public async Task<T> ReadAsync<T>(Func<NpgsqlConnection, Task<T>> read, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return await AnswerAsync(read, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (PostgresFault.IsLost(failure))
        {
            return await DescribedAsync(read, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is NpgsqlException or TimeoutException)
        {
            throw PostgresFault.Describe(_options, failure);
        }
    }

    /// <summary>Does something once: whether it was done cannot be known when the connection breaks under it.</summary>
    /// <exception cref="ComponentException">The server cannot be reached, or refuses.</exception>
    public async Task<T> WriteAsync<T>(Func<NpgsqlConnection, Task<T>> write, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_time.GetElapsedTime(Volatile.Read(ref _lastAnswer)) > Quiet)
            await PingAsync(cancellationToken).ConfigureAwait(false);
        return await DescribedAsync(write, cancellationToken).ConfigureAwait(false);
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private async Task<T> DescribedAsync<T>(Func<NpgsqlConnection, Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await AnswerAsync(call, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is NpgsqlException or TimeoutException)
        {
            throw PostgresFault.Describe(_options, failure);
        }
    }

    private async Task<T> AnswerAsync<T>(Func<NpgsqlConnection, Task<T>> call, CancellationToken cancellationToken)
    {
        var answer = await OnConnectionAsync(call, cancellationToken).WaitAsync(cancellationToken).ConfigureAwait(false);
        Volatile.Write(ref _lastAnswer, _time.GetTimestamp());
        return answer;
    }

    // Npgsql is given no token that a caller can cancel: what it does then is to ask the server on a connection of its own to
    // break the statement off, and it waits for that synchronously, on whatever thread it is. In a sidecar that may be the one
    // thread that serves the sockets, this connection's too, and then nothing of the process goes on. A caller that gives up
    // is let go; its statement is not begun any more, or runs to its end, which CommandTimeout bounds.
    private async Task<T> OnConnectionAsync<T>(Func<NpgsqlConnection, Task<T>> call, CancellationToken cancellationToken)
    {
        var connection = await _source.OpenConnectionAsync(CancellationToken.None).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            cancellationToken.ThrowIfCancellationRequested();
            return await call(connection).ConfigureAwait(false);
        }
    }
}
