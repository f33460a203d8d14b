using Google.Protobuf;
using Sidecar.Grpc;
using Sidecar.Protos;
using Sidecar.Runtime.Tests.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.Security;

/// <summary>Requests that are none of the caller's business: each refused with the contract's code at both fronts, and told in the log without what is secret.</summary>
public sealed class StrangerTests : IAsyncLifetime
{
    private const string Token = "the-token-of-this-sidecar";
    private const string Secret = "the-value-of-a-secret";

    private readonly TempFolder _folder = new();
    private TestSidecar _sidecar = null!;

    public async ValueTask InitializeAsync()
    {
        _folder.Write("secrets.json", $$"""{"mine":"{{Secret}}","theirs":"{{Secret}}"}""");
        _folder.Write("components/vault.yaml", "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: { name: vault }\nspec: { type: secretstores.local.file, version: v1, metadata: [ { name: secretsFile, value: secrets.json } ] }");
        _folder.Write("components/pubsub.yaml", """
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: { name: pubsub }
            spec:
              type: pubsub.in-memory
              version: v1
              metadata:
              - { name: allowedTopics, value: "orders,payments" }
              - { name: publishingScopes, value: "me=orders" }
            """);
        _folder.Write("config.yaml", "apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: { name: c }\nspec: { secrets: { scopes: [ { storeName: vault, defaultAccess: deny, allowedSecrets: [ mine ] } ] } }");
        _sidecar = await TestSidecar.StartAsync(_folder, options => options with { Environment = new Dictionary<string, string> { ["DAPR_API_TOKEN"] = Token } });
        await _sidecar.Instance.Healthy.WithinAsync("health");
    }

    public async ValueTask DisposeAsync()
    {
        await _sidecar.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(null, "it has no API token")]
    [InlineData("the-token-of-this-sidecaR", "it has a wrong API token")]
    [InlineData("the-token-of-this-sideca", "it has a wrong API token")]
    public async Task Without_the_token_nothing_but_health_is_answered(string? token, string line)
    {
        Assert.Equal(401, await HttpAsync("/v1.0/metadata", token));
        Assert.Equal(401, await HttpAsync("/v1.0/invoke/me/method/x", token));
        Assert.Equal(401, await HttpAsync("/anything", token));
        Assert.Equal(204, await HttpAsync("/v1.0/healthz", token));
        Assert.Equal(StatusCode.Unauthenticated, await GrpcAsync(DaprMethods.GetMetadata, new GetMetadataRequest(), token));
        Assert.Equal(StatusCode.Unauthenticated, await GrpcAsync(GrpcTestApp.Unary, default, token));

        await _sidecar.LineAsync(line);
        NothingSecretIsTold();
    }

    [Theory]
    [InlineData("payments")]
    [InlineData("elsewhere")]
    public async Task A_topic_that_is_not_allowed_is_refused(string topic)
    {
        Assert.Equal(403, await HttpAsync($"/v1.0/publish/pubsub/{topic}", Token, "{}"));
        Assert.Equal(StatusCode.PermissionDenied, await GrpcAsync(DaprMethods.Publish, new PublishEventRequest { PubsubName = "pubsub", Topic = topic, Data = ByteString.CopyFromUtf8("{}") }, Token));
        Assert.Equal(403, await HttpAsync($"/v1.0/publish/bulk/pubsub/{topic}", Token, """[{"entryId":"1","event":"a","contentType":"text/plain"}]"""));

        await _sidecar.LineAsync($"me may not publish to topic {topic}");
        NothingSecretIsTold();
    }

    [Fact]
    public async Task A_secret_that_is_not_allowed_is_refused()
    {
        Assert.Equal(200, await HttpAsync("/v1.0/secrets/vault/mine", Token));
        Assert.Equal(403, await HttpAsync("/v1.0/secrets/vault/theirs", Token));
        Assert.Equal(StatusCode.PermissionDenied, await GrpcAsync(DaprMethods.GetSecret, new GetSecretRequest { StoreName = "vault", Key = "theirs" }, Token));

        await _sidecar.LineAsync("The app may not read theirs of secret store vault");
        NothingSecretIsTold();
    }

    [Theory]
    [InlineData("metadata.ttlInSeconds=1%0d%0aX-Injected:%201")]
    [InlineData("metadata.partitionKey=a%0db")]
    public async Task Line_ends_in_metadata_split_no_header(string query)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"/v1.0/publish/pubsub/orders?{query}", UriKind.Relative)) { Content = new StringContent("{}") };
        request.Headers.Add("dapr-api-token", Token);
        using var response = await _sidecar.Client.SendAsync(request);

        Assert.InRange((int)response.StatusCode, 200, 499);
        Assert.False(response.Headers.Contains("X-Injected"));
    }

    private void NothingSecretIsTold()
    {
        Assert.DoesNotContain(_sidecar.Log, line => line.Contains(Token, StringComparison.OrdinalIgnoreCase) || line.Contains(Secret, StringComparison.Ordinal));
    }

    private async Task<int> HttpAsync(string path, string? token, string? body = null)
    {
        using var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, new Uri(path, UriKind.Relative));
        if (body is not null)
            request.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        if (token is not null)
            request.Headers.Add("dapr-api-token", token);
        using var response = await _sidecar.Client.SendAsync(request);
        return (int)response.StatusCode;
    }

    private async Task<StatusCode> GrpcAsync<TRequest, TResponse>(GrpcMethod<TRequest, TResponse> method, TRequest request, string? token) =>
        (await _sidecar.Channel.StatusAsync(method, request, new CallOptions { Metadata = token is null ? [] : [new MetadataEntry("dapr-api-token", token)] })).Code;
}
