using TestSupport;

namespace Sidecar.Daprd.Tests;

/// <summary>Component files for the tests.</summary>
internal static class Sets
{
    public static TempFolder WithSqlite(this TempFolder folder)
    {
        folder.Write("components/state.yaml", Component("statestore", "state.sqlite", ("connectionString", folder.File("state.db"))));
        folder.Write("components/pubsub.yaml", Component("pubsub", "pubsub.sqlite", ("connectionString", folder.File("pubsub.db")), ("redeliverInterval", "200ms")));
        return folder;
    }

    public static string Component(string name, string type, params (string Name, string Value)[] metadata) =>
        $"""
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata:
          name: {name}
        spec:
          type: {type}
          version: v1
          metadata:
        {string.Join("\n", metadata.Select(item => $"  - name: {item.Name}\n    value: \"{item.Value}\""))}
        """;

    public static string Subscription(string name, string topic, string route, string? deadLetter = null) =>
        $"""
        apiVersion: dapr.io/v2alpha1
        kind: Subscription
        metadata:
          name: {name}
        spec:
          pubsubname: pubsub
          topic: {topic}
          routes:
            default: {route}
        {(deadLetter is null ? "" : $"  deadLetterTopic: {deadLetter}")}
        """;
}
