using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using TestSupport;

namespace Sidecar.Daprd.Tests;

/// <summary>Resources of a real <c>daprd</c>: which of them it takes, and what follows when files change or SIGHUP comes (contract 4.1, 5.11).</summary>
public sealed class ReloadTests : IDisposable
{
    private const string HotReloadOff = "  features: [{ name: HotReload, enabled: false }]\n";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Contract(156)]
    public async Task Component_files_that_come_change_and_go_take_effect_within_seconds()
    {
        await using var daprd = await DaprdProcess.StartHealthyAsync(_folder, "me");
        Assert.Equal(HttpStatusCode.InternalServerError, await SaveAsync(daprd));

        _folder.Write("components/store.yaml", Sets.Component("store", "state.sqlite", ("connectionString", _folder.File("state.db"))));
        await ComponentsAsync(daprd, "store state.sqlite");
        await Eventually.TrueAsync(async () => await SaveAsync(daprd) == HttpStatusCode.NoContent, "the state API to know its first store");
        Assert.Equal("1", await daprd.Client.GetStringAsync("/v1.0/state/store/k"));

        _folder.Write("components/store.yaml", Sets.Component("store", "state.in-memory"));
        await ComponentsAsync(daprd, "store state.in-memory");
        await Eventually.TrueAsync(async () => await daprd.Client.GetStringAsync("/v1.0/state/store/k") == "", "the state API to ask the new store");

        File.Delete(_folder.File("components/store.yaml"));
        await ComponentsAsync(daprd, "");
        await Eventually.TrueAsync(async () => await SaveAsync(daprd) == HttpStatusCode.InternalServerError, "the state API to know that its last store is gone");
    }

    [Fact]
    [Contract(156)]
    public async Task Subscription_files_that_come_change_and_go_take_effect_within_seconds()
    {
        await using var app = await TestApp.StartAsync(app => app.On("/first", 200, "{}").On("/second", 200, "{}"));
        await using var daprd = await DaprdProcess.StartHealthyAsync(_folder, "me", app.Port);

        _folder.WithSqlite();
        _folder.Write("components/subscription.yaml", Sets.Subscription("orders", "orders", "/first"));
        await SubscriptionsAsync(daprd, "orders /first");
        await DeliversAsync(daprd, app, "/first");

        _folder.Write("components/subscription.yaml", Sets.Subscription("orders", "orders", "/second"));
        await SubscriptionsAsync(daprd, "orders /second");
        await DeliversAsync(daprd, app, "/second");

        File.Delete(_folder.File("components/subscription.yaml"));
        await SubscriptionsAsync(daprd, "");
    }

    [Fact]
    public async Task What_nobody_tells_of_is_found_at_the_interval_of_the_flag()
    {
        Directory.CreateDirectory(_folder.File("components"));
        _folder.Write("elsewhere.yaml", "# nothing yet");
        File.CreateSymbolicLink(_folder.File("components/link.yaml"), _folder.File("elsewhere.yaml"));
        await using var daprd = await DaprdProcess.StartHealthyAsync(_folder, "me", flags: ["--hot-reload-reconcile-interval=100ms"]);

        _folder.Write("elsewhere.yaml", Sets.Component("store", "state.in-memory"));

        await ComponentsAsync(daprd, "store state.in-memory");
    }

    [Fact]
    [Contract(156, 158)]
    public async Task Sighup_starts_the_runtime_anew_in_its_process_and_the_app_lives_on()
    {
        await using var app = await TestApp.StartAsync();
        await using var daprd = await DaprdProcess.StartHealthyAsync(_folder.WithSqlite(), "me", app.Port, ["--config", Config(HotReloadOff)]);
        await app.NextAsync("/dapr/config");
        _folder.Write("secrets.json", """{"key":"value"}""");
        _folder.Write("components/vault.yaml", Sets.Component("vault", "secretstores.local.file", ("secretsFile", "secrets.json")));
        Config(HotReloadOff + "  secrets: { scopes: [{ storeName: vault, defaultAccess: deny, allowedSecrets: [key] }] }\n");
        using (var before = await daprd.Client.GetAsync("/v1.0/secrets/vault/key"))
            Assert.Equal(HttpStatusCode.InternalServerError, before.StatusCode);

        await daprd.Process.SignalAsync("HUP");
        await app.NextAsync("/dapr/config");
        await daprd.HealthyAsync();

        using var after = await daprd.Client.GetAsync("/v1.0/secrets/vault/key");
        using var denied = await daprd.Client.GetAsync("/v1.0/secrets/vault/other");
        Assert.Equal(HttpStatusCode.OK, after.StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, denied.StatusCode);
        Assert.False(daprd.Process.HasExited);
        await daprd.Process.SignalAsync("TERM");
        Assert.Equal(0, await daprd.Process.ExitAsync());
    }

    [Fact]
    [Contract(158)]
    public async Task Sighup_with_files_that_cannot_be_read_leaves_everything_as_it_was()
    {
        await using var daprd = await DaprdProcess.StartHealthyAsync(_folder.WithSqlite(), "me", flags: ["--config", Config(HotReloadOff)]);
        Config("  secrets: [");

        await daprd.Process.SignalAsync("HUP");
        var line = await daprd.Process.LineAsync("SIGHUP: not restarted");

        Assert.Contains($"{_folder.File("config.yaml")}:5: not valid YAML", line, StringComparison.Ordinal);
        await daprd.HealthyAsync();
    }

    [Fact]
    [Contract(154, 158)]
    public async Task Sighup_with_a_component_that_cannot_start_is_as_fatal_as_a_start()
    {
        await using var daprd = await DaprdProcess.StartHealthyAsync(_folder, "me", flags: ["--config", Config(HotReloadOff)]);
        _folder.Write("components/store.yaml", Sets.Component("store", "state.sqlite", ("connectionString", _folder.Path)));

        await daprd.Process.SignalAsync("HUP");

        Assert.Equal(1, await daprd.Process.ExitAsync());
        Assert.Contains("Fatal error from runtime: component store", daprd.Output, StringComparison.Ordinal);
    }

    [Fact]
    [Contract(158)]
    public async Task Sighups_in_a_row_end_in_a_sidecar_that_serves()
    {
        await using var daprd = await DaprdProcess.StartHealthyAsync(_folder.WithSqlite(), "me");

        for (var round = 0; round < 5; round++)
            await daprd.Process.SignalAsync("HUP");
        await daprd.Process.LineAsync("the runtime restarts in this process");
        await daprd.HealthyAsync();
        await daprd.Process.SignalAsync("TERM");

        Assert.Equal(0, await daprd.Process.ExitAsync());
    }

    [Theory]
    [Contract(152)]
    [InlineData("state.in-memory", "pubsub.in-memory", "duplicate definition of Component name one")]
    [InlineData("workflow.dapr", null, "workflow.dapr")]
    public async Task What_daprd_does_not_start_with_ends_it_with_1(string first, string? second, string message)
    {
        _folder.Write("components/a.yaml", Sets.Component("one", first));
        if (second is not null)
            _folder.Write("components/b.yaml", Sets.Component("one", second));
        await using var daprd = DaprdProcess.Start(_folder, "me");

        Assert.Equal(1, await daprd.Process.ExitAsync());
        Assert.Contains(message, daprd.Output, StringComparison.Ordinal);
    }

    [Fact]
    [Contract(152, 153)]
    public async Task A_component_may_be_named_dapr_and_have_no_version_and_concerns_its_namespace()
    {
        _folder.Write("components/a.yaml", Sets.Component("dapr", "state.in-memory").Replace("  version: v1\n", "", StringComparison.Ordinal));
        _folder.Write("components/b.yaml", Sets.Component("mine", "state.in-memory").Replace("name: mine", "name: mine\n  namespace: shop", StringComparison.Ordinal));
        _folder.Write("components/c.yaml", Sets.Component("other", "state.in-memory").Replace("name: other", "name: other\n  namespace: elsewhere", StringComparison.Ordinal));
        await using var inShop = await DaprdProcess.StartHealthyAsync(_folder, "a", environment: new Dictionary<string, string?> { ["NAMESPACE"] = "shop" });
        await using var anywhere = await DaprdProcess.StartHealthyAsync(_folder, "b", environment: new Dictionary<string, string?> { ["NAMESPACE"] = null });

        await ComponentsAsync(inShop, "dapr state.in-memory|mine state.in-memory");
        await ComponentsAsync(anywhere, "dapr state.in-memory|mine state.in-memory|other state.in-memory");
        Assert.Contains("\"version\":\"v1\"", await inShop.Client.GetStringAsync("/v1.0/metadata"), StringComparison.Ordinal);
    }

    [Fact]
    [Contract(164)]
    public async Task Of_two_configuration_files_the_later_wins_and_the_rest_of_the_first_stays()
    {
        _folder.Write("secrets.json", """{"a":"1","b":"1"}""");
        _folder.Write("components/vault.yaml", Sets.Component("vault", "secretstores.local.file", ("secretsFile", "secrets.json")));
        _folder.Write("components/store.yaml", Sets.Component("store", "state.in-memory"));
        var first = Config("  secrets: { scopes: [{ storeName: vault, deniedSecrets: [a] }] }\n  components: { deny: [state.in-memory] }\n");
        var second = Config("  secrets: { scopes: [{ storeName: vault, deniedSecrets: [b] }] }\n", "second.yaml");
        await using var daprd = await DaprdProcess.StartHealthyAsync(_folder, "me", flags: ["--config", first, "--config", second]);

        using var a = await daprd.Client.GetAsync("/v1.0/secrets/vault/a");
        using var b = await daprd.Client.GetAsync("/v1.0/secrets/vault/b");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Forbidden), (a.StatusCode, b.StatusCode));
        await ComponentsAsync(daprd, "vault secretstores.local.file");
    }

    private string Config(string spec, string name = "config.yaml") =>
        _folder.Write(name, $"apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: {{ name: c }}\nspec:\n{spec}");

    private static async Task<HttpStatusCode> SaveAsync(DaprdProcess daprd)
    {
        using var body = new StringContent("""[{"key":"k","value":1}]""", Encoding.UTF8, "application/json");
        using var response = await daprd.Client.PostAsync("/v1.0/state/store", body);
        return response.StatusCode;
    }

    // Again and again: the metadata may list a subscription a moment before messages take its way.
    private static Task DeliversAsync(DaprdProcess daprd, TestApp app, string path) => Eventually.TrueAsync(
        async () =>
        {
            using var body = new StringContent("{}", Encoding.UTF8, "application/json");
            using var response = await daprd.Client.PostAsync("/v1.0/publish/pubsub/orders", body);
            Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
            return app.Seen.Any(request => request.Path == path);
        },
        $"a message at {path}");

    private static Task SubscriptionsAsync(DaprdProcess daprd, string expected) => Eventually.TrueAsync(
        async () =>
        {
            var metadata = JsonNode.Parse(await daprd.Client.GetStringAsync("/v1.0/metadata"))!;
            return expected == string.Join('|', (metadata["subscriptions"]?.AsArray() ?? []).Select(one => $"{one!["topic"]} {one["rules"]![0]!["path"]}"));
        },
        $"the subscriptions [{expected}] of\n{daprd.Output}");

    private static Task ComponentsAsync(DaprdProcess daprd, string expected) => Eventually.TrueAsync(
        async () =>
        {
            var metadata = JsonNode.Parse(await daprd.Client.GetStringAsync("/v1.0/metadata"))!;
            return expected == string.Join('|', (metadata["components"]?.AsArray() ?? []).Select(component => $"{component!["name"]} {component["type"]}").Order(StringComparer.Ordinal));
        },
        $"the components [{expected}] of\n{daprd.Output}");
}
