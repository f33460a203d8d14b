using System.Collections.Immutable;

namespace Sidecar.Runtime.NameResolution;

/// <summary>The sidecars of one process by app-id; several of one id take turns.</summary>
internal sealed class GroupDirectory
{
    private readonly Lock _lock = new();
    private ImmutableDictionary<string, ImmutableArray<ISidecarPeer>> _peers = ImmutableDictionary<string, ImmutableArray<ISidecarPeer>>.Empty;
    private int _turn;

    public void Add(string appId, ISidecarPeer peer)
    {
        lock (_lock)
            _peers = _peers.SetItem(appId, _peers.GetValueOrDefault(appId, []).Add(peer));
    }

    public void Remove(string appId, ISidecarPeer peer)
    {
        lock (_lock)
        {
            var left = _peers.GetValueOrDefault(appId, []).Remove(peer);
            _peers = left.IsEmpty ? _peers.Remove(appId) : _peers.SetItem(appId, left);
        }
    }

    public ISidecarPeer? Find(string appId)
    {
        if (!_peers.TryGetValue(appId, out var peers))
            return null;
        return peers.Length == 1 ? peers[0] : peers[(int)((uint)Interlocked.Increment(ref _turn) % (uint)peers.Length)];
    }
}
