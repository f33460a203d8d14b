using Dapr.AspNetCore;

namespace Microsoft.AspNetCore.Authorization;

/// <summary>Adds the authorization policy for the sidecar.</summary>
public static class DaprAuthorizationOptionsExtensions
{
    /// <summary>A policy that only the sidecar satisfies; needs the authentication scheme of <c>AddDapr</c>.</summary>
    public static void AddDapr(this AuthorizationOptions options, string name = "Dapr")
    {
        ArgumentNullException.ThrowIfNull(options);
        options.AddPolicy(name, policy => policy.AddAuthenticationSchemes(DaprAuthenticationOptions.Scheme).RequireAuthenticatedUser());
    }
}
