namespace Sidecar.Runtime.Resiliency;

/// <summary>Kinds of components, as the names of default policies have them (contract section 4.4).</summary>
internal static class ComponentBlocks
{
    public const string Binding = "Binding";
    public const string Pubsub = "Pubsub";
    public const string Secretstore = "Secretstore";
    public const string Statestore = "Statestore";

    private static readonly Dictionary<string, string> ByPrefix = new(StringComparer.OrdinalIgnoreCase)
    {
        ["bindings"] = Binding,
        ["pubsub"] = Pubsub,
        ["secretstores"] = Secretstore,
        ["state"] = Statestore,
    };

    /// <summary>Of a component by its type, such as <c>state.redis</c>; null = policies do not apply to it.</summary>
    public static string? Of(string type) => ByPrefix.GetValueOrDefault(type[..Math.Max(0, type.IndexOf('.', StringComparison.Ordinal))]);

    /// <summary>Configuration, Lock, Crypto and Conversation have no slice in this runtime yet.</summary>
    public static IReadOnlyList<string> All { get; } = [Pubsub, Binding, "Configuration", "Lock", "Crypto", "Conversation", Secretstore, Statestore];
}

/// <summary>Which way a call of a component goes.</summary>
internal enum FlowDirection
{
    /// <summary>From the component to the app: messages, events of bindings.</summary>
    Inbound,

    /// <summary>From the API to the component or the app that is called.</summary>
    Outbound,
}

/// <summary>Names that make a policy the default of targets that no file names; of those that exist the first counts (contract section 4.4).</summary>
internal static class DefaultPolicies
{
    private static readonly string[] Kinds = ["Retry", "Timeout", "CircuitBreaker"];

    /// <summary>What comes before a kind in the names of defaults for apps that are called.</summary>
    public static IReadOnlyList<string> App { get; } = ["App", ""];

    /// <summary>The same for actors.</summary>
    public static IReadOnlyList<string> Actor { get; } = ["Actor", ""];

    /// <summary>The same for components.</summary>
    /// <param name="block">One of <see cref="ComponentBlocks"/>.</param>
    public static IReadOnlyList<string> Component(string block, FlowDirection direction) => [$"{block}Component{direction}", $"Component{direction}", "Component", ""];

    /// <summary>Whether Dapr takes a policy of this name for a default.</summary>
    /// <param name="kind">retry, timeout or circuitBreaker.</param>
    public static bool IsDefault(string kind, string name) => Kinds
        .Where(known => known.Equals(kind, StringComparison.OrdinalIgnoreCase))
        .Any(known => Targets().Any(target => Name(target, known) == name));

    public static string Name(string target, string kind) => $"Default{target}{kind}Policy";

    private static IEnumerable<string> Targets() =>
    [
        .. App, .. Actor,
        .. from block in ComponentBlocks.All from direction in Enum.GetValues<FlowDirection>() from target in Component(block, direction) select target,
    ];
}
