using Benchmarks.Load;
using Benchmarks.Servers;
using Google.Protobuf;
using Sidecar.Protos;

namespace Benchmarks;

/// <summary>Something done through a sidecar, beside the same done directly to the app, or to the server behind a component.</summary>
/// <param name="Target">Part of the direct throughput that it is meant to reach; null = shown without judgement.</param>
/// <param name="Bare">The same by a bare forwarder in the sidecars' place; null = there is none.</param>
/// <param name="IsDelivery">Done when the event is at its subscriber, not when the publisher has its answer.</param>
internal sealed record Scenario(string Name, bool Isolated, double? Target, Func<Topology, LoadJob> Direct, Func<Topology, LoadJob> Through, Func<Topology, LoadJob>? Bare = null, bool IsDelivery = false)
{
    private const string Item = $$"""[{"key":"document","value":{{BenchApp.Document}}}]""";
    private const string Event = $$"""{{{Stamp.Placeholder}},"document":{{BenchApp.Document}}}""";

    private const string DirectKey = "direct-document";

    public static IReadOnlyList<Scenario> All { get; } =
    [
        Invoke("invoke", isolated: false, 0.35),
        InvokeOverGrpc("invoke, gRPC caller"),
        GetState("state get, in-memory", "memory-state", 0.6),
        GetStateOverGrpc("state get, in-memory, gRPC", "memory-state"),
        SaveState("state save, in-memory", "memory-state"),
        GetState("state get, sqlite", "sqlite-state"),
        SaveState("state save, sqlite", "sqlite-state"),
        Deliver("publish to delivery, in-memory", "memory-events"),
        Deliver("publish to delivery, sqlite", "sqlite-events"),
        Guarded("invoke, under policies", "invoke/callee/method/document", "invoke/guarded/method/document"),
        Guarded("state get, under policies", "state/memory-state/document", "state/guarded-state/document"),
        Invoke("invoke, isolated", isolated: true, 0.25),
    ];

    /// <summary>What must be in the stores before a scenario reads it.</summary>
    public static IEnumerable<LoadJob> Preparations(Topology topology, ServerSet? set)
    {
        foreach (var store in set is null ? ["memory-state", "guarded-state", "sqlite-state"] : set.State is null ? Array.Empty<string>() : [ServerSet.StateComponent])
            yield return new LoadJob(topology.ApiPort, "POST", $"/v1.0/state/{store}", Item, 1, Count: 1);
        if (set?.State is not null)
            yield return new LoadJob(0, "PUT", DirectKey, BenchApp.Document, 1, Count: 1, Direct: topology.Server);
    }

    /// <summary>State and events on a server, beside the same by its own client library.</summary>
    public static IReadOnlyList<Scenario> Of(ServerSet set)
    {
        List<Scenario> scenarios = [];
        if (set.State is not null)
        {
            scenarios.Add(GetState($"state get, {set.Name}", ServerSet.StateComponent) with { Direct = topology => new LoadJob(0, "GET", DirectKey, BenchApp.Document, 1, Direct: topology.Server) });
            scenarios.Add(SaveState($"state save, {set.Name}", ServerSet.StateComponent) with { Direct = topology => new LoadJob(0, "PUT", DirectKey, BenchApp.Document, 1, Direct: topology.Server) });
        }

        if (set.Events is not null)
            scenarios.Add(Deliver($"publish to delivery, {set.Name}", ServerSet.EventsComponent) with { Direct = topology => new LoadJob(0, "POST", BenchApp.DirectTopic, Event, 1, IsStamped: true, Direct: topology.Server) });
        return scenarios;
    }

    private static Scenario Invoke(string name, bool isolated, double target) => new(
        name, isolated, target,
        topology => new LoadJob(topology.CalleePort, "GET", "/document", "", 1),
        topology => new LoadJob(topology.ApiPort, "GET", "/v1.0/invoke/callee/method/document", "", 1),
        topology => new LoadJob(topology.ForwarderPort, "GET", "/document", "", 1));

    /// <summary>What retry, timeout and breaker cost: beside it not the app itself, but the same through the sidecar without a policy.</summary>
    private static Scenario Guarded(string name, string path, string guarded) => new(
        name, false, 0.85,
        topology => new LoadJob(topology.ApiPort, "GET", $"/v1.0/{path}", "", 1),
        topology => new LoadJob(topology.ApiPort, "GET", $"/v1.0/{guarded}", "", 1));

    private static Scenario GetState(string name, string store, double? target = null) => new(
        name, false, target,
        topology => new LoadJob(topology.CalleePort, "GET", "/document", "", 1),
        topology => new LoadJob(topology.ApiPort, "GET", $"/v1.0/state/{store}/document", "", 1));

    private static Scenario InvokeOverGrpc(string name) => new(
        name, false, null,
        topology => new LoadJob(topology.CalleePort, "GET", "/document", "", 1),
        topology => new LoadJob(
            topology.GrpcPort, "POST", "/dapr.proto.runtime.v1.Dapr/InvokeService",
            new InvokeServiceRequest { Id = "callee", Message = new InvokeRequest { Method = "document", HttpExtension = new HTTPExtension { Verb = HTTPExtension.Types.Verb.Get } } }.ToByteString().ToBase64(), 1, IsGrpc: true));

    private static Scenario GetStateOverGrpc(string name, string store) => new(
        name, false, null,
        topology => new LoadJob(topology.CalleePort, "GET", "/document", "", 1),
        topology => new LoadJob(
            topology.GrpcPort, "POST", "/dapr.proto.runtime.v1.Dapr/GetState", new GetStateRequest { StoreName = store, Key = "document" }.ToByteString().ToBase64(), 1, IsGrpc: true));

    private static Scenario SaveState(string name, string store) => new(
        name, false, null,
        topology => new LoadJob(topology.CalleePort, "POST", "/documents", Item, 1),
        topology => new LoadJob(topology.ApiPort, "POST", $"/v1.0/state/{store}", Item, 1));

    private static Scenario Deliver(string name, string pubsub) => new(
        name, false, null,
        topology => new LoadJob(topology.CalleePort, "POST", "/events", Event, 1, IsStamped: true),
        topology => new LoadJob(topology.ApiPort, "POST", $"/v1.0/publish/{pubsub}/{BenchApp.Topic}", Event, 1, IsStamped: true),
        IsDelivery: true);
}
