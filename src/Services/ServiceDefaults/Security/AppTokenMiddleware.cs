using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Shop.ServiceDefaults.Health;

namespace Shop.ServiceDefaults.Security;

/// <summary>Lets in only who shows the token that the service and its sidecar share. Health questions need none.</summary>
internal static class AppTokenMiddleware
{
    private const string Header = "dapr-api-token";

    public static void UseAppToken(this WebApplication app, string token)
    {
        // Digests have one length, so that the time of the comparison tells nothing about the token.
        var expected = Digest(token);
        app.Use(next => context =>
        {
            if (IsHealth(context.Request.Path) || CryptographicOperations.FixedTimeEquals(Digest(context.Request.Headers[Header].ToString()), expected))
                return next(context);
            return TypedResults.Problem($"The header {Header} does not carry this service's token.", statusCode: StatusCodes.Status401Unauthorized).ExecuteAsync(context);
        });
    }

    private static bool IsHealth(PathString path) =>
        path.Equals(HealthEndpoints.LivePath, StringComparison.OrdinalIgnoreCase) || path.Equals(HealthEndpoints.ReadyPath, StringComparison.OrdinalIgnoreCase);

    private static byte[] Digest(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
