using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dapr.AspNetCore;

/// <summary>Knows the app's own sidecar by the token in the header <c>dapr-api-token</c>.</summary>
internal sealed class DaprAuthenticationHandler(IOptionsMonitor<DaprAuthenticationOptions> options, ILoggerFactory logger, UrlEncoder encoder)
    : AuthenticationHandler<DaprAuthenticationOptions>(options, logger, encoder)
{
    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(Authenticate());

    private AuthenticateResult Authenticate()
    {
        if (!Request.Headers.TryGetValue(DaprDefaults.ApiTokenHeader, out var token))
            return AuthenticateResult.NoResult();
        if (string.IsNullOrWhiteSpace(Options.Token))
            return AuthenticateResult.Fail("The app has no API token configured; set APP_API_TOKEN.");
        if (!IsEqual(token.ToString(), Options.Token))
            return AuthenticateResult.Fail("The API token is wrong.");
        var identity = new ClaimsIdentity([new Claim(ClaimTypes.Name, DaprAuthenticationOptions.Scheme)], Scheme.Name);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme.Name));
    }

    /// <summary>Compares digests, so that the time taken tells neither content nor length of the token.</summary>
    private static bool IsEqual(string given, string expected) => CryptographicOperations.FixedTimeEquals(
        SHA256.HashData(Encoding.UTF8.GetBytes(given)), SHA256.HashData(Encoding.UTF8.GetBytes(expected)));
}
