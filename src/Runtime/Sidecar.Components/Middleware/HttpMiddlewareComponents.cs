namespace Sidecar.Components.Middleware;

/// <summary>The component types of this folder (contract section 6.16).</summary>
internal static class HttpMiddlewareComponents
{
    public static IEnumerable<ComponentType> Types { get; } =
    [
        new("middleware.http.ratelimit", "v1", () => new RateLimitMiddleware())
        {
            Fields = [new("maxRequestsPerSecond", "Requests a second of one client for one path; may have a fraction.", "100")],
        },
        new("middleware.http.bearer", "v1", () => new BearerMiddleware())
        {
            Fields =
            [
                new("issuer", "The iss claim of tokens; also where the OpenID configuration is looked up when there is no jwksURL.", Required: true) { Aliases = ["issuerURL"] },
                new("audience", "One of a token's aud claims.", Required: true) { Aliases = ["clientID"] },
                new("jwksURL", "Where the issuer's keys are; default: as its OpenID configuration says."),
            ],
        },
        new("middleware.http.routealias", "v1", () => new RouteAliasMiddleware())
        {
            Fields = [new("routes", "JSON or YAML map of path templates such as /v1.0/orders/{id} to paths. Without it every field is a route.")],
        },
        new("middleware.http.routerchecker", "v1", () => new RouterCheckerMiddleware())
        {
            Fields = [new("rule", "Regular expression that path and query must match, else 400.", Required: true)],
        },
        new("middleware.http.uppercase", "v1", () => new UppercaseMiddleware()),
    ];
}
