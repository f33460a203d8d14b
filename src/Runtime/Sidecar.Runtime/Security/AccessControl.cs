using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Security;

/// <summary>The callee's door: calls of other sidecars pass here before they reach the app, by the Configuration as it is now.</summary>
internal sealed partial class AccessControl(LiveResources resources, SidecarOptions options, SidecarIdentity identity, ILogger<AccessControl> logger)
{
    private readonly bool _isHttp = !AppProtocol.Of(options).IsGrpc;
    private volatile AccessRules _rules = new(AccessControlSettings.AllowAll, isHttp: true);

    /// <summary>Nobody is refused.</summary>
    public bool IsOpen => ReferenceEquals(resources.Current.Configuration.AccessControl, AccessControlSettings.AllowAll);

    /// <summary>Who calls by a connection of another process; null = it has shown no certificate, which with mTLS gets nobody this far.</summary>
    public PeerIdentity? CallerOf(HttpContext context) => identity.Tls?.Verify(context.Connection.ClientCertificate);

    /// <summary>null: it may pass; else why it may not.</summary>
    /// <param name="target">Path and query as the app will get them: escaped, and without dots to resolve.</param>
    /// <inheritdoc cref="AccessRules.Allows"/>
    public string? Refusal(PeerIdentity? caller, string target, string verb)
    {
        var settings = resources.Current.Configuration.AccessControl;
        if (ReferenceEquals(settings, AccessControlSettings.AllowAll))
            return null;
        var rules = _rules;
        if (!ReferenceEquals(rules.Source, settings))
            _rules = rules = new AccessRules(settings, _isHttp);
        var query = target.IndexOf('?', StringComparison.Ordinal);
        var operation = Uri.UnescapeDataString(query < 0 ? target : target[..query]);
        if (rules.Allows(caller, operation, verb))
            return null;
        var who = caller?.ToString() ?? "an app without a certificate";
        LogDenied(who, operation, verb);
        return $"access control policy has denied access to id: {who} operation: {operation} verb: {verb}";
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "access control has denied {Caller} the operation {Operation} (verb {Verb})")]
    private partial void LogDenied(string caller, string operation, string verb);
}
