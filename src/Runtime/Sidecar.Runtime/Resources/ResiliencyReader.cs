using Sidecar.Components;
using Sidecar.Runtime.Expressions;
using Sidecar.Runtime.Resiliency;
using Sidecar.Runtime.Resources.Yaml;

namespace Sidecar.Runtime.Resources;

/// <summary><c>kind: Resiliency</c> (contract section 4.4).</summary>
internal static class ResiliencyReader
{
    public static ResiliencyResource? Read(ResourceHeader header, YamlFields fields)
    {
        var resiliency = new ResiliencyResource(header.Origin, header.Name) { Namespace = header.Namespace, Scopes = fields.Texts("scopes") };
        if (fields.Object("spec") is { } spec)
        {
            if (spec.Object("policies") is { } policies)
                resiliency = WithPolicies(resiliency, policies);
            if (spec.Object("targets") is { } targets)
                resiliency = WithTargets(resiliency, targets);
            spec.RefuseUnknown();
        }

        fields.RefuseUnknown();
        return resiliency;
    }

    private static ResiliencyResource WithPolicies(ResiliencyResource resiliency, YamlFields policies)
    {
        var result = resiliency with
        {
            Timeouts = Timeouts(policies),
            Retries = Named(policies, "retries", Retry),
            CircuitBreakers = Named(policies, "circuitBreakers", CircuitBreaker),
            References = [.. Defaults(policies, "timeout"), .. Defaults(policies, "retry"), .. Defaults(policies, "circuitBreaker")],
        };
        policies.RefuseUnknown();
        return result;
    }

    private static ResiliencyResource WithTargets(ResiliencyResource resiliency, YamlFields targets)
    {
        var references = new List<PolicyReference>();
        var result = resiliency with
        {
            Apps = Named(targets, "apps", app => new AppTarget(Policies(app, references))
            {
                CircuitBreakerCacheSize = CacheSize(app, new AppTarget(NoPolicies).CircuitBreakerCacheSize),
            }),
            Actors = Named(targets, "actors", actor => Actor(actor, references)),
            Components = NamedComponents(targets, references),
        };
        targets.RefuseUnknown();
        return result with { References = [.. result.References, .. references] };
    }

    private static Dictionary<string, ComponentTarget> NamedComponents(YamlFields targets, List<PolicyReference> references) =>
        Named(targets, "components", component => new ComponentTarget(Direction(component, "outbound", references), Direction(component, "inbound", references)));

    /// <summary>Policies of one kind that are defaults by their names.</summary>
    private static IEnumerable<PolicyReference> Defaults(YamlFields policies, string kind) => policies.Node(PluralOf(kind)) is YamlMap && policies.Object(PluralOf(kind)) is { } map
        ? map.Names.Where(name => DefaultPolicies.IsDefault(kind, name)).Select(name => new PolicyReference(kind, name, map.LineOf(name), map.PathOf(name)) { IsDefault = true })
        : [];

    private static string PluralOf(string kind) => kind switch
    {
        "timeout" => "timeouts",
        "retry" => "retries",
        _ => "circuitBreakers",
    };

    private static PolicyNames NoPolicies { get; } = new(null, null, null);

    private static Dictionary<string, TimeSpan> Timeouts(YamlFields policies)
    {
        var timeouts = new Dictionary<string, TimeSpan>(StringComparer.Ordinal);
        if (policies.Object("timeouts") is not { } given)
            return timeouts;
        foreach (var name in given.Names)
            timeouts[name] = Duration(given, name, TimeSpan.Zero);
        given.RefuseUnknown();
        return timeouts;
    }

    private static RetryPolicy Retry(YamlFields fields)
    {
        var standard = new RetryPolicy();
        var matching = fields.Object("matching");
        var retry = new RetryPolicy
        {
            IsExponential = IsExponential(fields),
            Duration = Duration(fields, "duration", standard.Duration),
            MaxInterval = Duration(fields, "maxInterval", standard.MaxInterval),
            MaxRetries = fields.Integer("maxRetries", int.MinValue, int.MaxValue, standard.MaxRetries),
            HttpStatusCodes = matching is null ? null : Codes(matching, "httpStatusCodes", 100, 599),
            GrpcStatusCodes = matching is null ? null : Codes(matching, "gRPCStatusCodes", 0, 16),
        };
        matching?.RefuseUnknown();
        return retry;
    }

