using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Sidecar.Components;
using Sidecar.Components.Middleware;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Tests.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.Middleware;

/// <summary>Middleware before the HTTP API and before the app (contract 4.3 and 6.16).</summary>
public sealed class PipelineTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly FakeClock _clock = new(TimeProvider.System.GetUtcNow());
    private TestApp _app = null!;

    public async ValueTask InitializeAsync() => _app = await TestApp.StartAsync(app =>
    {
        foreach (var path in (string[])["/x", "/y", "/orders"])
        {
            app.On(path, async (context, request) =>
            {
                context.Response.ContentType = "text/plain";
                await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes($"{request.Path}{request.Query} {request.Text}"));
            });
        }
    });

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Ratelimit_gives_each_client_and_path_its_share_a_second()
    {
        await using var sidecar = await With("limit", "ratelimit", ("maxRequestsPerSecond", "2")).StartAsync("limit");

        Assert.Equal((200, 200, 429), (await StatusAsync(sidecar), await StatusAsync(sidecar), await StatusAsync(sidecar)));
        using var refused = await sidecar.Client.GetAsync(new Uri("/v1.0/invoke/me/method/x", UriKind.Relative));
        Assert.Equal("You have reached maximum request limit.", await refused.Content.ReadAsStringAsync());
        Assert.Equal(("2.00", "1"), (refused.Headers.GetValues("X-Rate-Limit-Limit").Single(), refused.Headers.GetValues("X-Rate-Limit-Duration").Single()));
        Assert.Equal(200, await StatusAsync(sidecar, "/v1.0/invoke/me/method/y"));
        Assert.Equal(200, await StatusAsync(sidecar, header: ("X-Forwarded-For", "10.0.0.1, 10.0.0.2")));
        Assert.Equal(200, await StatusAsync(sidecar, header: ("X-Real-IP", "10.0.0.3")));

        _clock.Advance(TimeSpan.FromMilliseconds(500));
        Assert.Equal((200, 429), (await StatusAsync(sidecar), await StatusAsync(sidecar)));
    }

    [Fact]
    public async Task Ratelimit_knows_a_path_in_all_its_spellings()
    {
        await using var sidecar = await With("limit", "ratelimit", ("maxRequestsPerSecond", "1")).StartAsync("limit");

        // A sign that the client leaves as it is written.
        Assert.Equal((404, 429), (await StatusAsync(sidecar, "/v1.0/invoke/me/method/a@b"), await StatusAsync(sidecar, "/v1.0/invoke/me/method/a%40b")));
    }

    [Theory]
    [InlineData("RS256")]
    [InlineData("PS256")]
    [InlineData("ES256")]
    public async Task Bearer_lets_a_token_of_the_issuer_for_the_audience_through(string algorithm)
    {
        var issuer = new Issuer(_app, algorithm, _clock);
        await using var sidecar = await With("auth", "bearer", ("issuer", issuer.Name), ("audience", "shop")).StartAsync("auth");

        Assert.Equal(200, await StatusAsync(sidecar, token: issuer.Token()));
        Assert.Equal(401, await StatusAsync(sidecar));
        Assert.Equal(401, await StatusAsync(sidecar, token: "no token"));
        Assert.Equal(401, await StatusAsync(sidecar, token: issuer.Token(audience: "elsewhere")));
        Assert.Equal(401, await StatusAsync(sidecar, token: issuer.Token(name: "http://other")));
        Assert.Equal(401, await StatusAsync(sidecar, token: new Issuer(_app, algorithm, _clock, publish: false).Token()));
        Assert.Equal(401, await StatusAsync(sidecar, token: issuer.Token()[..^3] + "abc"));
        Assert.Equal(401, await StatusAsync(sidecar, token: Unsigned(issuer.Token())));
        Assert.Equal(200, await StatusAsync(sidecar, token: issuer.Token(expires: -TimeSpan.FromMinutes(4))));
        Assert.Equal(401, await StatusAsync(sidecar, token: issuer.Token(expires: -TimeSpan.FromMinutes(6))));
        Assert.Equal(401, await StatusAsync(sidecar, token: issuer.Token(notBefore: TimeSpan.FromMinutes(6))));
        await sidecar.LineAsync("middleware auth has refused a token");
    }

    [Fact]
    public async Task Bearer_looks_keys_up_anew_when_a_token_has_one_that_it_does_not_know()
    {
        await using var sidecar = await With("auth", "bearer", ("issuer", new Issuer(_app, "ES256", _clock).Name), ("audience", "shop")).StartAsync("auth");
        var rotated = new Issuer(_app, "ES256", _clock);

        Assert.Equal(401, await StatusAsync(sidecar, token: rotated.Token()));
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(200, await StatusAsync(sidecar, token: rotated.Token()));
    }

    [Fact]
    public async Task Bearer_refuses_a_withdrawn_key_once_it_has_read_the_keys_anew()
    {
        var withdrawn = new Issuer(_app, "ES256", _clock);
        await using var sidecar = await With("auth", "bearer", ("issuer", withdrawn.Name), ("audience", "shop")).StartAsync("auth");
        var present = new Issuer(_app, "ES256", _clock);
        var asked = new TaskCompletionSource();
        var answer = new TaskCompletionSource();
        _app.On("/keys", async (context, _) =>
        {
            asked.TrySetResult();
            await answer.Task;
            await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(present.Keys));
        });

        _clock.Advance(TimeSpan.FromMinutes(10) - TimeSpan.FromTicks(1));
        Assert.Equal(200, await StatusAsync(sidecar, token: withdrawn.Token()));
        Assert.False(asked.Task.IsCompleted);
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(200, await StatusAsync(sidecar, token: withdrawn.Token()));
        await asked.Task.WithinAsync("the question for the keys");
        Assert.Equal(200, await StatusAsync(sidecar, token: withdrawn.Token()));
        answer.SetResult();

        // Waits for the read that is under way.
        Assert.Equal(200, await StatusAsync(sidecar, token: present.Token()));
        Assert.Equal(401, await StatusAsync(sidecar, token: withdrawn.Token()));
        Assert.Equal(2, _app.Seen.Count(request => request.Path == "/keys"));
    }

    [Fact]
    public async Task Bearer_keeps_its_keys_while_they_cannot_be_read_anew_and_tries_again()
    {
        var issuer = new Issuer(_app, "ES256", _clock);
        await using var sidecar = await With("auth", "bearer", ("issuer", issuer.Name), ("audience", "shop")).StartAsync("auth");
        _app.On("/keys", 503);

        _clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(200, await StatusAsync(sidecar, token: issuer.Token()));
        await sidecar.LineAsync("middleware auth could not read the keys");
        Assert.Equal(200, await StatusAsync(sidecar, token: issuer.Token()));
        Assert.Equal(2, _app.Seen.Count(request => request.Path == "/keys"));

        var next = new Issuer(_app, "ES256", _clock);
        _clock.Advance(TimeSpan.FromMinutes(1));
        await Eventually.TrueAsync(async () => await StatusAsync(sidecar, token: issuer.Token()) == 401, "the end of the key");
        Assert.Equal(200, await StatusAsync(sidecar, token: next.Token()));
    }

    [Fact]
    public async Task Bearer_whose_issuer_is_silent_keeps_the_sidecar_from_starting()
    {
        var failure = await Assert.ThrowsAsync<SidecarStartException>(() => With("auth", "bearer", ("issuer", "http://127.0.0.1:9"), ("audience", "shop")).StartAsync("auth"));

        Assert.Contains("the keys of http://127.0.0.1:9 cannot be read", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Contract(155)]
    public async Task Contract_155_aliases_apply_one_after_the_other_and_what_is_not_there_is_left_out()
    {
        With("first", "routealias", ("routes", """{ '/v1.0/shop/{id}': '/v1.0/second?a=1' }""".Replace('\'', '"')));
        await using var sidecar = await With("second", "routealias", ("/v1.0/second", "/v1.0/invoke/me/method/orders")).StartAsync("first", "missing", "second");

        using var response = await sidecar.Client.GetAsync(new Uri("/v1.0/shop/17%2F3?b=2", UriKind.Relative));

        Assert.Equal("/orders?a=1&b=2&id=17%2F3 ", await response.Content.ReadAsStringAsync());
        await sidecar.LineAsync("there is no component missing of type");
    }

    [Theory]
    [InlineData("/v1.0/invoke/me/method/x", 200)]
    [InlineData("/v1.0/invoke/me/method/y", 400)]
    [InlineData("/v1.0/invoke/me/method/x?admin=1", 400)]
    public async Task Routerchecker_lets_through_what_its_rule_matches(string path, int expected)
    {
        await using var sidecar = await With("check", "routerchecker", ("rule", "^/v1.0/(invoke/me/method/x|healthz.*)$")).StartAsync("check");

        Assert.Equal(expected, await StatusAsync(sidecar, path));
    }

    [Fact]
    public async Task The_pipeline_of_the_app_sees_calls_on_their_way_to_it()
    {
        With("capitals", "uppercase");
        await using var sidecar = await With("alias", "routealias", ("/x", "/y")).StartAsync(appPipeline: true, "capitals", "alias");

        using var response = await sidecar.Client.PostAsync(new Uri("/v1.0/invoke/me/method/x?a=b", UriKind.Relative), new StringContent("text of 1"));

        Assert.Equal("/y?a=b TEXT OF 1", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Middleware_of_somebody_else_is_a_type_like_others()
    {
        await using var sidecar = await With("mine", "mine").StartAsync(appPipeline: false, ["mine"], options => options with { CustomMiddleware = [new Mine()] });

        Assert.Equal(418, await StatusAsync(sidecar));
    }

    [Fact]
    public async Task A_type_that_nobody_knows_keeps_the_sidecar_from_starting()
    {
        var failure = await Assert.ThrowsAsync<SidecarStartException>(() => With("auth", "oauth2").StartAsync("auth"));

        Assert.Contains("middleware.http.oauth2", failure.Message, StringComparison.Ordinal);
    }

    private static string Unsigned(string token) => $"{Base64UrlEncoder.Encode("""{"alg":"none","typ":"JWT"}""")}.{token.Split('.')[1]}.";

    private static async Task<int> StatusAsync(TestSidecar sidecar, string path = "/v1.0/invoke/me/method/x", string? token = null, (string Name, string Value)? header = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        if (token is not null)
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        if (header is { } given)
            request.Headers.TryAddWithoutValidation(given.Name, given.Value);
        using var response = await sidecar.Client.SendAsync(request);
        return (int)response.StatusCode;
    }

    private PipelineTests With(string name, string type, params (string Name, string Value)[] metadata)
    {
        _folder.Write($"components/{name}.yaml", $"apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {{ name: {name} }}\nspec:\n  type: middleware.http.{type}\n  version: v1\n  metadata:\n"
            + string.Concat(metadata.Select(item => $"  - name: '{item.Name}'\n    value: '{item.Value}'\n")));
        return this;
    }

    private Task<TestSidecar> StartAsync(params string[] handlers) => StartAsync(appPipeline: false, handlers);

    private Task<TestSidecar> StartAsync(bool appPipeline, params string[] handlers) => StartAsync(appPipeline, handlers, options => options);

    private async Task<TestSidecar> StartAsync(bool appPipeline, string[] handlers, Func<SidecarOptions, SidecarOptions> change)
    {
        string TypeOf(string name) => File.Exists(_folder.File($"components/{name}.yaml"))
            ? File.ReadLines(_folder.File($"components/{name}.yaml")).Single(line => line.Contains("type:", StringComparison.Ordinal)).Split(':')[1].Trim()
            : "middleware.http.uppercase";
        _folder.Write("config.yaml", $"apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: {{ name: c }}\nspec:\n  {(appPipeline ? "appHttpPipeline" : "httpPipeline")}:\n    handlers:\n"
            + string.Concat(handlers.Select(name => $"    - {{ name: {name}, type: {TypeOf(name)} }}\n")));
        var sidecar = await TestSidecar.StartAsync(_folder, options => change(options with { AppPort = _app.Port, Time = _clock, DisabledInitEndpoints = ["subscribe", "config"] }));
        await sidecar.Instance.Healthy.WithinAsync("health");
        return sidecar;
    }

    /// <summary>Somebody who issues tokens, whose keys the test's app publishes.</summary>
    private sealed class Issuer
    {
        private readonly SigningCredentials _credentials;
        private readonly FakeClock _clock;

        public Issuer(TestApp app, string algorithm, FakeClock clock, bool publish = true)
        {
            (_clock, Name) = (clock, $"http://127.0.0.1:{app.Port}");
            SecurityKey key = algorithm.StartsWith('E') ? new ECDsaSecurityKey(ECDsa.Create(ECCurve.NamedCurves.nistP256)) : new RsaSecurityKey(RSA.Create(2048));
            key.KeyId = Guid.NewGuid().ToString();
            Keys = $$"""{"keys":[{{Public(key)}}]}""";
            _credentials = new SigningCredentials(key, algorithm);
            if (!publish)
                return;
            app.On("/.well-known/openid-configuration", 200, $$"""{"jwks_uri":"{{Name}}/keys"}""");
            app.On("/keys", 200, Keys);
        }

        public string Name { get; }

        /// <summary>What it publishes.</summary>
        public string Keys { get; }

        public string Token(string audience = "shop", string? name = null, TimeSpan? expires = null, TimeSpan? notBefore = null)
        {
            var now = _clock.GetUtcNow().UtcDateTime;
            return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
            {
                Issuer = name ?? Name,
                Audience = audience,
                NotBefore = now + (notBefore ?? -TimeSpan.FromHours(1)),
                Expires = now + (expires ?? TimeSpan.FromHours(1)),
                SigningCredentials = _credentials,
            });
        }

        private static string Public(SecurityKey key)
        {
            if (key is ECDsaSecurityKey elliptic)
            {
                var point = elliptic.ECDsa.ExportParameters(false).Q;
                return $$"""{"kty":"EC","kid":"{{key.KeyId}}","crv":"P-256","x":"{{Base64UrlEncoder.Encode(point.X)}}","y":"{{Base64UrlEncoder.Encode(point.Y)}}"}""";
            }

            var numbers = ((RsaSecurityKey)key).Rsa.ExportParameters(false);
            return $$"""{"kty":"RSA","kid":"{{key.KeyId}}","n":"{{Base64UrlEncoder.Encode(numbers.Modulus)}}","e":"{{Base64UrlEncoder.Encode(numbers.Exponent)}}"}""";
        }
    }

    private sealed class Mine : ICustomMiddleware, IHttpMiddleware
    {
        public string Type => "middleware.http.mine";

        public IHttpMiddleware Create() => this;

        public Task InitAsync(ComponentContext context, CancellationToken cancellationToken) => Task.CompletedTask;

        public ValueTask<MiddlewareAnswer?> HandleAsync(MiddlewareRequest request, CancellationToken cancellationToken) => ValueTask.FromResult<MiddlewareAnswer?>(new MiddlewareAnswer(418, "teapot"));

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
