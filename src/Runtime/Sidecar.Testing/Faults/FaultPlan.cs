using System.Collections.Immutable;
using Sidecar.Testing.Observing;

namespace Sidecar.Testing;

/// <summary>A call of a sidecar to one of its components.</summary>
/// <param name="AppId">Whose sidecar.</param>
/// <param name="Component">Name of the component.</param>
/// <param name="Operation">
/// State: <c>get</c>, <c>set</c>, <c>delete</c>, <c>transaction</c>; pub/sub: <c>publish</c>, <c>bulkPublish</c>, <c>subscribe</c>; secrets:
/// <c>getSecret</c>, <c>bulkGetSecret</c>; input bindings: <c>read</c>; output bindings: the operation that was asked for.
/// </param>
/// <param name="Target">The key (with the store's prefix), topic or secret; null = several.</param>
public sealed record ComponentCall(string AppId, string Component, string Operation, string? Target);

/// <summary>
/// What is to go wrong between the sidecars of a host, their apps and their components. It goes wrong so many times and then
/// no more, or until the <see cref="Fault"/> is disposed; of several that fit a call, the one made first is taken. Sidecars run
/// as <c>daprd</c> processes cannot be made to fail.
/// </summary>
public sealed class FaultPlan
{
    private readonly Patience _patience;
    private ImmutableList<Fault> _faults = [];

    internal FaultPlan(Patience patience) => _patience = patience;

    /// <summary>Calls of a sidecar to its app: invocations and deliveries, and with a <paramref name="path"/> also its own questions.</summary>
    /// <param name="appId">The app that is called.</param>
    /// <param name="fail">What happens to the call.</param>
    /// <param name="path">Such as <c>/orders</c>; null = every path but <c>/dapr/…</c> and AppCallback's lists.</param>
    /// <param name="times">So many calls fail, the next ones do not.</param>
    public Fault App(string appId, Fail fail, string? path = null, int times = int.MaxValue) => Add(new Fault(
        $"a call to {appId} {path}".TrimEnd(),
        fail,
        times,
        call => call.App == appId && (path is null ? call.Path is not null && !IsQuestion(call.Path) : call.Path == path),
        _patience));

    /// <summary>Calls of the sidecars to the component of that name.</summary>
    /// <param name="name">As in <c>metadata.name</c>.</param>
    /// <param name="fail">What happens to the call.</param>
    /// <param name="times">So many calls fail, the next ones do not.</param>
    /// <param name="when">Which calls; null = all.</param>
    /// <exception cref="ArgumentException">A component cannot answer a status.</exception>
    public Fault Component(string name, Fail fail, int times = int.MaxValue, Func<ComponentCall, bool>? when = null)
    {
        if (fail.Status is not null)
            throw new ArgumentException("A component answers no HTTP status; use Fail.WithError.", nameof(fail));
        return Add(new Fault($"a call to component {name}", fail, times, call => call.Component is { } asked && asked.Component == name && when?.Invoke(asked) != false, _patience));
    }

    /// <summary>Publishing to a topic, by whichever sidecar.</summary>
    /// <exception cref="ArgumentException">A component cannot answer a status.</exception>
    public Fault Topic(string pubsubName, string topic, Fail fail, int times = int.MaxValue) =>
        Component(pubsubName, fail, times, call => call.Operation is "publish" or "bulkPublish" && call.Target == topic);

    /// <summary>All faults end.</summary>
    public void Clear() => ImmutableInterlocked.Update(ref _faults, list => list.Clear());

    internal Fail? Next(FaultCall call)
    {
        foreach (var fault in _faults)
        {
            if (fault.Takes(call))
                return fault.Fail;
        }

        return null;
    }

    internal void Remove(Fault fault) => ImmutableInterlocked.Update(ref _faults, (list, gone) => list.Remove(gone), fault);

    // /dapr.proto.runtime.v1.AppCallback/ListTopicSubscriptions and the like.
    private static bool IsQuestion(string path) =>
        path.StartsWith("/dapr/", StringComparison.Ordinal) || path.Contains(".AppCallback/List", StringComparison.Ordinal);

    private Fault Add(Fault fault)
    {
        fault.Plan = this;
        ImmutableInterlocked.Update(ref _faults, (list, added) => list.Add(added), fault);
        return fault;
    }
}

/// <summary>One thing that goes wrong. Disposing it ends it.</summary>
public sealed class Fault : IDisposable
{
    private readonly string _what;
    private readonly int _times;
    private readonly Func<FaultCall, bool> _fits;
    private readonly Patience _patience;
    private readonly TaskCompletionSource _hit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _taken;

    internal Fault(string what, Fail fail, int times, Func<FaultCall, bool> fits, Patience patience) =>
        (_what, Fail, _times, _fits, _patience) = (what, fail, times, fits, patience);

    /// <summary>How many calls it has met.</summary>
    public int Hits => Math.Min(Volatile.Read(ref _taken), _times);

    internal Fail Fail { get; }

    internal FaultPlan? Plan { get; set; }

    /// <summary>Completes once it has met a call.</summary>
    /// <exception cref="TimeoutException">There was none; the message holds the log.</exception>
    public Task HitAsync(TimeSpan? within = null, CancellationToken cancellationToken = default) =>
        _patience.AwaitAsync($"{_what} that was to fail", within, _ => _hit.Task, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => Plan?.Remove(this);

    internal bool Takes(FaultCall call)
    {
        if (!_fits(call) || Interlocked.Increment(ref _taken) > _times)
            return false;
        _hit.TrySetResult();
        return true;
    }
}

/// <summary>A call to an app, with its path, or to a component.</summary>
internal readonly record struct FaultCall(string? App, string? Path, ComponentCall? Component);