    private static bool IsExponential(YamlFields retry)
    {
        if (retry.Text("policy") is not { Length: > 0 } policy || policy.Equals("constant", StringComparison.OrdinalIgnoreCase))
            return false;
        if (policy.Equals("exponential", StringComparison.OrdinalIgnoreCase))
            return true;
        retry.Problems.Error(retry.LineOf("policy"), retry.PathOf("policy"), $"expected constant or exponential, found '{policy}'{Spelling.Hint(policy, ["constant", "exponential"])}");
        return false;
    }

    private static StatusCodeSet? Codes(YamlFields matching, string name, int minimum, int maximum)
    {
        if (matching.Text(name) is not { Length: > 0 } text)
            return null;
        if (StatusCodeSet.Parse(text, minimum, maximum) is { } codes)
            return codes;
        matching.Problems.Error(matching.LineOf(name), matching.PathOf(name), $"expected codes and ranges from {minimum} to {maximum} without blanks, such as {minimum},{minimum + 1}-{maximum}, found '{text}'");
        return null;
    }

    private static CircuitBreakerPolicy CircuitBreaker(YamlFields fields)
    {
        var standard = new CircuitBreakerPolicy();
        var breaker = new CircuitBreakerPolicy
        {
            MaxRequests = fields.Integer("maxRequests", 0, int.MaxValue) is > 0 and var requests ? requests : standard.MaxRequests,
            Interval = Duration(fields, "interval", standard.Interval),
            Timeout = Duration(fields, "timeout", standard.Timeout),
            Trip = fields.Text("trip") is { Length: > 0 } trip ? trip : standard.Trip,
        };
        if (!Expression.TryParse(breaker.Trip, out _, out var error))
            fields.Problems.Error(fields.LineOf("trip"), fields.PathOf("trip"), $"not a valid expression: {error}");
        return breaker;
    }

    private static ActorTarget Actor(YamlFields fields, List<PolicyReference> references)
    {
        var policies = Policies(fields, references, ofActor: true);
        var scope = fields.Choice("circuitBreakerScope", "type", "id", "both");
        if (policies.CircuitBreaker is not null && !fields.Has("circuitBreakerScope"))
            fields.Problems.Error(fields.LineOf("circuitBreaker"), fields.PathOf("circuitBreakerScope"), "expected type, id or both; a circuit breaker of actors needs it");
        return new ActorTarget(policies)
        {
            CircuitBreakerScope = scope,
            CircuitBreakerCacheSize = CacheSize(fields, new ActorTarget(NoPolicies).CircuitBreakerCacheSize),
        };
    }

    private static PolicyNames Direction(YamlFields component, string name, List<PolicyReference> references)
    {
        if (component.Object(name) is not { } direction)
            return NoPolicies;
        var policies = Policies(direction, references);
        direction.RefuseUnknown();
        return policies;
    }

    private static PolicyNames Policies(YamlFields target, List<PolicyReference> references, bool ofActor = false)
    {
        return new PolicyNames(Policy("timeout"), Policy("retry"), Policy("circuitBreaker"));

        string? Policy(string kind)
        {
            if (target.Text(kind) is not { Length: > 0 } policy)
                return null;
            references.Add(new PolicyReference(kind, policy, target.LineOf(kind), target.PathOf(kind)) { IsOfActor = ofActor });
            return policy;
        }
    }

    private static int CacheSize(YamlFields target, int standard) =>
        target.Integer("circuitBreakerCacheSize", 0, int.MaxValue) is > 0 and var size ? size : standard;

    /// <summary>A Go duration; a bare integer counts milliseconds.</summary>
    private static TimeSpan Duration(YamlFields fields, string name, TimeSpan standard)
    {
        if (fields.Text(name) is not { Length: > 0 } text)
            return standard;
        if (int.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var milliseconds) && milliseconds >= 0)
            return TimeSpan.FromMilliseconds(milliseconds);
        if (GoText.TryParseDuration(text, out var duration) && duration >= TimeSpan.Zero)
            return duration;
        fields.Problems.Error(fields.LineOf(name), fields.PathOf(name), $"expected a duration such as 500ms, 5s or 1m30s, or a number of milliseconds, found '{text}'");
        return standard;
    }

    /// <summary>A map whose keys the user chooses.</summary>
    private static Dictionary<string, T> Named<T>(YamlFields fields, string name, Func<YamlFields, T> read)
    {
        var result = new Dictionary<string, T>(StringComparer.Ordinal);
        if (fields.Object(name) is not { } map)
            return result;
        foreach (var key in map.Names)
        {
            if (map.Object(key) is not { } item)
                continue;
            result[key] = read(item);
            item.RefuseUnknown();
        }

        map.RefuseUnknown();
        return result;
    }
}
