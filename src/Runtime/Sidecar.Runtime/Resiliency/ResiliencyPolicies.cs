using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Resiliency;

/// <summary>The policies that apply now: what the app's Resiliency files say, merged, later names winning (contract section 4.4).</summary>
internal sealed class ResiliencyPolicies(LiveResources resources)
{
    private volatile PolicyTable _table = new([]);

    /// <summary>How what the component hands to the app is tried again; null = it is not.</summary>
    /// <param name="block">One of <see cref="ComponentBlocks"/>.</param>
    public AppliedRetry? InboundRetry(string component, string block)
    {
        var resiliencies = resources.Current.Resiliencies;
        if (resiliencies.Count == 0)
            return null;
        var table = _table;
        if (!ReferenceEquals(table.Source, resiliencies))
            _table = table = new PolicyTable(resiliencies);
        return table.InboundRetry(component, block);
    }
}

/// <param name="Name">Of the policy, for whoever asks why something was retried.</param>
internal sealed record AppliedRetry(string Name, RetryPolicy Policy);
