using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Resiliency;

/// <summary>Policies and targets of several Resiliency documents as one.</summary>
internal sealed class PolicyTable
{
    private readonly Dictionary<string, RetryPolicy> _retries = new(BuiltInRetries.ByName, StringComparer.Ordinal);
    private readonly Dictionary<string, ComponentTarget> _components = new(StringComparer.Ordinal);

    public PolicyTable(IReadOnlyList<ResiliencyResource> source)
    {
        Source = source;
        foreach (var resiliency in source)
        {
            foreach (var (name, retry) in resiliency.Retries)
                _retries[name] = BuiltInRetries.Defined(name, retry);
            foreach (var (name, target) in resiliency.Components)
                _components[name] = target;
        }
    }

    public IReadOnlyList<ResiliencyResource> Source { get; }

    /// <summary>A target that is named has what it names and no default, in neither direction. A name without a policy is none.</summary>
    public AppliedRetry? InboundRetry(string component, string block)
    {
        var name = _components.TryGetValue(component, out var target) ? target.Inbound.Retry : DefaultPolicies.InboundRetries(block).FirstOrDefault(_retries.ContainsKey);
        return name is not null && _retries.TryGetValue(name, out var policy) ? new AppliedRetry(name, policy) : null;
    }
}
