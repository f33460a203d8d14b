using System.Diagnostics.Metrics;

namespace Sidecar.Runtime.Telemetry;

/// <summary>The metrics of all sidecars of a process, named and labelled as Dapr's; the label <c>app_id</c> tells whose they are.</summary>
public static class SidecarMeter
{
    /// <summary>Name of the <see cref="Meter"/> to listen to.</summary>
    public const string Name = "Sidecar.Runtime";

    private static readonly Meter Meter = new(Name);

    /// <summary>Each time a resiliency policy has done something: retried, timed out, kept a call back, turned a breaker.</summary>
    internal static Counter<long> PolicyActivations { get; } = Meter.CreateCounter<long>("dapr_resiliency_activations_total");

    /// <summary>A breaker's state when it changes: 0 closed, 1 half-open, 2 open.</summary>
    internal static Gauge<int> BreakerState { get; } = Meter.CreateGauge<int>("dapr_resiliency_cb_state");
}
