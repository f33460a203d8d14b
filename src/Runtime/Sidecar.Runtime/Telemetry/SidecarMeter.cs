using System.Diagnostics.Metrics;

namespace Sidecar.Runtime.Telemetry;

/// <summary>
/// The metrics of all sidecars of a process, named as Dapr's; the label <c>app_id</c> tells whose they are. The label <c>name</c> of those
/// of resiliency is the policy's; Dapr's is that of the file.
/// </summary>
public static class SidecarMeter
{
    /// <summary>Name of the <see cref="Meter"/> to listen to.</summary>
    public const string Name = "Sidecar.Runtime";

    private static readonly Meter Meter = new(Name);

    /// <summary>Each call that is made under a policy, once for each policy.</summary>
    internal static Counter<long> PolicyUses { get; } = Meter.CreateCounter<long>("dapr_resiliency_count");

    /// <summary>Each time a resiliency policy has done something: retried, timed out, kept a call back, turned a breaker.</summary>
    internal static Counter<long> PolicyActivations { get; } = Meter.CreateCounter<long>("dapr_resiliency_activations_total");

    /// <summary>A breaker's state when it changes: 0 closed, 1 half-open, 2 open.</summary>
    internal static Gauge<int> BreakerState { get; } = Meter.CreateGauge<int>("dapr_resiliency_cb_state");

    /// <summary>Messages of which it is decided what becomes of them.</summary>
    internal static Counter<long> IncomingMessages { get; } = Meter.CreateCounter<long>("dapr_component_pubsub_ingress_count");

    /// <summary>Messages that were put on a dead letter topic. Dapr has no such metric.</summary>
    internal static Counter<long> DeadLetters { get; } = Meter.CreateCounter<long>("sidecar_pubsub_dead_letter_count");
}
