using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Sidecar.Grpc;
using Sidecar.Protos;
using Sidecar.Runtime.Tests.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.Security;

/// <summary>
/// Looks for secrets in everything that a sidecar says: its log, down to what is said only for debugging, its metadata, and each answer
/// of its API but that of the secrets themselves; where components work, where they cannot be reached, and where they are written wrongly.
/// </summary>
public sealed class SecretsStayTests : IAsyncLifetime
{
    private const string Canary = "canary-4f1c-Zq";
    private const string ApiToken = $"api-{Canary}";

    private readonly int _nowhere = FreePorts.Next();
    private readonly TempFolder _folder = new();
    private readonly ConcurrentBag<string> _said = [];
    private TestSidecar _sidecar = null!;
    private TestApp _app = null!;

    public async ValueTask InitializeAsync()
    {
        _folder.Write("secrets.json", $$"""
            {
              "plain": "{{Canary}}",
              "amqp": "amqp://user:{{Canary}}@127.0.0.1:{{_nowhere}}/",
              "postgres": "host=127.0.0.1 port={{_nowhere}} user=u password={{Canary}}",
              "badPostgres": "host=127.0.0.1 {{Canary}} user=u"
            }
            """);
        Component("vault", "secretstores.local.file", "- { name: secretsFile, value: secrets.json }", secret: null);
        Component("redis", "state.redis", $"- {{ name: redisHost, value: '127.0.0.1:{_nowhere}' }}", "redisPassword");
        Component("stream", "pubsub.redis", $"- {{ name: redisHost, value: '127.0.0.1:{_nowhere}' }}", "redisPassword");
        Component("rabbit", "pubsub.rabbitmq", "", "connectionString", "amqp");
        Component("kafka", "pubsub.kafka", $"- {{ name: brokers, value: '127.0.0.1:{_nowhere}' }}\n  - {{ name: authType, value: password }}\n  - {{ name: saslUsername, value: u }}", "saslPassword");
        Component("postgres", "state.postgresql", "", "connectionString", "postgres", version: "v2");
        Component("mispostgres", "state.postgresql", "", "connectionString", "badPostgres", version: "v2");
        Component("misplaced", "state.redis", $"- {{ name: redisHost, value: '127.0.0.1:{_nowhere}' }}", "maxRetries");
        Component("misread", "pubsub.rabbitmq", "", "connectionString");
        Component("unkeyed", "state.in-memory", "", "primaryEncryptionKey");
        Component("web", "bindings.http", $"- {{ name: url, value: 'http://127.0.0.1:{_nowhere}' }}\n  - {{ name: securityTokenHeader, value: X-Token }}", "securityToken");
        Component("works", "state.in-memory", "", "keyPrefix");
        _app = await TestApp.StartAsync(app => app.On("/x", 500, "broken"));
        _sidecar = await TestSidecar.StartAsync(_folder, options => options with
        {
            AppPort = _app.Port,
            LogLevel = LogLevel.Trace,
            ApiLogging = true,
            Environment = new Dictionary<string, string> { ["DAPR_API_TOKEN"] = ApiToken, ["APP_API_TOKEN"] = $"app-{Canary}" },
        });
        await _sidecar.Instance.Healthy.WithinAsync("health");
    }

    public async ValueTask DisposeAsync()
    {
        await _sidecar.DisposeAsync();
        await _app.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Nothing_that_is_secret_is_in_logs_metadata_or_answers()
    {
        await SendAsync(HttpMethod.Get, "/v1.0/metadata");
        foreach (var store in (string[])["redis", "postgres", "mispostgres", "misplaced", "unkeyed", "works", "nowhere"])
        {
            await SendAsync(HttpMethod.Get, $"/v1.0/state/{store}/key");
            await SendAsync(HttpMethod.Post, $"/v1.0/state/{store}", new[] { new { key = "key", value = 1 } });
            await SendAsync(HttpMethod.Post, $"/v1.0/state/{store}/transaction", new { operations = Array.Empty<object>() });
        }

        foreach (var pubsub in (string[])["stream", "rabbit", "kafka", "misread", "nowhere"])
            await SendAsync(HttpMethod.Post, $"/v1.0/publish/{pubsub}/topic", new { });
        await SendAsync(HttpMethod.Post, "/v1.0/bindings/web", new { operation = "get" });
        await SendAsync(HttpMethod.Get, "/v1.0/invoke/me/method/x");
        await SendAsync(HttpMethod.Get, "/v1.0/invoke/nobody/method/x");
        await SendAsync(HttpMethod.Get, "/v1.0/secrets/vault/nothing");
        await SendAsync(HttpMethod.Get, "/v1.0-alpha1/resiliency");
        await SendAsync(HttpMethod.Get, "/v1.0/metadata", token: $"{ApiToken}x");
        await CallAsync(ApiToken);
        await CallAsync($"{ApiToken}x");

        // The app is told its token, and nobody else.
        Assert.Equal($"app-{Canary}", (await _app.NextAsync("/x")).Headers["dapr-api-token"]);
        var base64 = Convert.ToBase64String(Encoding.UTF8.GetBytes(Canary)).TrimEnd('=');
        var told = _sidecar.Log.Concat(_said).Where(text =>
            text.Contains(Canary, StringComparison.OrdinalIgnoreCase) || text.Contains(Uri.EscapeDataString(Canary), StringComparison.Ordinal) || text.Contains(base64, StringComparison.Ordinal));
        Assert.Equal("", string.Join('\n', told));

        // All of them were tried, or the test would prove nothing.
        foreach (var component in (string[])["redis", "stream", "rabbit", "kafka", "postgres", "mispostgres", "misplaced", "misread", "unkeyed"])
            Assert.Contains(_sidecar.Log, line => line.Contains(component, StringComparison.Ordinal) && line.Contains("level=error", StringComparison.Ordinal));
        Assert.Contains(_said, text => text.Contains("\"works\"", StringComparison.Ordinal));
    }

    private void Component(string name, string type, string metadata, string? secret, string key = "plain", string version = "v1") => _folder.Write($"components/{name}.yaml", $"""
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata:
          name: {name}
        spec:
          type: {type}
          version: {version}
          ignoreErrors: true
          initTimeout: 1s
          metadata:
          {(metadata.Length > 0 ? metadata : "# none")}
          {(secret is null ? "# none" : $"- {{ name: {secret}, secretKeyRef: {{ name: {key}, key: {key} }} }}")}
        auth:
          secretStore: vault
        """);

    private async Task SendAsync(HttpMethod verb, string path, object? body = null, string token = ApiToken)
    {
        using var request = new HttpRequestMessage(verb, path) { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.Add("dapr-api-token", token);
        using var response = await _sidecar.Client.SendAsync(request);
        _said.Add($"{response}\n{await response.Content.ReadAsStringAsync()}");
    }

    private async Task CallAsync(string token)
    {
        var method = GrpcMethod.Of<GetMetadataRequest, GetMetadataResponse>(DaprReflection.Descriptor.Services[0].FindMethodByName("GetMetadata"));
        _said.Add((await _sidecar.Channel.StatusAsync(method, new GetMetadataRequest(), new CallOptions { Metadata = [new MetadataEntry("dapr-api-token", token)] })).ToString());
    }
}
