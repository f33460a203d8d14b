using Microsoft.AspNetCore.Http;
using Sidecar.Grpc;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Security;

/// <summary>
/// Which parts of its API a sidecar serves: <c>api.allowed</c> and <c>api.denied</c> (contract section 4.3). What is denied goes first; a list of
/// what is allowed leaves out all else of its protocol; health is always served.
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

    private static readonly GrpcStatus Unimplemented = new(StatusCode.Unimplemented, "the Configuration of this sidecar does not allow this API");

    private readonly HashSet<(string Name, string Version)> _httpAllowed = Of(settings.Allowed, isGrpc: false);
    private readonly HashSet<(string Name, string Version)> _httpDenied = Of(settings.Denied, isGrpc: false);
    private readonly HashSet<(string Name, string Version)> _grpcAllowed = Of(settings.Allowed, isGrpc: true);
    private readonly HashSet<(string Name, string Version)> _grpcDenied = Of(settings.Denied, isGrpc: true);

    public Task HandleHttpAsync(HttpContext context, RequestDelegate next)
    {
        var (name, version) = HttpGroupOf(context);
        return name == Health || IsServed((name, version), _httpAllowed, _httpDenied) ? next(context) : context.WriteErrorAsync(CommonErrors.NoTarget);
    }

    public Task HandleGrpcAsync(HttpContext context, RequestDelegate next) =>
        IsServed(GrpcGroupOf(context.Request.Path.Value ?? ""), _grpcAllowed, _grpcDenied) ? next(context) : GrpcFallback.AnswerAsync(context, Unimplemented);

    private static bool IsServed((string, string) group, HashSet<(string, string)> allowed, HashSet<(string, string)> denied) =>
        !denied.Contains(group) && (allowed.Count == 0 || allowed.Contains(group));

    // A call that names its app in a header has any path.
    private static (string Name, string Version) HttpGroupOf(HttpContext context)
    {
        if (context.Request.Headers.ContainsKey("dapr-app-id") || !RawPath.TryGetSegment(context, 0, out var version) || !version.StartsWith("v1.0", StringComparison.OrdinalIgnoreCase)
            || !RawPath.TryGetSegment(context, 1, out var name))
            return (Invoke, FirstVersion);
        return (name.ToLowerInvariant(), VersionOf(version));
    }

    private static (string Name, string Version) GrpcGroupOf(string path)
    {
        if (!path.StartsWith($"/{DaprService.Name}/", StringComparison.Ordinal))
            return (Invoke, FirstVersion);
        var method = path[(path.LastIndexOf('/') + 1)..];
        var version = new[] { "Alpha1", "Alpha2", "Beta1" }.FirstOrDefault(method.EndsWith) is { } preview ? FirstVersion + preview.ToLowerInvariant() : FirstVersion;
        var group = GrpcGroups.FirstOrDefault(group => method.Contains(group.Word, StringComparison.Ordinal)).Group;
        return (group ?? method.ToLowerInvariant(), version);
    }

    private static HashSet<(string Name, string Version)> Of(IReadOnlyList<ApiRule> rules, bool isGrpc) =>
        [.. rules.Where(rule => rule.IsGrpc == isGrpc).Select(rule => (rule.Name.ToLowerInvariant(), VersionOf(rule.Version)))];

    /// <summary><c>v1.0-alpha1</c>, as paths have it, is <c>v1alpha1</c>.</summary>
    private static string VersionOf(string version) => version.ToLowerInvariant().Replace("v1.0", FirstVersion, StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal);
}
