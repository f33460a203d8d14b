using System.Collections.Concurrent;

namespace Sidecar.Runtime.State.Outbox;

/// <summary>
/// Events whose marker is not there. Most come of a kill: between the event's publication and its transaction, which then never
/// runs, or between the deletion of the marker and the event's acknowledgement. They come round again and again, so they must
/// neither take up the places of events that can go on, nor be kept for good.
/// </summary>
internal sealed class MissingMarkers(TimeProvider time) : IDisposable
{
    /// <summary>Places for events that wait for their marker; the broker has more than these in flight.</summary>
    public const int MostWaiting = 64;

    /// <summary>
    /// How long an event goes round before it counts as one of a transaction that will never end. No transaction takes
    /// nearly as long. Counted in the time that this sidecar has run, which stands still while the machine is suspended.
    /// </summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private const int MostRemembered = 10_000;

    private readonly SemaphoreSlim _places = new(MostWaiting);
    private readonly ConcurrentDictionary<string, long> _since = new(StringComparer.Ordinal);

    public bool TryTakePlace() => _places.Wait(0);

    public void GiveUpPlace() => _places.Release();

    /// <summary>The marker was looked for in vain, from beginning to end.</summary>
    /// <returns>Whether that has been so for longer than <see cref="Patience"/>.</returns>
    public bool IsHopeless(string id)
    {
        // Those that another replica took are never heard of again.
        if (_since.Count >= MostRemembered)
            _since.Clear();
        return time.GetElapsedTime(_since.GetOrAdd(id, time.GetTimestamp())) >= Patience;
    }

    /// <summary>The event is through.</summary>
    public void Forget(string id) => _since.TryRemove(id, out _);

    public void Dispose() => _places.Dispose();
}
