using System.Collections.Concurrent;
using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Sidecar.Grpc;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Security;

/// <summary>
/// Which parts of its API a sidecar serves: <c>api.allowed</c> and <c>api.denied</c> (contract section 4.3). What is denied goes first; a list of
/// what is allowed leaves out all else of its protocol; health is always served. Over HTTP the route that takes a request decides, whatever
/// the request says of itself; over gRPC the method's name, and only Dapr's own methods are asked: reflection and calls for apps pass.
/// </summary>
internal sealed class ApiAccess(ApiAccessSettings settings)
{
    private const string Invoke = "invoke";
    private const string Health = "healthz";
    private const string FirstVersion = "v1";

    // The first word that a method's name holds decides.
    private static readonly (string Word, string Group)[] GrpcGroups =
    [
        ("Actor", "actors"), ("State", "state"), ("PublishEvent", "publish"), ("SubscribeTopicEvents", "subscribe"), ("InvokeService", Invoke), ("InvokeBinding", "bindings"),
        ("Secret", "secrets"), ("Configuration", "configuration"), ("TryLock", "lock"), ("Unlock", "unlock"), ("Workflow", "workflows"), ("Job", "jobs"),
        ("Subtle", "subtlecrypto"), ("Encrypt", "crypto"), ("Decrypt", "crypto"), ("Converse", "conversation"), ("Metadata", "metadata"), ("Shutdown", "shutdown"),
    ];

    private static readonly GrpcStatus Unimplemented = new(StatusCode.Unimplemented, "Not Implemented");

    private readonly HashSet<(string Name, string Version)> _httpAllowed = Of(settings.Allowed, isGrpc: false);
    private readonly HashSet<(string Name, string Version)> _httpDenied = Of(settings.Denied, isGrpc: false);
    private readonly ConcurrentDictionary<Endpoint, bool> _isServed = [];
    private readonly FrozenSet<string> _notServed = NotServed(Of(settings.Allowed, isGrpc: true), Of(settings.Denied, isGrpc: true));

    /// <summary>Whether the route that has taken a request may serve it.</summary>
    public bool Serves(HttpContext context) =>
        context.GetEndpoint() is not { } endpoint || _isServed.GetOrAdd(endpoint, static (endpoint, self) => self.IsServed(endpoint), this);

    /// <summary>Comes after routing.</summary>
    public Task HandleHttpAsync(HttpContext context, RequestDelegate next) => Serves(context) ? next(context) : context.WriteErrorAsync(CommonErrors.NoTarget);

    public Task HandleGrpcAsync(HttpContext context, RequestDelegate next) =>
        _notServed.Contains(context.Request.Path.Value ?? "") ? GrpcFallback.AnswerAsync(context, Unimplemented) : next(context);

    /// <summary>Of a method of Dapr's service.</summary>
    public static (string Name, string Version) GroupOf(string method)
    {
        var version = new[] { "Alpha1", "Alpha2", "Beta1" }.FirstOrDefault(method.EndsWith) is { } preview ? FirstVersion + preview.ToLowerInvariant() : FirstVersion;
        var group = GrpcGroups.FirstOrDefault(group => method.Contains(group.Word, StringComparison.Ordinal)).Group;
        return (group ?? method.ToLowerInvariant(), version);
    }

    private bool IsServed(Endpoint endpoint)
    {
        // What no other route takes is an invocation.
        var (name, version) = (endpoint as RouteEndpoint)?.RoutePattern.RawText?.Split('/') is ["", var first, var second, ..] ? (second, VersionOf(first)) : (Invoke, FirstVersion);
        return name == Health || IsServed((name, version), _httpAllowed, _httpDenied);
    }

    private static bool IsServed((string, string) group, HashSet<(string, string)> allowed, HashSet<(string, string)> denied) =>
        !denied.Contains(group) && (allowed.Count == 0 || allowed.Contains(group));

    private static FrozenSet<string> NotServed(HashSet<(string, string)> allowed, HashSet<(string, string)> denied) =>
        DaprService.MethodNames.Where(method => !IsServed(GroupOf(method), allowed, denied)).Select(method => $"/{DaprService.Name}/{method}").ToFrozenSet(StringComparer.Ordinal);

    private static HashSet<(string Name, string Version)> Of(IReadOnlyList<ApiRule> rules, bool isGrpc) =>
        [.. rules.Where(rule => rule.IsGrpc == isGrpc).Select(rule => (rule.Name.ToLowerInvariant(), VersionOf(rule.Version)))];

    /// <summary><c>v1.0-alpha1</c>, as paths have it, is <c>v1alpha1</c>.</summary>
    private static string VersionOf(string version) => version.ToLowerInvariant().Replace("v1.0", FirstVersion, StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal);
}
