using Sidecar.Runtime.Resources.Yaml;

namespace Sidecar.Runtime.Resources;

/// <summary><c>accessControl</c> of a Configuration (contract section 4.3). A policy that does not say for whom it is keeps the sidecar from starting.</summary>
internal static class AccessControlReader
{
    public static AccessControlSettings? Read(YamlFields spec)
    {
        if (spec.Object("accessControl") is not { } given)
            return null;
        var policies = given.Objects("policies").Select(Policy).ToList();
        var settings = new AccessControlSettings(
            Action(given, "defaultAction") ?? policies.Count == 0,
            given.Text("trustDomain") is { Length: > 0 } domain ? domain : AccessControlSettings.PublicTrustDomain,
            policies);
        given.RefuseUnknown();
        return settings;
    }

    private static AppAccess Policy(YamlFields policy)
    {
        var access = new AppAccess(
            policy.RequiredText("appId"),
            policy.RequiredText("trustDomain"),
            policy.RequiredText("namespace"),
            Action(policy, "defaultAction"),
            [.. policy.Objects("operations").Select(Operation)]);
        policy.RefuseUnknown();
        return access;
    }

    private static OperationAccess Operation(YamlFields operation)
    {
        var name = operation.RequiredText("name");
        var access = new OperationAccess(
            name.StartsWith('/') ? name : "/" + name,
            [.. operation.Texts("httpVerb").Select(verb => verb.ToUpperInvariant())],
            Action(operation, "action") ?? false);
        operation.RefuseUnknown();
        return access;
    }

    /// <summary>Whether it is allow; null = not given.</summary>
    private static bool? Action(YamlFields fields, string name) => fields.ChoiceOfAnyCase(name, "allow", "deny") is { Length: > 0 } action
        ? action.Equals("allow", StringComparison.OrdinalIgnoreCase)
        : null;
}
