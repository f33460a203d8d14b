using System.Security.Claims;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Sidecar.Components.Middleware;

/// <summary><c>middleware.http.bearer</c>: lets through requests with a token of the issuer for the audience (contract section 6.16).</summary>
internal sealed partial class BearerMiddleware : IHttpMiddleware
{
    private const string Scheme = "Bearer ";

    /// <summary>Of keys and of the OpenID configuration.</summary>
    private const int MostBytes = 1024 * 1024;

    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Keys that were read so long ago are read anew: one of them may have been withdrawn.</summary>
    private static readonly TimeSpan OldAge = TimeSpan.FromMinutes(10);

    /// <summary>A token with a key that is not known has them looked up anew. For whatever reason, it is done no more often than that.</summary>
    private static readonly TimeSpan Refresh = TimeSpan.FromMinutes(1);

    private static readonly MiddlewareAnswer Unauthorized = new(401, "Unauthorized");
    private static readonly string[] Algorithms = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512"];

    private readonly JsonWebTokenHandler _tokens = new() { MapInboundClaims = false };
    private readonly SemaphoreSlim _reading = new(1, 1);
    private readonly HttpClient _http = new(new SocketsHttpHandler()) { Timeout = Patience, MaxResponseContentBufferSize = MostBytes };
    private ComponentContext _context = null!;
    private string _issuer = "";
    private string _audience = "";
    private Uri? _keysAddress;
    private volatile IList<SecurityKey> _keys = [];
    private long _read;
    private long _tried;

    public async Task InitAsync(ComponentContext context, CancellationToken cancellationToken)
    {
        _context = context;
        _issuer = context.Metadata.Required("issuer", "issuerURL");
        _audience = context.Metadata.Required("audience", "clientID");
        try
        {
            _keysAddress = context.Metadata.Find("jwksURL") is { } given ? new Uri(given) : await DiscoverAsync(cancellationToken).ConfigureAwait(false);
            await ReadKeysAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (IsOfIssuer(failure, cancellationToken))
        {
            throw new ComponentException($"the keys of {_issuer} cannot be read: {failure.Message}", failure);
        }
    }

    public async ValueTask<MiddlewareAnswer?> HandleAsync(MiddlewareRequest request, CancellationToken cancellationToken)
    {
        if (request.Header("Authorization") is not { } authorization || !authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return Unauthorized;
        // Nobody waits for it. A read that is under way already will do.
        if (HasPassed(OldAge, ref _read) && HasPassed(Refresh, ref _tried) && _reading.CurrentCount > 0)
            _ = RefreshAsync(_keys, CancellationToken.None);
        var token = authorization[Scheme.Length..].Trim();
        var keys = _keys;
        var result = await ValidateAsync(token, keys).ConfigureAwait(false);
        if (result.Exception is SecurityTokenSignatureKeyNotFoundException && await RefreshAsync(keys, cancellationToken).ConfigureAwait(false))
            result = await ValidateAsync(token, _keys).ConfigureAwait(false);
        if (result.IsValid)
            return null;
        LogRefused(_context.Logger, _context.Name, result.Exception?.GetType().Name ?? "not valid");
        return Unauthorized;
    }

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    private static bool IsOfIssuer(Exception failure, CancellationToken cancellationToken) =>
        failure is HttpRequestException or JsonException or ArgumentException or UriFormatException or KeyNotFoundException or InvalidOperationException
        || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    private Task<TokenValidationResult> ValidateAsync(string token, IList<SecurityKey> keys) => _tokens.ValidateTokenAsync(token, new TokenValidationParameters
    {
        ValidIssuer = _issuer,
        ValidAudience = _audience,
        IssuerSigningKeys = keys,
        ValidAlgorithms = Algorithms,
        ClockSkew = Skew,
        RequireExpirationTime = true,
        RequireSignedTokens = true,
        NameClaimType = ClaimTypes.Name,
        LifetimeValidator = IsAlive,
    });

    // By the sidecar's clock.
    private bool IsAlive(DateTime? notBefore, DateTime? expires, SecurityToken token, TokenValidationParameters parameters)
    {
        var now = _context.Time.GetUtcNow().UtcDateTime;
        return expires is { } end && now <= end + Skew && (notBefore is not { } begin || now >= begin - Skew);
    }

    private async Task<Uri> DiscoverAsync(CancellationToken cancellationToken)
    {
        using var configuration = JsonDocument.Parse(await GetAsync(new Uri($"{_issuer.TrimEnd('/')}/.well-known/openid-configuration"), cancellationToken).ConfigureAwait(false));
        return new Uri(configuration.RootElement.GetProperty("jwks_uri").GetString() ?? "");
    }

    private async Task ReadKeysAsync(CancellationToken cancellationToken)
    {
        Volatile.Write(ref _tried, _context.Time.GetTimestamp());
        _keys = new JsonWebKeySet(await GetAsync(_keysAddress!, cancellationToken).ConfigureAwait(false)).GetSigningKeys();
        Volatile.Write(ref _read, _context.Time.GetTimestamp());
    }

    /// <summary>Keys that cannot be read anew stay as they are.</summary>
    /// <param name="before">What will not do.</param>
    /// <returns>There are others now.</returns>
    private async Task<bool> RefreshAsync(IList<SecurityKey> before, CancellationToken cancellationToken)
    {
        await _reading.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!ReferenceEquals(before, _keys))
                return true;
            if (!HasPassed(Refresh, ref _tried))
                return false;
            // For all who come with a token: whoever asks for it first does not end it by leaving.
            await ReadKeysAsync(CancellationToken.None).ConfigureAwait(false);
            return true;
        }
        catch (Exception failure) when (IsOfIssuer(failure, CancellationToken.None))
        {
            LogNotRead(_context.Logger, _context.Name, _issuer, failure.Message);
            return false;
        }
        finally
        {
            _reading.Release();
        }
    }

    private bool HasPassed(TimeSpan time, ref long since) => _context.Time.GetElapsedTime(Volatile.Read(ref since)) >= time;

    private Task<string> GetAsync(Uri address, CancellationToken cancellationToken) => _http.GetStringAsync(address, cancellationToken);

    [LoggerMessage(Level = LogLevel.Warning, Message = "middleware {Name} has refused a token: {Reason}")]
    private static partial void LogRefused(ILogger logger, string name, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "middleware {Name} could not read the keys of {Issuer} anew: {Reason}")]
    private static partial void LogNotRead(ILogger logger, string name, string issuer, string reason);
}
