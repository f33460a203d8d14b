using System.Collections.Concurrent;
using Sidecar.Components;
using Sidecar.Components.NameResolution;
using Sidecar.Runtime.Security.Mtls;

namespace Sidecar.Runtime.NameResolution;

/// <summary>
/// Sidecars of other processes, by app-id; several of one id take turns. What was read is believed for a second, or until one of
/// them does not answer: a call after that sees who has come and gone. One whose process has ended is passed over at once, and one
/// that did not answer for a while, unless there is no other.
/// </summary>
/// <param name="identity">For mTLS; null = without TLS.</param>
internal sealed class NameRegistry(RegistryFile file, TimeProvider time, WorkloadIdentity? identity = null) : IDisposable
{
    private static readonly TimeSpan Believed = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Avoided = TimeSpan.FromSeconds(5);

    // With mTLS each app has connections of its own: they are made with whom was meant, and not with who is at an address.
    private readonly ConcurrentDictionary<string, PeerClient> _clients = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Known> _known = new(StringComparer.Ordinal);

    // By address, since when.
    private readonly ConcurrentDictionary<string, long> _silent = new(StringComparer.Ordinal);
    private int _turn;

    /// <inheritdoc cref="INameResolver.ResolveAsync"/>
    public async ValueTask<ISidecarPeer?> ResolveAsync(string appId, CancellationToken cancellationToken)
    {
        var known = await KnownAsync(appId, cancellationToken).ConfigureAwait(false);
        var turn = NextTurn();
        return known.Next(turn, IsFit) ?? known.Next(turn, instance => instance.IsAlive(time));
    }

    /// <inheritdoc cref="INameResolver.ResolveOtherAsync"/>
    public async ValueTask<ISidecarPeer?> ResolveOtherAsync(string appId, IReadOnlySet<string> asked, CancellationToken cancellationToken) =>
        (await KnownAsync(appId, cancellationToken).ConfigureAwait(false)).Next(NextTurn(), instance => !asked.Contains(instance.Address) && IsFit(instance));

    public void Dispose()
    {
        foreach (var client in _clients.Values)
            client.Dispose();
    }

    private PeerClient ClientOf(string appId) => identity is null
        ? _clients.GetOrAdd("", _ => new PeerClient(time))
        : _clients.GetOrAdd(appId, _ => new PeerClient(time, PeerTls.Client(identity, appId)));

    private uint NextTurn() => (uint)Interlocked.Increment(ref _turn);

    private bool IsFit(Instance instance) => !IsSilent(instance.Address) && instance.IsAlive(time);

    private bool IsSilent(string address)
    {
        if (_silent.IsEmpty || !_silent.TryGetValue(address, out var since))
            return false;
        if (time.GetElapsedTime(since) < Avoided)
            return true;
        _silent.TryRemove(KeyValuePair.Create(address, since));
        return false;
    }

    private ValueTask<Known> KnownAsync(string appId, CancellationToken cancellationToken) =>
        _known.TryGetValue(appId, out var known) && time.GetElapsedTime(known.Read) <= Believed ? ValueTask.FromResult(known) : ReadAsync(appId, cancellationToken);

    private async ValueTask<Known> ReadAsync(string appId, CancellationToken cancellationToken)
    {
        var entries = await file.UseAsync(table => table.Find(appId, time.GetUtcNow()), cancellationToken).ConfigureAwait(false);
        var client = entries.Count > 0 ? ClientOf(appId) : null;
        var known = new Known(time.GetTimestamp(), [.. entries.Select(ToInstance)]);
        // Nobody there is asked again at once: a sidecar that is just starting must be seen.
        if (known.Instances.Length > 0)
            _known[appId] = known;
        else
            _known.TryRemove(appId, out _);
        return known;

        Instance ToInstance(NameEntry entry) => new(entry.Address, new RemotePeer(appId, entry.Address, client!, () => Avoid(appId, entry.Address)), entry.Process);
    }

    private void Avoid(string appId, string address)
    {
        _silent[address] = time.GetTimestamp();
        _known.TryRemove(appId, out _);
    }

    private sealed record Known(long Read, Instance[] Instances)
    {
        public ISidecarPeer? Next(uint turn, Func<Instance, bool> isMeant)
        {
            for (var tried = 0u; tried < Instances.Length; tried++)
            {
                var instance = Instances[(turn + tried) % (uint)Instances.Length];
                if (isMeant(instance))
                    return instance.Peer;
            }

            return null;
        }
    }

    /// <summary>Whether a process lives is a file of the system to read, which is not done for every call.</summary>
    private sealed class Instance(string address, RemotePeer peer, ProcessIdentity? process)
    {
        private static readonly TimeSpan LifeBelieved = TimeSpan.FromMilliseconds(50);

        private long _checked = long.MinValue;
        private volatile bool _isAlive = true;

        public string Address => address;

        public RemotePeer Peer => peer;

        public bool IsAlive(TimeProvider time)
        {
            var last = Volatile.Read(ref _checked);
            if (!_isAlive || process is null || (last != long.MinValue && time.GetElapsedTime(last) < LifeBelieved))
                return _isAlive;
            Volatile.Write(ref _checked, time.GetTimestamp());
            return _isAlive = process.IsAlive();
        }
    }
}
