using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sidecar.Components;
using Sidecar.Components.Secrets;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Resources;
using Sidecar.Runtime.Secrets;
using TestSupport;

namespace Sidecar.Runtime.Tests.Secrets;

public sealed class SecretsHttpTests : IAsyncDisposable
{
    private readonly HttpClient _client = new();
    private readonly FakeSecretStore _store = new();
    private readonly ComponentRegistry _components = new();
    private readonly LiveResources _resources = new(new ResourceSet());
    private WebApplication? _server;

    [Fact]
    public async Task A_secret_is_an_object_of_its_values()
    {
        await StartAsync();
        var reply = await GetAsync("/v1.0/secrets/vault/redis%3Apassword");
        Assert.Equal((200, "application/json"), (reply.Status, reply.ContentType));
        Assert.Equal("""{"redis:password":"p<ä>"}""", reply.Body);
        Assert.Equal("""{"user":"u","password":"q"}""", (await GetAsync("/v1.0/secrets/vault/several")).Body);
    }

    [Fact]
    [Contract(110)]
    public async Task A_missing_secret_is_500_an_unknown_store_401_and_no_store_500()
    {
        await StartAsync();
        AssertError(await GetAsync("/v1.0/secrets/vault/key1"), 500, "ERR_SECRET_GET",
            "failed getting secret with key key1 from secret store vault: secret key1 not found");
        AssertError(await GetAsync("/v1.0/secrets/other/key1"), 401, "ERR_SECRET_STORE_NOT_FOUND", "failed finding secret store with key other");
        AssertError(await GetAsync("/v1.0/secrets/other/bulk"), 401, "ERR_SECRET_STORE_NOT_FOUND", "failed finding secret store with key other");
    }

    [Fact]
    [Contract(110)]
    public async Task Without_any_store_each_request_is_500()
    {
        await StartAsync(withStore: false);
        AssertError(await GetAsync("/v1.0/secrets/vault/key1"), 500, "ERR_SECRET_STORES_NOT_CONFIGURED", "secret store is not configured");
        AssertError(await GetAsync("/v1.0/secrets/vault/bulk"), 500, "ERR_SECRET_STORES_NOT_CONFIGURED", "secret store is not configured");
    }

    [Theory]
    [InlineData(true, "", "", "one", true)]
    [InlineData(false, "", "", "one", false)]
    [InlineData(true, "", "one", "one", false)]
    [InlineData(true, "", "one", "two", true)]
    [InlineData(false, "one", "", "one", true)]
    [InlineData(true, "one", "", "two", false)]
    [InlineData(false, "one", "one", "one", true)]
    [Contract(111)]
    public async Task Scopes_decide_what_may_be_read(bool allowByDefault, string allowed, string denied, string secret, bool isAllowed)
    {
        await StartAsync(new SecretScope("vault", allowByDefault, Split(allowed), Split(denied)), new SecretScope("other", false, [], []));
        var reply = await GetAsync($"/v1.0/secrets/vault/{secret}");
        if (isAllowed)
            Assert.Equal(200, reply.Status);
        else
            AssertError(reply, 403, "ERR_PERMISSION_DENIED", $"access denied by policy to get \"{secret}\" from \"vault\"");

        var bulk = JsonNode.Parse((await GetAsync("/v1.0/secrets/vault/bulk")).Body)!.AsObject();
        Assert.Equal(isAllowed, bulk.ContainsKey(secret));

        static string[] Split(string names) => names.Split(',', StringSplitOptions.RemoveEmptyEntries);
    }

    [Fact]
    public async Task Bulk_gives_every_secret_with_its_values()
    {
        await StartAsync();
        var reply = await GetAsync("/v1.0/secrets/vault/bulk");
        Assert.Equal(200, reply.Status);
        var secrets = JsonNode.Parse(reply.Body)!.AsObject();
        Assert.Equal(4, secrets.Count);
        Assert.Equal("q", (string)secrets["several"]!["password"]!);
        Assert.Equal("1", (string)secrets["one"]!["one"]!);
    }

    [Fact]
    public async Task A_store_or_a_secret_without_anything_in_it_is_204()
    {
        await StartAsync();
        _store.Secrets.Clear();
        _store.Secrets["hollow"] = new Dictionary<string, string>();
        Assert.Equal((204, ""), await StatusAndBodyAsync("/v1.0/secrets/vault/hollow"));
        _store.Secrets.Clear();
        Assert.Equal((204, ""), await StatusAndBodyAsync("/v1.0/secrets/vault/bulk"));
    }

