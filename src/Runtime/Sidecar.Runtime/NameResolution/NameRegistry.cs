using System.Collections.Concurrent;
using System.Data.Common;
using System.Globalization;
using Sidecar.Components;
using Sidecar.Components.NameResolution;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.NameResolution;

/// <summary>
/// Sidecars of other processes, through a file they share. What was read is believed for a second: a call after that, or a
/// retry, sees who has come and gone.
/// </summary>
internal sealed class NameRegistry : IDisposable
{
    private const int Attempts = 5;
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Believed = TimeSpan.FromSeconds(1);

    private readonly SqliteNameTable _table;
    private readonly TimeProvider _time;
    private readonly PeerClient _client = new();
    private readonly string _registrationId = Guid.NewGuid().ToString();
    private readonly ConcurrentDictionary<string, Known> _known = new(StringComparer.Ordinal);
    private int _turn;

    private NameRegistry(SqliteNameTable table, TimeProvider time) => (_table, _time) = (table, time);

    /// <exception cref="NameRegistryException">The file cannot be used.</exception>
    public static async Task<NameRegistry> OpenAsync(SidecarOptions options, CancellationToken cancellationToken)
    {
        var path = Path.GetFullPath(options.NameRegistryFile!, options.BaseDirectory);
        SqliteNameTable? table = null;
        await UseAsync(() => table = new SqliteNameTable(path), options.Time, cancellationToken).ConfigureAwait(false);
        return new NameRegistry(table!, options.Time);
    }

    /// <inheritdoc cref="OpenAsync"/>
    public Task RegisterAsync(string appId, int port, CancellationToken cancellationToken) => UseAsync(
        () => _table.Register(_registrationId, appId, string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"), _time.GetUtcNow()), _time, cancellationToken);

    /// <summary>Others find this sidecar no more; calls of its own that are under way go on.</summary>
    public Task UnregisterAsync() => UseAsync(() => _table.Remove(_registrationId), _time, CancellationToken.None);

    /// <inheritdoc cref="INameResolver.ResolveAsync"/>
    public async ValueTask<IPeer?> ResolveAsync(string appId, CancellationToken cancellationToken)
    {
        if (!_known.TryGetValue(appId, out var known) || _time.GetElapsedTime(known.Read) > Believed)
        {
            IReadOnlyList<string> addresses = [];
            await UseAsync(() => addresses = _table.Find(appId), _time, cancellationToken).ConfigureAwait(false);
            known = new Known(_time.GetTimestamp(), [.. addresses.Select(address => new RemotePeer(appId, address, _client))]);
            // Nobody there is asked again at once: a sidecar that is just starting must be seen.
            if (known.Peers.Length > 0)
                _known[appId] = known;
            else
                _known.TryRemove(appId, out _);
        }

        return known.Peers.Length == 0 ? null : known.Peers[(int)((uint)Interlocked.Increment(ref _turn) % (uint)known.Peers.Length)];
    }

    public void Dispose() => _client.Dispose();

    // The file blocks while it is locked, so it is not used on a socket thread. It may be locked for good, deleted or broken;
    // but sidecars that start at once also make and open it at once, and what fails in that moment works in the next.
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

    private sealed record Known(long Read, IPeer[] Peers);
}

/// <summary>The file in which sidecars of other processes are found cannot be used just now.</summary>
internal sealed class NameRegistryException(string message, Exception inner) : Exception(message, inner);
