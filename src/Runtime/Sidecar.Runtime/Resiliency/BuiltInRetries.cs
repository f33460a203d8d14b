using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Resiliency;

/// <summary>Retry policies that every sidecar has; targets may name them, and files may define them anew (contract section 4.4).</summary>
internal static class BuiltInRetries
{
    /// <summary>A built-in policy that a file defines anew has at least so many retries; -1, elsewhere without end, comes to as many.</summary>
    private const int FewestRetries = 3;

    private static readonly RetryPolicy Second = new() { Duration = TimeSpan.FromSeconds(1), MaxRetries = 3 };

    public static IReadOnlyDictionary<string, RetryPolicy> ByName { get; } = new Dictionary<string, RetryPolicy>(StringComparer.Ordinal)
    {
        [Service] = Second,
        ["DaprBuiltInActorRetries"] = Second,
        ["DaprBuiltInActorReminderRetries"] = new() { IsExponential = true },
        ["DaprBuiltInInitializationRetries"] = new()
        {
            IsExponential = true,
            MaxInterval = TimeSpan.FromSeconds(1),
            MaxRetries = 3,
            MaxElapsed = TimeSpan.FromSeconds(10),
        },
        [ActorNotFound] = Second with { MaxRetries = 5 },
    };

    /// <summary>For calls of apps whose sidecar cannot be reached.</summary>
    public const string Service = "DaprBuiltInServiceRetries";

    private const string ActorNotFound = "DaprBuiltInActorNotFoundRetries";

    /// <summary>What a definition of this name in a file comes to.</summary>
    public static RetryPolicy Defined(string name, RetryPolicy policy) => !ByName.TryGetValue(name, out var builtIn) ? policy
        : name == ActorNotFound ? builtIn
        : policy.MaxRetries < FewestRetries ? policy with { MaxRetries = FewestRetries }
        : policy;
}
