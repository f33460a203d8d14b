using System.Collections.Concurrent;
using System.Diagnostics;
using Sidecar.Runtime.Telemetry;
using Sidecar.Testing.Observing;

namespace Sidecar.Testing;

/// <summary>
/// The spans that the sidecars of a host have ended, and those of everything else in this process, the apps above all, that
/// belong to the same traces; the last 10,000. A trace that passes no sidecar of this host is not seen, so hosts that run at the
/// same time do not see each other's.
/// </summary>
/// <remarks>
/// Sidecars: <c>/v1.0/…</c> for a request to the API, <c>CallLocal/{app-id}/{method}</c> at the callee of an invocation,
/// <c>pubsub/{topic}</c> for a message on its way to the app. Apps: what ASP.NET Core and HttpClient tell by themselves, and the
/// sources named to <see cref="DaprTestHostBuilder.Spans"/>.
/// </remarks>
public sealed class CapturedSpans
{
    private const int Capacity = 10_000;

    private readonly History<Activity> _spans = new(Capacity);
    private readonly ConcurrentDictionary<ActivityTraceId, bool> _traces = new();
    private readonly ActivityListener _listener;
    private readonly Patience _patience;

    internal CapturedSpans(IEnumerable<string> sources, Patience patience)
    {
        _patience = patience;
        HashSet<string> others = ["Microsoft.AspNetCore", "System.Net.Http", .. sources];
        _listener = new ActivityListener
        {
            ShouldListenTo = source => ReferenceEquals(source, Source) || others.Contains(source.Name),
            Sample = static (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStarted = span =>
            {
                if (ReferenceEquals(span.Source, Source))
                    _traces[span.TraceId] = true;
            },
            // A span of an app ends after the sidecar it called has begun one in the same trace.
            ActivityStopped = span =>
            {
                if (_traces.ContainsKey(span.TraceId))
                    _spans.Add(span);
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>All spans so far, in the order in which they ended.</summary>
    public IReadOnlyList<Activity> All => _spans.All;

    // One of its own per host: that is how its sidecars' spans are told from those of other hosts.
    internal ActivitySource Source { get; } = new(SidecarSpans.SourceName);

    /// <summary>The spans of one trace so far, in the order in which they began.</summary>
    public IReadOnlyList<Activity> OfTrace(ActivityTraceId trace) => [.. All.Where(span => span.TraceId == trace).OrderBy(span => span.StartTimeUtc)];

    /// <summary>The next span of that name to end, before or after this call; each span is given to one call only.</summary>
    /// <param name="name">As <see cref="Activity.DisplayName"/>, such as <c>pubsub/orders</c>.</param>
    /// <param name="within">In real time; null = the host's patience.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="TimeoutException">There was none; the message holds the log.</exception>
    public Task<Activity> SpanAsync(string name, TimeSpan? within = null, CancellationToken cancellationToken = default) =>
        _patience.AwaitAsync($"a span '{name}'", within, token => _spans.NextAsync(span => span.DisplayName == name, token), cancellationToken);

    internal void Stop()
    {
        _listener.Dispose();
        Source.Dispose();
    }
}
