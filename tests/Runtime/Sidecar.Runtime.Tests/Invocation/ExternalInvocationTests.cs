using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Invocation.External;
using Sidecar.Runtime.Resources;
using Sidecar.Runtime.Tests.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.Invocation;

/// <summary>Invocation of what is no app of Dapr: URLs and HTTPEndpoint resources (contract 2.4 and 4.6).</summary>
public sealed class ExternalInvocationTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private TestApp _service = null!;
    private TestApp _other = null!;

    public async ValueTask InitializeAsync()
    {
        _service = await TestApp.StartAsync(app => app.On("/base/a", 200, "service").On("/a", 200, "root"));
        _other = await TestApp.StartAsync(app => app.On("/a", 200, "other"));
    }

    public async ValueTask DisposeAsync()
    {
        await _service.DisposeAsync();
        await _other.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    [Contract(87)]
    public async Task A_url_in_place_of_the_app_id_is_called_in_every_spelling()
    {
        await using var sidecar = await TestSidecar.StartAsync(_folder);
        foreach (var url in new[] { $"http://127.0.0.1:{_service.Port}", $"http%3A%2F%2F127.0.0.1%3A{_service.Port}", $"http:/127.0.0.1:{_service.Port}", $"HTTP://127.0.0.1:{_service.Port}" })
            Assert.Equal((200, "root"), await sidecar.GetAsync($"/v1.0/invoke/{url}/method/a"));
        Assert.Equal((200, "service"), await sidecar.GetAsync($"/v1.0/invoke/http://127.0.0.1:{_service.Port}/base/method/a"));

        using var byHeader = new HttpRequestMessage(HttpMethod.Get, "/a?x=%2F&b") { Headers = { { "dapr-app-id", $"http://127.0.0.1:{_service.Port}" } } };
        using var answer = await sidecar.Client.SendAsync(byHeader);

        Assert.Equal("root", await answer.Content.ReadAsStringAsync());
        Assert.Equal("?x=%2F&b", _service.Seen.Last().Query);
    }

    [Fact]
    [Contract(87)]
    public async Task Redirects_are_followed_as_gos_client_does()
    {
        _service.On("/moved", (context, _) => Redirect(context, 301, "/a"))
            .On("/elsewhere", (context, _) => Redirect(context, 307, $"http://127.0.0.1:{_other.Port}/echo"))
            .On("/see", (context, _) => Redirect(context, 303, "/a"))
            .On("/nowhere", 302)
            .On("/loop", (context, _) => Redirect(context, 302, "/loop"))
            .On("/out", (context, _) => Redirect(context, 302, "ftp://example.com/x"));
        _other.On("/echo", (context, request) => context.Response.Body.WriteAsync(request.Body).AsTask());
        await using var sidecar = await TestSidecar.StartAsync(_folder);
        var root = $"/v1.0/invoke/http://127.0.0.1:{_service.Port}/method";

        Assert.Equal((200, "root"), await sidecar.GetAsync($"{root}/moved"));
        using var body = await sidecar.Client.PostAsync(new Uri($"{root}/elsewhere", UriKind.Relative), new StringContent("kept"));
        using var see = await sidecar.Client.PostAsync(new Uri($"{root}/see", UriKind.Relative), new StringContent("dropped"));
        Assert.Equal("kept", await body.Content.ReadAsStringAsync());
        Assert.Equal("root", await see.Content.ReadAsStringAsync());
        Assert.Equal(("GET", ""), (_service.Seen.Last().Method, _service.Seen.Last().Text));
        Assert.Equal((302, ""), await sidecar.GetAsync($"{root}/nowhere"));
        Assert.Contains("stopped after 10 redirects", (await sidecar.GetAsync($"{root}/loop")).Body, StringComparison.Ordinal);
        Assert.Contains("is not HTTP", (await sidecar.GetAsync($"{root}/out")).Body, StringComparison.Ordinal);
    }

    [Fact]
    [Contract(87)]
    public async Task A_body_that_has_streamed_past_is_not_sent_to_where_a_redirect_leads()
    {
        _service.On("/elsewhere", (context, _) => Redirect(context, 307, "/a"));
        await using var sidecar = await TestSidecar.StartAsync(_folder);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1.0/invoke/http://127.0.0.1:{_service.Port}/method/elsewhere") { Content = new StringContent("once") };
        request.Headers.TransferEncodingChunked = true;

        using var answer = await sidecar.Client.SendAsync(request);

        Assert.Equal(307, (int)answer.StatusCode);
    }

    [Fact]
    public async Task An_endpoint_adds_its_headers_and_tells_nobody_of_sidecars_or_their_tokens()
    {
        _folder.Write("secrets.json", """{"key":"from-the-store"}""");
        _folder.Write("components/secrets.yaml", Component("secrets", "secretstores.local.file", "secretsFile", _folder.File("secrets.json")));
        _folder.Write("components/shop.yaml", Endpoint("shop", $"http://127.0.0.1:{_service.Port}/base/", """
              headers:
              - name: x-plain
                value: 7
              - name: content-type
                value: text/own
              - name: x-secret
                secretKeyRef: { name: key }
              - name: x-environment
                envRef: SHOP
              - name: x-token
                envRef: DAPR_API_TOKEN
            auth:
              secretStore: secrets
            scopes: [me]
            """));
        _folder.Write("components/not-mine.yaml", Endpoint("not-mine", "https://example.com", "scopes: [other]"));
        await using var sidecar = await TestSidecar.StartAsync(_folder, options => options with
        {
            Environment = new Dictionary<string, string> { ["SHOP"] = "from-the-environment", ["DAPR_API_TOKEN"] = "of-the-sidecar", ["APP_API_TOKEN"] = "of-the-app" },
        });
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1.0/invoke/shop/method/a")
        {
            Headers = { { "dapr-api-token", "of-the-sidecar" }, { "x-plain", "of-the-caller" }, { "x-own", "1" } },
        };

        using var answer = await sidecar.Client.SendAsync(request);
        var seen = _service.Seen.Single().Headers;
        using var metadata = await sidecar.Client.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/v1.0/metadata") { Headers = { { "dapr-api-token", "of-the-sidecar" } } });

        Assert.Equal("service", await answer.Content.ReadAsStringAsync());
        Assert.Equal(("7", "from-the-store", "from-the-environment", "1"), (seen["x-plain"], seen["x-secret"], seen["x-environment"], seen["x-own"]));
        Assert.Equal(($"127.0.0.1:{_service.Port}", "text/own"), (seen["host"], seen["content-type"]));
        Assert.Equal(55, seen["traceparent"].Length);
        Assert.DoesNotContain(seen, header => header.Key.StartsWith("dapr-", StringComparison.OrdinalIgnoreCase) || header.Key.StartsWith("x-forwarded", StringComparison.OrdinalIgnoreCase) || header.Value.Contains("of-the-", StringComparison.Ordinal));
        Assert.Contains("""
            "httpEndpoints":[{"name":"shop"}]
            """.Trim(), await metadata.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_redirect_takes_the_headers_of_an_endpoint_to_no_other_place()
    {
        _folder.Write("components/shop.yaml", Endpoint("shop", $"http://127.0.0.1:{_service.Port}", """
              headers:
              - name: x-key
                value: secret
            """));
        _service.On("/here", (context, _) => Redirect(context, 302, "/a")).On("/there", (context, _) => Redirect(context, 302, $"http://127.0.0.1:{_other.Port}/a"));
        await using var sidecar = await TestSidecar.StartAsync(_folder);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1.0/invoke/shop/method/there") { Headers = { { "Authorization", "Bearer mine" }, { "x-own", "1" } } };

        await sidecar.GetAsync("/v1.0/invoke/shop/method/here");
        using var answer = await sidecar.Client.SendAsync(request);

        Assert.Equal("secret", _service.Seen.Single(seen => seen.Path == "/a").Headers["x-key"]);
        Assert.Equal("other", await answer.Content.ReadAsStringAsync());
        var there = _other.Seen.Single().Headers;
        Assert.Equal("1", there["x-own"]);
        Assert.False(there.ContainsKey("x-key") || there.ContainsKey("Authorization"));
    }

    [Fact]
    public async Task Endpoints_come_change_and_go_with_their_resources_and_calls_under_way_end_well()
    {
        var (arrived, finish) = (new TaskCompletionSource(), new TaskCompletionSource());
        _service.On("/slow", async (context, _) =>
        {
            arrived.SetResult();
            await finish.Task;
            await context.Response.WriteAsync("to the end");
        });
        var resources = new LiveResources(new ResourceSet());
        using var services = new ExternalServices(new SidecarOptions { AppId = "me" }, resources, new NoSecrets(), NullLogger<ExternalServices>.Instance);
        await services.OnComponentsLoadedAsync(CancellationToken.None);
        Assert.Null(services.Find("shop"));

        await ChangeAsync($"http://127.0.0.1:{_service.Port}");
        var slow = services.Find("shop")!.InvokeAsync(new HttpRequestMessage(HttpMethod.Get, new Uri("/slow", UriKind.Relative)), CancellationToken.None);
        await arrived.Task.WithinAsync("the call at the service");
        await ChangeAsync($"http://127.0.0.1:{_other.Port}");
        using var changed = await services.Find("shop")!.InvokeAsync(new HttpRequestMessage(HttpMethod.Get, new Uri("/a", UriKind.Relative)), CancellationToken.None);
        finish.SetResult();
        using var finished = await slow;
        await ChangeAsync();

        Assert.Equal("other", await changed.Content.ReadAsStringAsync());
        Assert.Equal("to the end", await finished.Content.ReadAsStringAsync());
        Assert.Null(services.Find("shop"));

        Task ChangeAsync(params string[] urls)
        {
            var before = resources.Current;
            resources.Replace(new ResourceSet { HttpEndpoints = [.. urls.Select(url => new HttpEndpointResource(new ResourceOrigin("shop.yaml", 1), "shop", new Uri(url)))] });
            return services.OnResourcesChangedAsync(before, resources.Current, CancellationToken.None);
        }
    }

    [Fact]
    public async Task A_file_that_comes_and_goes_while_the_sidecar_runs_takes_effect()
    {
        Directory.CreateDirectory(_folder.File("components"));
        await using var sidecar = await TestSidecar.StartAsync(_folder);
        await sidecar.Instance.Healthy.WithinAsync("health");

        _folder.Write("components/shop.yaml", Endpoint("shop", $"http://127.0.0.1:{_service.Port}", ""));
        await Eventually.TrueAsync(async () => await sidecar.GetAsync("/v1.0/invoke/shop/method/a") is (200, "root"), "the endpoint to be known");
        Assert.Equal("""[{"name":"shop"}]""", (await sidecar.MetadataAsync())["httpEndpoints"]?.ToJsonString());
        File.Delete(_folder.File("components/shop.yaml"));

        await Eventually.TrueAsync(async () => (await sidecar.GetAsync("/v1.0/invoke/shop/method/a")).Status == 500, "the endpoint to be forgotten");
    }

    [Fact]
    public async Task A_service_that_is_not_there_is_500_at_once()
    {
        await using var sidecar = await TestSidecar.StartAsync(_folder);

        var (status, body) = await sidecar.GetAsync($"/v1.0/invoke/http://127.0.0.1:{FreePorts.Next()}/method/a");

        Assert.Equal(500, status);
        Assert.Contains("ERR_DIRECT_INVOKE", body, StringComparison.Ordinal);
    }

    private static string Component(string name, string type, string field, string value) =>
        $"apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\nspec:\n  type: {type}\n  version: v1\n  metadata:\n  - name: {field}\n    value: \"{value}\"\n";

    internal static string Endpoint(string name, string baseUrl, string rest) =>
        $"apiVersion: dapr.io/v1alpha1\nkind: HTTPEndpoint\nmetadata:\n  name: {name}\nspec:\n  version: v1\n  baseUrl: {baseUrl}\n{rest}\n";

    private static Task Redirect(HttpContext context, int status, string location)
    {
        context.Response.StatusCode = status;
        context.Response.Headers.Location = location;
        return Task.CompletedTask;
    }

    private sealed class NoSecrets : ISecretReader
    {
        public ValueTask<string?> ReadAsync(string store, string name, string key, CancellationToken cancellationToken) => ValueTask.FromResult<string?>(null);
    }
}
