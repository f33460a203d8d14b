using TestSupport;
using static Sidecar.Runtime.Tests.Hosting.Reload.ReloadSetup;

namespace Sidecar.Runtime.Tests.Hosting.Reload;

/// <summary>What a reload makes of files that are wrong, of subscriptions, resiliency and configuration, and of secrets.</summary>
public sealed class ReloadOfFilesTests
{
    private const string Broken = "kind: [unclosed\n";

    [Fact]
    public async Task A_file_that_cannot_be_read_gives_what_it_gave_before_and_other_files_take_effect()
    {
        await using var setup = await new ReloadSetup()
            .With("a.yaml", $"{Component("a")}\n---\n{Subscription("s", "t")}").With("b.yaml", Component("b", "1")).StartAsync();
        var a = setup.Running("a");

        await setup.With("a.yaml", $"{Component("a", "2")}\n---\n{Broken}").With("b.yaml", Component("b", "2")).ReloadAsync();
        await setup.ReloadAsync();

        Assert.Same(a, setup.Running("a"));
        Assert.Equal("2", setup.Running("b").Value);
        Assert.Equal("t", Assert.Single(setup.Live.Current.Subscriptions).Topic);
        Assert.Equal(["-b", "+b"], setup.Feature.Told);
        var line = Assert.Single(setup.Log, line => line.Contains("a.yaml", StringComparison.Ordinal));
        Assert.StartsWith($"{setup.File("resources/a.yaml")}:13: not valid YAML: ", line, StringComparison.Ordinal);
        Assert.EndsWith("; what this file gave before stays as it was", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_was_broken_from_the_start_keeps_nothing_from_being_reloaded()
    {
        await using var setup = await new ReloadSetup().With("a.yaml", $"{Broken}---\n{Component("a", "1")}").StartAsync();

        await setup.With("b.yaml", Component("b")).ReloadAsync();
        await setup.With("a.yaml", Component("a", "2")).ReloadAsync();

        Assert.Equal(["a", "b"], setup.Names);
        Assert.Equal("2", setup.Running("a").Value);
    }

    [Fact]
    [Contract(152)]
    public async Task A_name_given_twice_leaves_everything_as_it_was_and_is_said_once_in_one_line()
    {
        await using var setup = await new ReloadSetup().With("a.yaml", Component("a", "1")).StartAsync();

        await setup.With("a.yaml", Component("a", "2")).With("copy.yaml", Component("a", "3", "pubsub.probe")).With("b.yaml", Component("b")).ReloadAsync();
        await setup.ReloadAsync();

        Assert.Equal("1", setup.Running("a").Value);
        Assert.Equal(["a"], setup.Names);
        Assert.Equal(
            [$"hot reload failed, everything stays as it was: {setup.File("resources/copy.yaml")}:1: metadata.name: duplicate definition of Component name a; it is defined at {setup.File("resources/a.yaml")}:1 too"],
            setup.Log);

        await setup.With("copy.yaml", null).ReloadAsync();
        Assert.Equal("2", setup.Running("a").Value);
    }

    [Fact]
    public async Task A_folder_that_is_gone_for_a_while_takes_nothing_away()
    {
        await using var setup = await new ReloadSetup().With("a.yaml", Component("a", "1")).StartAsync();
        Directory.Move(setup.File("resources"), setup.File("elsewhere"));

        await setup.ReloadAsync();

        Assert.Equal(["a"], setup.Names);
        Assert.Equal($"hot reload failed, everything stays as it was: {setup.File("resources")}: expected a folder of resource files: does not exist", Assert.Single(setup.Log));
    }

    [Fact]
    public async Task Slices_are_told_of_subscriptions_after_components_with_what_was_and_what_is()
    {
        await using var setup = await new ReloadSetup().With("s.yaml", Subscription("s", "old")).StartAsync();
        setup.Feature.OnTold = what =>
        {
            Assert.Equal(what == "+pubsub" ? "old" : "new", Assert.Single(setup.Live.Current.Subscriptions).Topic);
            return Task.CompletedTask;
        };

        await setup.With("s.yaml", Subscription("s", "new")).With("p.yaml", Component("pubsub", type: "pubsub.probe")).ReloadAsync();

        Assert.Equal(["+pubsub", "old>new"], setup.Feature.Told);
        Assert.DoesNotContain(setup.Log, line => line.Contains("could not follow", StringComparison.Ordinal));
        Assert.Contains($"hot reload: Subscription s changed ({setup.File("resources/s.yaml")}:1)", setup.Log);
    }

    [Fact]
    public async Task The_order_of_subscriptions_counts()
    {
        await using var setup = await new ReloadSetup().With("a.yaml", Subscription("a", "a")).With("b.yaml", Subscription("b", "b")).StartAsync();

        await setup.With("a.yaml", null).With("c.yaml", Subscription("a", "a")).ReloadAsync();

        Assert.Equal(["a,b>b,a"], setup.Feature.Told);
    }

    [Fact]
    public async Task Resiliency_comes_and_goes()
    {
        await using var setup = await new ReloadSetup().StartAsync();

        await setup.With("r.yaml", "apiVersion: dapr.io/v1alpha1\nkind: Resiliency\nmetadata: { name: r }\nspec: { policies: { timeouts: { DefaultTimeoutPolicy: 1s } } }").ReloadAsync();
        Assert.Equal("r", Assert.Single(setup.Live.Current.Resiliencies).Name);
        await setup.With("r.yaml", null).ReloadAsync();

        Assert.Empty(setup.Live.Current.Resiliencies);
        Assert.Equal([">", ">"], setup.Feature.Told);
        Assert.Contains("hot reload: Resiliency r removed", setup.Log);
    }

    [Fact]
    public async Task Policies_stay_what_they_were_with_all_that_breakers_know_while_only_other_files_change()
    {
        const string Policies = "apiVersion: dapr.io/v1alpha1\nkind: Resiliency\nmetadata: { name: r }\nspec: { policies: { timeouts: { DefaultTimeoutPolicy: 1s } } }";
        await using var setup = await new ReloadSetup().With("r.yaml", Policies).StartAsync();
        var before = setup.Live.Current.Resiliencies;

        await setup.ReloadAsync();
        await setup.With("s.yaml", Subscription("s", "t")).ReloadAsync();
        Assert.Same(before, setup.Live.Current.Resiliencies);
        Assert.Single(setup.Live.Current.Subscriptions);

        await setup.With("r.yaml", Policies.Replace("1s", "2s", StringComparison.Ordinal)).ReloadAsync();
        Assert.NotSame(before, setup.Live.Current.Resiliencies);
    }

    [Fact]
    public async Task Secret_scopes_take_effect_at_once_and_other_parts_of_a_configuration_need_a_restart()
    {
        await using var setup = await new ReloadSetup().WithConfig("  secrets: { scopes: [{ storeName: a }] }\n  tracing: { samplingRate: '1' }").StartAsync();

        await setup.WithConfig("  secrets: { scopes: [{ storeName: b }] }\n  tracing: { samplingRate: '0' }").ReloadAsync();

        Assert.Equal("b", Assert.Single(setup.Live.Current.Configuration.SecretScopes).StoreName);
        Assert.Equal([">"], setup.Feature.Told);
        Assert.Equal(
            [
                "hot reload: spec.secrets of the Configuration changed",
                "hot reload: spec.tracing of the Configuration has changed; that needs a restart (or SIGHUP) to take effect",
            ],
            setup.Log);
    }

    [Fact]
    public async Task A_component_that_the_configuration_denies_now_is_removed()
    {
        await using var setup = await new ReloadSetup().With("a.yaml", Component("a")).With("b.yaml", Component("b", type: "state.other")).WithConfig("  {}").StartAsync();

        await setup.WithConfig("  components: { deny: [state.other] }").ReloadAsync();

        Assert.Equal(["a"], setup.Names);
    }

    [Fact]
    public async Task A_configuration_that_cannot_be_read_leaves_everything_as_it_was()
    {
        await using var setup = await new ReloadSetup().With("a.yaml", Component("a", "1")).WithConfig("  features: []").StartAsync();

        await setup.With("a.yaml", Component("a", "2")).WithConfig("  secrets: [").ReloadAsync();

        Assert.Equal("1", setup.Running("a").Value);
        Assert.StartsWith($"hot reload failed, everything stays as it was: {setup.File("config.yaml")}:5: not valid YAML", Assert.Single(setup.Log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_secret_store_brings_the_components_that_wait_for_it_and_renews_those_whose_secrets_changed()
    {
        await using var setup = await new ReloadSetup().With("a.yaml", WithSecret("a", "first")).With("b.yaml", WithSecret("b", "second")).StartAsync();
        Assert.Empty(setup.Names);

        setup.With("secrets.json", """{"first":"1","second":"1"}""").With("other.json", """{"first":"2","second":"1"}""");
        await setup.With("vault.yaml", Vault("secrets.json")).ReloadAsync();
        Assert.Equal(["vault", "a", "b"], setup.Names);
        var (a, b) = (setup.Running("a"), setup.Running("b"));
        await setup.With("vault.yaml", Vault("other.json")).ReloadAsync();

        Assert.Equal(("1", "2"), (a.Value, setup.Running("a").Value));
        Assert.True(a.IsClosed);
        Assert.Same(b, setup.Running("b"));

        await setup.With("vault.yaml", null).ReloadAsync();
        Assert.Equal(["a", "b"], setup.Names);
    }

    [Fact]
    public async Task An_http_endpoint_that_takes_secrets_from_a_new_store_is_told_of()
    {
        await using var setup = await new ReloadSetup().With("secrets.json", "{}").With("e.yaml", """
            apiVersion: dapr.io/v1alpha1
            kind: HTTPEndpoint
            metadata: { name: github }
            spec: { baseUrl: "http://localhost", headers: [{ name: a, secretKeyRef: { name: a } }] }
            auth: { secretStore: vault }
            """).StartAsync();

        await setup.With("vault.yaml", Vault("secrets.json")).ReloadAsync();

        Assert.Equal(["+vault", ">"], setup.Feature.Told);
    }

    [Fact]
    public async Task Secret_stores_are_started_after_those_that_they_take_their_secrets_from_whatever_the_file_order()
    {
        const string Auth = "auth: { secretStore: inner }\n";
        await using var setup = new ReloadSetup()
            .With("a.yaml", WithSecret("a", "s").Replace("vault", "outer"))
            .With("b.yaml", Vault("outer.json", "outer").Replace("    value: resources/outer.json", "    secretKeyRef: { name: file, key: file }") + Auth)
            .With("c.yaml", Vault("inner.json", "inner"));
        setup.With("outer.json", """{"s":"secret"}""").With("inner.json", $$"""{"file":"{{setup.File("resources/outer.json")}}"}""");

        await setup.StartAsync();

        Assert.Equal(["inner", "outer", "a"], setup.Names);
        Assert.Equal("secret", setup.Running("a").Value);
    }

    [Fact]
    public async Task Components_that_wait_for_each_other_are_left_out_and_the_rest_starts()
    {
        await using var setup = await new ReloadSetup()
            .With("a.yaml", Vault("x.json", "one").Replace("    value: resources/x.json", "    secretKeyRef: { name: x }") + "auth: { secretStore: two }\n")
            .With("b.yaml", Vault("x.json", "two").Replace("    value: resources/x.json", "    secretKeyRef: { name: x }") + "auth: { secretStore: one }\n")
            .With("c.yaml", Component("c")).StartAsync();

        Assert.Equal(["c"], setup.Names);
    }

    private static string Vault(string file, string name = "vault") =>
        $"apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\nspec:\n  type: secretstores.local.file\n  version: v1\n  metadata:\n  - name: secretsFile\n    value: resources/{file}\n";

    private static string WithSecret(string name, string secret) =>
        $"apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\nspec:\n  type: state.probe\n  metadata:\n  - name: value\n    secretKeyRef: {{ name: {secret}, key: {secret} }}\nauth:\n  secretStore: vault\n";
}
