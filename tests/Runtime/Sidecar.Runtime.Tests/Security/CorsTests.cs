using System.Net;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Tests.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.Security;

/// <summary><c>--allowed-origins</c> (contract 2.0 and behaviour 160).</summary>
public sealed class CorsTests : IDisposable
{
    private const string Mine = "https://shop.example.com";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Contract(160)]
    public async Task By_default_there_is_no_cors_at_all()
    {
        await using var sidecar = await TestSidecar.StartAsync(_folder);

        using var preflight = await PreflightAsync(sidecar, Mine);
        using var plain = await sidecar.Client.SendAsync(From(Mine, HttpMethod.Get));

        Assert.Equal(HttpStatusCode.NotFound, preflight.StatusCode);
        Assert.Contains("ERR_DIRECT_INVOKE", await preflight.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain(preflight.Headers.Concat(plain.Headers), header => header.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [Contract(160)]
    [InlineData(Mine, Mine, Mine)]
    [InlineData("https://other.example.com,https://shop.EXAMPLE.com", Mine, Mine)]
    [InlineData("https://*.example.com", Mine, Mine)]
    [InlineData("*", "https://anybody.test", "*")]
    [InlineData(Mine, "https://foreign.test", null)]
    [InlineData("https://*.example.com", "https://.example.co", null)]
    public async Task A_preflight_is_200_without_a_token_and_only_a_listed_origin_may_go_on(string allowed, string origin, string? answered)
    {
        await using var sidecar = await TestSidecar.StartAsync(_folder, options => With(options, allowed));

        using var preflight = await PreflightAsync(sidecar, origin);

        Assert.Equal(HttpStatusCode.OK, preflight.StatusCode);
        Assert.Contains("Origin", preflight.Headers.Vary);
        Assert.Equal(answered, Header(preflight, "Access-Control-Allow-Origin"));
        Assert.Equal(answered is null ? null : "PUT", Header(preflight, "Access-Control-Allow-Methods"));
        Assert.Equal(answered is null ? null : "x-own, content-type", Header(preflight, "Access-Control-Allow-Headers"));
    }

    [Fact]
    [Contract(160)]
    public async Task A_call_of_a_listed_origin_says_so_and_still_needs_its_token()
    {
        await using var sidecar = await TestSidecar.StartAsync(_folder, options => With(options, Mine));
        using var withToken = From(Mine, HttpMethod.Get);
        withToken.Headers.Add("dapr-api-token", "secret");

        using var allowed = await sidecar.Client.SendAsync(withToken);
        using var refused = await sidecar.Client.SendAsync(From(Mine, HttpMethod.Get));
        using var foreign = await sidecar.Client.SendAsync(From("https://foreign.test", HttpMethod.Get));

        Assert.Equal((HttpStatusCode.OK, Mine), (allowed.StatusCode, Header(allowed, "Access-Control-Allow-Origin")));
        Assert.Equal((HttpStatusCode.Unauthorized, Mine), (refused.StatusCode, Header(refused, "Access-Control-Allow-Origin")));
        Assert.Null(Header(foreign, "Access-Control-Allow-Origin"));
        Assert.Contains("Origin", foreign.Headers.Vary);
    }

    private static SidecarOptions With(SidecarOptions options, string allowed) =>
        options with { AllowedOrigins = allowed.Split(','), Environment = new Dictionary<string, string> { ["DAPR_API_TOKEN"] = "secret" } };

    private static HttpRequestMessage From(string origin, HttpMethod method) => new(method, "/v1.0/metadata") { Headers = { { "Origin", origin } } };

    private static Task<HttpResponseMessage> PreflightAsync(TestSidecar sidecar, string origin)
    {
        var request = From(origin, HttpMethod.Options);
        request.Headers.Add("Access-Control-Request-Method", "PUT");
        request.Headers.Add("Access-Control-Request-Headers", "x-own, content-type");
        return sidecar.Client.SendAsync(request);
    }

    private static string? Header(HttpResponseMessage answer, string name) => answer.Headers.TryGetValues(name, out var values) ? string.Join(", ", values) : null;
}
