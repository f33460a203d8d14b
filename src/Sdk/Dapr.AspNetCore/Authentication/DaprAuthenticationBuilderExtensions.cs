using Dapr.AspNetCore;

namespace Microsoft.AspNetCore.Authentication;

/// <summary>Adds the authentication scheme <c>Dapr</c>.</summary>
public static class DaprAuthenticationBuilderExtensions
{
    /// <summary>Authenticates the sidecar by the token in <c>APP_API_TOKEN</c>.</summary>
    public static AuthenticationBuilder AddDapr(this AuthenticationBuilder builder) => builder.AddDapr(_ => { });

    /// <summary>Authenticates the sidecar by a token.</summary>
    public static AuthenticationBuilder AddDapr(this AuthenticationBuilder builder, Action<DaprAuthenticationOptions> configureOptions)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddScheme<DaprAuthenticationOptions, DaprAuthenticationHandler>(DaprAuthenticationOptions.Scheme, configureOptions);
    }
}
