using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Security;

/// <summary>
/// Decides who may call what (contract section 4.3): no policy for the caller, or no identity to find one by: the default of all; else
/// the policy's operation, if its verbs match; else the policy's default. Of operations the exact one counts before one with <c>*</c>,
/// and that before <c>/**</c>.
/// </summary>
internal sealed class AccessRules
{
    private const string AnyVerb = "*";

    private readonly AccessControlSettings _settings;
    private readonly bool _isHttp;
    private readonly Dictionary<(string AppId, string Namespace), (AppAccess Access, OperationTree Operations)> _byCaller = [];

    /// <param name="settings">What the Configuration says.</param>
    /// <param name="isHttp">The app speaks HTTP: operations have verbs, and their case does not count.</param>
    public AccessRules(AccessControlSettings settings, bool isHttp)
    {
        (_settings, _isHttp) = (settings, isHttp);
        foreach (var access in settings.Policies)
        {
            var tree = new OperationTree();
            foreach (var operation in access.Operations)
                tree.Add(Spelled(operation.Name), operation);
            _byCaller[(access.AppId, access.Namespace)] = (access, tree);
        }
    }

    public AccessControlSettings Source => _settings;

    /// <param name="caller">null = there is no certificate to tell.</param>
    /// <param name="operation">The path that the app will see, unescaped, with a leading slash and without a query. Who asks has cleaned it, or refused what is not clean.</param>
    /// <param name="verb">Of an HTTP app's request.</param>
    public bool Allows(PeerIdentity? caller, string operation, string verb)
    {
        if (caller is null || !_byCaller.TryGetValue((caller.AppId, caller.Namespace), out var policy) || policy.Access.TrustDomain != caller.TrustDomain)
            return _settings.AllowsByDefault;
        var found = policy.Operations.Find(Spelled(operation));
        if (found is not null && (!_isHttp || found.Verbs.Contains(AnyVerb) || found.Verbs.Contains(verb, StringComparer.OrdinalIgnoreCase)))
            return found.Allows;
        return policy.Access.AllowsByDefault ?? _settings.AllowsByDefault;
    }

    private string Spelled(string operation) => _isHttp ? operation.ToLowerInvariant() : operation;
}
