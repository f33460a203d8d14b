using System.Text;
using System.Text.Json;

namespace Sidecar.Testing;

/// <summary>Resources as text. A JSON string is a YAML scalar, whatever is in it.</summary>
internal static class ResourceYaml
{
    public static string Component(string name, string type, ReadOnlySpan<(string Name, string Value)> metadata)
    {
        var yaml = new StringBuilder().Append(
            $"""
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata:
              name: {Quoted(name)}
            spec:
              type: {Quoted(type)}
              version: v1

            """);
        if (metadata.Length > 0)
            yaml.Append("  metadata:\n");
        foreach (var (field, value) in metadata)
            yaml.Append($"    - name: {Quoted(field)}\n      value: {Quoted(value)}\n");
        return yaml.ToString();
    }

    public static string Subscription(string name, string appId, string topic, string route, string pubsubName, string? deadLetterTopic) =>
        $"""
        apiVersion: dapr.io/v2alpha1
        kind: Subscription
        metadata:
          name: {Quoted(name)}
        spec:
          pubsubname: {Quoted(pubsubName)}
          topic: {Quoted(topic)}
          routes:
            default: {Quoted(route)}
        {(deadLetterTopic is null ? "" : $"  deadLetterTopic: {Quoted(deadLetterTopic)}")}
        scopes:
          - {Quoted(appId)}

        """;

    private static string Quoted(string text) => JsonSerializer.Serialize(text);
}
