using System.Collections.Concurrent;
using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Resiliency;

/// <summary>
/// The guards of everything that this sidecar calls, by the policies that apply now: what the app's Resiliency files say. When a
/// reload changes those, all guards are new, and their breakers closed.
/// </summary>
internal sealed class ResiliencyPolicies(LiveResources resources, PolicyEvents events, TimeProvider time)
{
    /// <summary>Apps that no file names and that only default policies guard: whoever calls chooses their names.</summary>
    private const int MostUnnamedApps = 1000;

    private readonly Lock _replacing = new();
    private volatile Guards _guards = new(new PolicyTable([]), events, time);

    public PolicyTable Table => Now.Table;

    private Guards Now
    {
        get
        {
            var guards = _guards;
            var resiliencies = resources.Current.Resiliencies;
            if (ReferenceEquals(guards.Table.Source, resiliencies) || (guards.Table.Source.Count == 0 && resiliencies.Count == 0))
                return guards;
            lock (_replacing)
            {
                if (!ReferenceEquals(_guards.Table.Source, resiliencies))
                    _guards = new Guards(new PolicyTable(resiliencies), events, time);
                return _guards;
            }
        }
    }

    /// <param name="name">An app-id, the name of an HTTPEndpoint, or a URL.</param>
    public TargetGuard App(string name) => Now.App(name);

    /// <param name="block">One of <see cref="ComponentBlocks"/>.</param>
    public TargetGuard Component(string name, string block, FlowDirection direction) => Now.Component(name, block, direction);

    /// <summary>The retries of calls whose callee's sidecar cannot be reached; null = a file names the app, which has its own policies instead.</summary>
    public AppliedRetry? ServiceRetry(string appId) => Now.Table is var table && table.Apps.ContainsKey(appId) ? null : table.Retry(BuiltInRetries.Service);

    /// <summary>Guards of apps that no file names and that were called.</summary>
    public IReadOnlyList<TargetGuard> UnnamedApps() => Now.UnnamedApps();

    private sealed class Guards(PolicyTable table, PolicyEvents events, TimeProvider time)
    {
        private readonly ConcurrentDictionary<string, TargetGuard> _named = new(StringComparer.Ordinal);
        private readonly ConcurrentDictionary<(string Name, string Block, FlowDirection Direction), TargetGuard> _components = new();
        private readonly LruCache<TargetGuard> _unnamed = new(MostUnnamedApps, name => new TargetGuard(GuardTarget.App(name), table.App(name), new AppTarget(new PolicyNames(null, null, null)).CircuitBreakerCacheSize, events, time));
        private readonly TargetGuard? _none = table.App("").IsEmpty ? new TargetGuard(GuardTarget.App(""), TargetPolicies.None, 1, events, time) : null;

        public PolicyTable Table => table;

        public TargetGuard App(string name)
        {
            if (!table.Apps.TryGetValue(name, out var target))
                return _none ?? _unnamed.For(name);
            return _named.TryGetValue(name, out var guard) ? guard : Add(name, target);
        }

        public TargetGuard Component(string name, string block, FlowDirection direction) =>
            _components.TryGetValue((name, block, direction), out var guard) ? guard : Add(name, block, direction);

        // Apart, because their closures are made as soon as a method with one begins.
        private TargetGuard Add(string name, AppTarget target) =>
            _named.GetOrAdd(name, _ => new TargetGuard(GuardTarget.App(name), table.App(name), target.CircuitBreakerCacheSize, events, time));

        private TargetGuard Add(string name, string block, FlowDirection direction) => _components.GetOrAdd(
            (name, block, direction), _ => new TargetGuard(new GuardTarget(block, name, direction), table.Component(name, block, direction), 1, events, time));

        public IReadOnlyList<TargetGuard> UnnamedApps() => [.. _unnamed.All().Select(guard => guard.Value)];
    }
}
