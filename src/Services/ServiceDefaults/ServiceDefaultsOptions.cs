namespace Shop.ServiceDefaults;

/// <summary>What a service may do differently from the others.</summary>
public sealed class ServiceDefaultsOptions
{
    /// <summary>
    /// Whether callers have to show the token of <c>APP_API_TOKEN</c>, where one is set. True for services that only their
    /// sidecar calls; false for the one that the public calls.
    /// </summary>
    public bool RequireAppToken { get; set; } = true;
}
