using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.Resiliency;

/// <param name="Name">As a log names it; <c>every other app</c> for those that no file names.</param>
/// <param name="Breakers">By endpoint; empty where nothing was counted.</param>
internal sealed record ListedTarget(string Name, TargetPolicies Policies, IReadOnlyList<KeyValuePair<string, BreakerState>> Breakers);

/// <summary>Which policy applies to which target. Targets without a policy are left out.</summary>
internal static class PolicyListing
{
    private const string Others = "every other app";

    public static IReadOnlyList<ListedTarget> Of(ResiliencyPolicies policies, ComponentRegistry components)
    {
        var table = policies.Table;
        return
        [
            .. table.Apps.Keys.Order(StringComparer.Ordinal).Select(policies.App).Where(HasPolicy).Select(Listed),
            OtherApps(table),
            .. policies.UnnamedApps().Where(HasPolicy).Where(guard => guard.Breakers is not null).Select(Listed),
            .. from component in components.All
               let block = ComponentBlocks.Of(component.Resource.Type)
               where block is not null
               from direction in Enum.GetValues<FlowDirection>()
               let guard = policies.Component(component.Name, block, direction)
               where HasPolicy(guard)
               select Listed(guard),
        ];
    }

    // Calls of an app that no file names are retried by a built-in policy, and by defaults beside it.
    private static ListedTarget OtherApps(PolicyTable table)
    {
        var defaults = table.App("");
        return new ListedTarget(Others, defaults.Retry is null ? defaults with { Retry = table.Retry(BuiltInRetries.Service) } : defaults, []);
    }

    private static bool HasPolicy(TargetGuard guard) => !guard.Policies.IsEmpty;

    private static ListedTarget Listed(TargetGuard guard) => new(
        guard.Target.ToString(),
        guard.Policies,
        guard.Breakers is null ? [] : [.. guard.Breakers.All().Select(breaker => KeyValuePair.Create(breaker.Key, breaker.Value.State)).OrderBy(state => state.Key, StringComparer.Ordinal)]);
}
