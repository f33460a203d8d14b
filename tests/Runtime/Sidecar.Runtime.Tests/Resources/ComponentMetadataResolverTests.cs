using Sidecar.Components;
using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Tests.Resources;

public sealed class ComponentMetadataResolverTests
{
    private readonly Dictionary<string, string> _environment = [];
    private readonly FakeSecrets _secrets = new();

    private async Task<ResolvedMetadata> ResolveAsync(string? secretStore, params ComponentMetadataItem[] items)
    {
        var component = new ComponentResource(new ResourceOrigin("store.yaml", 3), "statestore", "state.redis") { Metadata = items, SecretStore = secretStore };
        return await new ComponentMetadataResolver("orders", _environment, _secrets).ResolveAsync(component, TestContext.Current.CancellationToken);
    }

    private static ComponentMetadataItem Plain(string value) => new("x", value, null, null);

    private static ComponentMetadataItem Secret(string name, string key) => new("x", null, new SecretKeyRef(name, key), null);

    private static ComponentMetadataItem Variable(string name) => new("x", null, null, name);

    [Theory]
    [InlineData("a.{appID}.b.{appID}", null, "a.orders.b.orders")]
    [InlineData("{namespace}", null, "default.orders")]
    [InlineData("{namespace}", "shop", "shop.orders")]
    [InlineData("{podName}-{appID}", null, "pod-1-orders")]
    [InlineData("{appid} {unknown} {", null, "{appid} {unknown} {")]
    public async Task Templates_are_filled_in(string value, string? sidecarNamespace, string expected)
    {
        _environment["POD_NAME"] = "pod-1";
        if (sidecarNamespace is not null)
            _environment["NAMESPACE"] = sidecarNamespace;

        var resolved = await ResolveAsync(null, Plain(value));

        Assert.Equal(expected, resolved.Metadata.Values["x"]);
        Assert.Empty(resolved.Problems);
    }

    [Fact]
    public async Task Each_uuid_is_fresh()
    {
        var parts = (await ResolveAsync(null, Plain("{uuid}|{uuid}"))).Metadata.Values["x"].Split('|');

        Assert.True(Guid.TryParse(parts[0], out var first) && Guid.TryParse(parts[1], out var second) && first != second);
    }

    [Fact]
    public async Task A_pod_name_that_is_not_set_is_an_error()
    {
        var problem = Assert.Single((await ResolveAsync(null, Plain("{podName}"))).Problems);

        Assert.False(problem.IsWarning);
        Assert.Equal(
            "store.yaml:3: spec.metadata[0].value: component 'statestore', metadata 'x': expected environment variable POD_NAME for {podName}, which is not set",
            problem.ToString());
    }

    [Theory]
    [InlineData("HOST", null, "redis", true)]
    [InlineData("UNSET", null, "", true)]
    [InlineData("DAPR_API_TOKEN", null, "", false)]
    [InlineData("dapr_x", null, "", false)]
    [InlineData("App_Api_Token", null, "", false)]
    [InlineData("HAS BLANK", null, "", false)]
    [InlineData("HOST", "OTHER HOST", "redis", true)]
    [InlineData("HOST", "OTHER HOSTS", "", false)]
    public async Task Environment_references_keep_to_the_rules(string name, string? allowed, string expected, bool isAllowed)
    {
        foreach (var (key, value) in (ReadOnlySpan<(string, string)>)[("HOST", "redis"), ("DAPR_API_TOKEN", "t"), ("dapr_x", "t"), ("App_Api_Token", "t"), ("HAS BLANK", "t")])
            _environment[key] = value;
        if (allowed is not null)
            _environment["DAPR_ENV_KEYS"] = allowed;

        var resolved = await ResolveAsync(null, Variable(name));

        Assert.Equal(expected, resolved.Metadata.Values["x"]);
        Assert.Equal(isAllowed, resolved.Problems.Count == 0);
        Assert.All(resolved.Problems, problem => Assert.True(problem is { IsWarning: true, Field: "spec.metadata[0].envRef" }));
    }

    [Fact]
    public async Task A_secret_is_read_from_the_named_store_and_templated()
    {
        _secrets.Values[("vault", "redis", "password")] = "s-{appID}";

        var resolved = await ResolveAsync("vault", Secret("redis", "password"));

        Assert.Equal("s-orders", resolved.Metadata.Values["x"]);
        Assert.Empty(resolved.Problems);
    }

    [Theory]
    [InlineData(null, "redis", "secret 'redis', key 'k' is not read: name its store in auth.secretStore")]
    [InlineData("vault", "redis", "secret 'redis', key 'k' is not in secret store 'vault'")]
    [InlineData("vault", "broken", "secret 'broken', key 'k' cannot be read from secret store 'vault': no connection")]
    public async Task A_secret_that_cannot_be_read_leaves_the_value_empty(string? store, string name, string message)
    {
        var resolved = await ResolveAsync(store, Secret(name, "k"));

        Assert.Equal("", resolved.Metadata.Values["x"]);
        Assert.Equal(
            new ResourceProblem("store.yaml", 3, "spec.metadata[0].secretKeyRef", $"component 'statestore', metadata 'x': {message}", IsWarning: true),
            Assert.Single(resolved.Problems));
    }

    [Fact]
    public async Task Names_are_found_in_any_case()
    {
        var resolved = await ResolveAsync(null, new ComponentMetadataItem("RedisHost", "h", null, null));

        Assert.Equal("h", resolved.Metadata.Find("redisHost"));
    }

    private sealed class FakeSecrets : ISecretReader
    {
        public Dictionary<(string Store, string Name, string Key), string> Values { get; } = [];

        public ValueTask<string?> ReadAsync(string store, string name, string key, CancellationToken cancellationToken) =>
            name == "broken" ? throw new ComponentException("no connection") : ValueTask.FromResult(Values.GetValueOrDefault((store, name, key)));
    }
}
