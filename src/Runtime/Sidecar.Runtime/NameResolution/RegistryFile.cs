using System.Data.Common;
using Sidecar.Components;
using Sidecar.Components.NameResolution;

namespace Sidecar.Runtime.NameResolution;

/// <summary>
/// The shared file, away from socket threads: it blocks while it is locked. It may be locked for good, deleted or broken; but
/// sidecars that start at once also make and open it at once, and what fails in that moment works in the next.
/// </summary>
internal sealed class RegistryFile
{
    private const int Attempts = 5;
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(100);

    private readonly TimeProvider _time;
    private SqliteNameTable _table = null!;

    private RegistryFile(TimeProvider time) => _time = time;

    /// <exception cref="NameRegistryException">The file cannot be used.</exception>
    public static async Task<RegistryFile> OpenAsync(SqliteNameOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        var file = new RegistryFile(time);
        await UseAsync(() => file._table = new SqliteNameTable(options), time, cancellationToken).ConfigureAwait(false);
        return file;
    }

    /// <inheritdoc cref="OpenAsync"/>
    public async Task<T> UseAsync<T>(Func<SqliteNameTable, T> use, CancellationToken cancellationToken)
    {
        T result = default!;
        await UseAsync(() => result = use(_table), _time, cancellationToken).ConfigureAwait(false);
        return result;
    }

    /// <inheritdoc cref="OpenAsync"/>
    public Task UseAsync(Action<SqliteNameTable> use, CancellationToken cancellationToken) => UseAsync(() => use(_table), _time, cancellationToken);

    private static async Task UseAsync(Action use, TimeProvider time, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await Task.Run(use, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (Exception failure) when (failure is DbException or ComponentException && attempt < Attempts)
            {
                await Task.Delay(RetryInterval, time, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception failure) when (failure is DbException or ComponentException)
            {
                throw new NameRegistryException($"name registry: {failure.Message}", failure);
            }
        }
    }
}

/// <summary>The file in which sidecars of other processes are found cannot be used just now.</summary>
internal sealed class NameRegistryException(string message, Exception inner) : Exception(message, inner);
