using System.Text.Json.Nodes;

namespace Kubernetes.Tests;

/// <summary>Short ways into manifests.</summary>
internal static class Fields
{
    /// <summary>The node at a path of names, null where it leads nowhere.</summary>
    public static JsonNode? At(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
            node = (node as JsonObject)?[name];
        return node;
    }

    public static string? Text(this JsonNode? node, params ReadOnlySpan<string> path) => node.At(path)?.ToString();

    public static IEnumerable<JsonObject> Objects(this JsonNode? node, params ReadOnlySpan<string> path) => node.At(path) is JsonArray list ? list.OfType<JsonObject>() : [];

    public static IEnumerable<string> Texts(this JsonNode? node, params ReadOnlySpan<string> path) => node.At(path) is JsonArray list ? list.Select(item => item!.ToString()) : [];

    public static IEnumerable<KeyValuePair<string, JsonNode?>> Entries(this JsonNode? node, params ReadOnlySpan<string> path) => node.At(path) as JsonObject ?? [];

    /// <summary>As text that is the same whatever the order of fields.</summary>
    public static string Sorted(this JsonNode? node) => node switch
    {
        JsonObject map => $"{{{string.Join(',', map.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => $"\"{entry.Key}\":{entry.Value.Sorted()}"))}}}",
        JsonArray list => $"[{string.Join(',', list.Select(Sorted))}]",
        _ => node?.ToJsonString() ?? "null",
    };

    public static string Name(this JsonNode node) => node.Text("metadata", "name")!;

    public static JsonObject Pod(this JsonNode deployment) => (JsonObject)deployment.At("spec", "template")!;

    /// <summary>The one container that is not Dapr's.</summary>
    public static JsonObject App(this JsonNode deployment) => Assert.Single(deployment.Pod().Objects("spec", "containers"));

    public static string? Annotation(this JsonNode deployment, string name) => deployment.Pod().Text("metadata", "annotations", $"dapr.io/{name}");

    /// <summary>Whether every one of these labels is on the pods.</summary>
    public static bool Selects(this JsonNode? selector, JsonNode deployment) =>
        selector.Entries().Any() && selector.Entries().All(label => deployment.Pod().Text("metadata", "labels", label.Key) == label.Value!.ToString());
}
