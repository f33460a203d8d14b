namespace Sidecar.Runtime.Resiliency;

/// <summary>Names that make a policy the default of targets that no file names (contract section 4.4).</summary>
internal static class DefaultPolicies
{
    private static readonly string[] Kinds = ["Retry", "Timeout", "CircuitBreaker"];
    private static readonly string[] Directions = ["Inbound", "Outbound"];

    private static readonly string[] Blocks =
        [ComponentBlocks.Pubsub, "Binding", "Configuration", "Lock", "Crypto", "Conversation", "Secretstore", "Statestore"];

    /// <summary>The default retry policies of what components bring in; the first that exists counts.</summary>
    /// <param name="block">One of <see cref="ComponentBlocks"/>.</param>
    public static IEnumerable<string> InboundRetries(string block) =>
        [Name($"{block}ComponentInbound", "Retry"), Name("ComponentInbound", "Retry"), Name("Component", "Retry"), Name("", "Retry")];

    /// <summary>Whether Dapr takes a policy of this name for a default.</summary>
    /// <param name="kind">retry, timeout or circuitBreaker.</param>
    public static bool IsDefault(string kind, string name) => Kinds
        .Where(known => known.Equals(kind, StringComparison.OrdinalIgnoreCase))
        .Any(known => Targets().Any(target => Name(target, known) == name));

    private static IEnumerable<string> Targets() =>
    [
        "", "App", "Actor", "Component",
        .. Directions.Select(direction => $"Component{direction}"),
        .. Blocks.SelectMany(block => Directions.Select(direction => $"{block}Component{direction}")),
    ];

    private static string Name(string target, string kind) => $"Default{target}{kind}Policy";
}

/// <summary>Kinds of components, as default policies name them.</summary>
internal static class ComponentBlocks
{
    public const string Pubsub = "Pubsub";
}
