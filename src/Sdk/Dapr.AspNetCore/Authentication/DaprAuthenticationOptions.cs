using Microsoft.AspNetCore.Authentication;

namespace Dapr.AspNetCore;

/// <summary>The token that the sidecar shows to the app.</summary>
public class DaprAuthenticationOptions : AuthenticationSchemeOptions
{
    internal const string Scheme = "Dapr";

    /// <summary>The token; from <c>APP_API_TOKEN</c> unless set. Without one every request that shows a token is refused.</summary>
    public string Token { get; set; } = DaprDefaults.AppApiToken() ?? "";
}
