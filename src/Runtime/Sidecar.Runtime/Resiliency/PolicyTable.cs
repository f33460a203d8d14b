using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Resiliency;

/// <summary>
/// Policies and targets of several Resiliency documents as one, later names winning (contract section 4.4). A target that is named has
/// what it names and no default; a name without a policy is none.
/// </summary>
internal sealed class PolicyTable
{
    private readonly Dictionary<string, AppliedRetry> _retries = BuiltInRetries.ByName.ToDictionary(
        retry => retry.Key, retry => new AppliedRetry(retry.Key, retry.Value), StringComparer.Ordinal);

    private readonly Dictionary<string, AppliedTimeout> _timeouts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, AppliedBreaker> _breakers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, AppTarget> _apps = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ActorTarget> _actors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ComponentTarget> _components = new(StringComparer.Ordinal);

    public PolicyTable(IReadOnlyList<ResiliencyResource> source)
    {
        Source = source;
        foreach (var resiliency in source)
        {
            foreach (var (name, retry) in resiliency.Retries)
                _retries[name] = new AppliedRetry(name, BuiltInRetries.Defined(name, retry));
            foreach (var (name, limit) in resiliency.Timeouts)
                _timeouts[name] = new AppliedTimeout(name, limit);
            foreach (var (name, breaker) in resiliency.CircuitBreakers)
            {
                if (TripCondition.Parse(breaker.Trip) is { } trip)
                    _breakers[name] = new AppliedBreaker(name, breaker, trip);
            }

            Merge(_apps, resiliency.Apps);
            Merge(_actors, resiliency.Actors);
            Merge(_components, resiliency.Components);
        }
    }

    public IReadOnlyList<ResiliencyResource> Source { get; }

    /// <summary>Apps that a file names: for these the built-in retries of calls do not count.</summary>
    public IReadOnlyDictionary<string, AppTarget> Apps => _apps;

    public IReadOnlyDictionary<string, ActorTarget> Actors => _actors;

    public IReadOnlyDictionary<string, ComponentTarget> Components => _components;

    /// <param name="name">An app-id, the name of an HTTPEndpoint, or a URL.</param>
    public TargetPolicies App(string name) => _apps.TryGetValue(name, out var target) ? Of(target.Policies) : Defaults(DefaultPolicies.App);

    public TargetPolicies Actor(string type) => _actors.TryGetValue(type, out var target) ? Of(target.Policies) : Defaults(DefaultPolicies.Actor);

    /// <param name="block">One of <see cref="ComponentBlocks"/>.</param>
    public TargetPolicies Component(string name, string block, FlowDirection direction) => _components.TryGetValue(name, out var target)
        ? Of(direction == FlowDirection.Inbound ? target.Inbound : target.Outbound)
        : Defaults(DefaultPolicies.Component(block, direction));

    /// <summary>A retry policy by its name, such as one of <see cref="BuiltInRetries"/>.</summary>
    public AppliedRetry? Retry(string name) => _retries.GetValueOrDefault(name);

    private TargetPolicies Of(PolicyNames names) => new(Find(_retries, names.Retry), Find(_timeouts, names.Timeout), Find(_breakers, names.CircuitBreaker));

    private TargetPolicies Defaults(IReadOnlyList<string> targets) =>
        new(First(_retries, targets, "Retry"), First(_timeouts, targets, "Timeout"), First(_breakers, targets, "CircuitBreaker"));

    private static T? First<T>(Dictionary<string, T> policies, IReadOnlyList<string> targets, string kind)
        where T : class => targets.Select(target => Find(policies, DefaultPolicies.Name(target, kind))).FirstOrDefault(policy => policy is not null);

    private static T? Find<T>(Dictionary<string, T> policies, string? name)
        where T : class => name is null ? null : policies.GetValueOrDefault(name);

    private static void Merge<T>(Dictionary<string, T> into, IReadOnlyDictionary<string, T> from)
    {
        foreach (var (name, target) in from)
            into[name] = target;
    }
}