    [Fact]
    public async Task A_failing_store_is_500_with_its_reason()
    {
        await StartAsync();
        _store.Fault = new ComponentException("sealed");
        AssertError(await GetAsync("/v1.0/secrets/vault/one"), 500, "ERR_SECRET_GET", "failed getting secret with key one from secret store vault: sealed");
        AssertError(await GetAsync("/v1.0/secrets/vault/bulk"), 500, "ERR_SECRET_GET", "failed getting secrets from secret store vault: sealed");
    }

    [Fact]
    public async Task Metadata_of_the_query_go_before_those_of_a_body()
    {
        await StartAsync();
        await GetAsync("/v1.0/secrets/vault/one?metadata.version_id=2&metadata.version_id=3&other=x", """{"key":"two","metadata":{"version_id":"1","namespace":"n"}}""");
        Assert.Equal(("one", "2", "n"), (_store.LastName, _store.LastMetadata["version_id"], _store.LastMetadata["namespace"]));
        AssertError(
            await GetAsync("/v1.0/secrets/vault/one", """{"metadata":1}"""), 400, "ERR_MALFORMED_REQUEST",
            "failed deserializing HTTP body: metadata: expected an object of strings");
    }

    [Fact]
    public async Task Stores_that_come_and_go_and_scopes_that_change_count_from_the_next_request_on()
    {
        await StartAsync(withStore: false);
        AssertError(await GetAsync("/v1.0/secrets/vault/one"), 500, "ERR_SECRET_STORES_NOT_CONFIGURED", "secret store is not configured");

        var vault = Vault();
        _components.Add(vault);
        Assert.Equal(200, (await GetAsync("/v1.0/secrets/vault/one")).Status);
        Allow(new SecretScope("vault", AllowByDefault: false, [], []));
        Assert.Equal(403, (await GetAsync("/v1.0/secrets/vault/one")).Status);

        _components.Remove(vault);
        Assert.Equal(500, (await GetAsync("/v1.0/secrets/vault/one")).Status);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        if (_server is not null)
            await _server.DisposeAsync();
    }

    private Task StartAsync(params SecretScope[] scopes) => StartAsync(true, scopes);

    private async Task StartAsync(bool withStore, params SecretScope[] scopes)
    {
        if (withStore)
            _components.Add(Vault());
        Allow(scopes);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(_components).AddSingleton(_resources).AddSingleton(new SidecarOptions { AppId = "me" }).AddSingleton(TimeProvider.System).AddSecrets();
        _server = builder.Build();
        _server.MapSecrets();
        await _server.StartAsync();
        _client.BaseAddress = new Uri(_server.Urls.Single());
    }

    private LoadedComponent Vault() => new(
        new ComponentResource(new ResourceOrigin("test.yaml", 1), "vault", "secretstores.test"),
        new ComponentType("secretstores.test", "v1", () => _store), _store, ComponentMetadata.Empty);

    private void Allow(params SecretScope[] scopes) =>
        _resources.Replace(new ResourceSet { Configuration = new ConfigurationResource { SecretScopes = scopes } });

    private async Task<(int Status, string Body, string? ContentType)> GetAsync(string path, string? body = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await _client.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(), response.Content.Headers.ContentType?.ToString());
    }

    private async Task<(int, string)> StatusAndBodyAsync(string path)
    {
        var reply = await GetAsync(path);
        return (reply.Status, reply.Body);
    }

    private static void AssertError((int Status, string Body, string? ContentType) reply, int status, string code, string message)
    {
        var body = JsonNode.Parse(reply.Body)!;
        Assert.Equal((status, code, message), (reply.Status, (string)body["errorCode"]!, (string)body["message"]!));
    }

    private sealed class FakeSecretStore : ISecretStore
    {
        public bool HoldsSeveralValues => true;

        public Exception? Fault { get; set; }

        public string LastName { get; private set; } = "";

        public IReadOnlyDictionary<string, string> LastMetadata { get; private set; } = new Dictionary<string, string>();

        public Dictionary<string, IReadOnlyDictionary<string, string>> Secrets { get; } = new()
        {
            ["one"] = new Dictionary<string, string> { ["one"] = "1" },
            ["two"] = new Dictionary<string, string> { ["two"] = "2" },
            ["redis:password"] = new Dictionary<string, string> { ["redis:password"] = "p<ä>" },
            ["several"] = new Dictionary<string, string> { ["user"] = "u", ["password"] = "q" },
        };

        public Task InitAsync(ComponentContext context, CancellationToken cancellationToken) => Task.CompletedTask;

        public ValueTask<IReadOnlyDictionary<string, string>?> GetAsync(
            string name, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken)
        {
            (LastName, LastMetadata) = (name, metadata);
            return Fault is null ? ValueTask.FromResult(Secrets.GetValueOrDefault(name)) : throw Fault;
        }

        public ValueTask<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>> GetAllAsync(
            IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken) =>
            Fault is null ? ValueTask.FromResult<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>>(Secrets) : throw Fault;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
