using Sidecar.Components;
using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Tests.Resources;

/// <summary>What <c>dapr</c> says of component types and their fields before a run.</summary>
public sealed class ComponentTypeTests
{
    [Theory]
    [InlineData("state.etcd", "this runtime has no driver for state.etcd yet; it has state.in-memory, state.sqlite, state.redis, state.postgresql")]
    [InlineData("state.sqlte", "this runtime has no driver for state.sqlte yet; did you mean 'state.sqlite'?; it has state.in-memory, state.sqlite, state.redis, state.postgresql")]
    [InlineData("bindings.kafka", "this runtime has no driver for bindings.kafka yet; it has bindings.cron, bindings.http, bindings.localstorage")]
    [InlineData("lock.redis", "this runtime has no driver for lock.redis yet; it has only state, pubsub, secretstores, bindings")]
    public void A_type_without_a_driver_is_an_error_at_its_line(string type, string message)
    {
        using var files = Component(type, "connectionString: x.db");

        var error = Assert.Single(files.Load(strict: true).Errors);

        Assert.StartsWith($"{files.Path("resources/store.yaml")}:6: spec.type: component 'store': {message}", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_password_of_a_server_may_stand_in_the_file_as_Dapr_s_own_examples_have_it()
    {
        using var files = Component("state.redis", "redisHost: localhost:6379", "redisPassword: s3cret");

        Assert.Empty(files.Load(strict: true).Errors);
    }

    [Fact]
    public void A_version_that_a_type_does_not_have_is_an_error()
    {
        using var files = Component("state.sqlite", "connectionString: x.db", version: "v2");

        Assert.Equal(
            ["6 spec.version: component 'store': expected v1 for state.sqlite, found 'v2'"],
            ResourceFiles.Told(files.Load(strict: true).Errors));
    }

    [Fact]
    public void An_unknown_field_is_a_warning_with_what_was_meant_and_a_missing_one_an_error()
    {
        using var files = Component("state.sqlite", "tableName: t", "conectionString: x.db");

        var loaded = files.Load(strict: true);

        Assert.Equal(["6 spec.metadata: component 'store': expected an item 'connectionString' with a value; state.sqlite needs it"], ResourceFiles.Told(loaded.Errors));
        Assert.Equal(
            ["11 spec.metadata[1].name: component 'store': state.sqlite does not know 'conectionString' and ignores it; did you mean 'connectionString'?"],
            ResourceFiles.Told(loaded.Problems.Where(problem => problem.IsWarning)));
    }

    [Theory]
    [InlineData("state.sqlite", "keyPrefix")]
    [InlineData("state.sqlite", "outboxPublishPubsub")]
    [InlineData("state.sqlite", "OUTBOXPUBLISHTOPIC")]
    [InlineData("state.sqlite", "outboxPubsub")]
    [InlineData("state.sqlite", "outboxDiscardWhenMissingState")]
    [InlineData("state.sqlite", "actorStateStore")]
    [InlineData("pubsub.sqlite", "consumerID")]
    [InlineData("pubsub.sqlite", "allowedTopics")]
    [InlineData("pubsub.sqlite", "protectedTopics")]
    [InlineData("pubsub.sqlite", "publishingScopes")]
    [InlineData("pubsub.sqlite", "subscriptionScopes")]
    [InlineData("state.sqlite", "timeoutInSeconds")]
    public void Fields_of_the_sidecar_and_other_names_of_a_field_are_known(string type, string field)
    {
        using var files = Component(type, "url: x.db", $"{field}: x");

        Assert.Empty(files.LoadProblems());
    }

    [Theory]
    [InlineData("primaryEncryptionKey")]
    [InlineData("SecondaryEncryptionKey")]
    public void A_key_that_stands_in_the_file_is_an_error_as_it_is_for_the_sidecar(string field)
    {
        using var files = Component("state.sqlite", "url: x.db", $"{field}: 000102030405060708090a0b0c0d0e0f");
        using var secret = new ResourceFiles { Catalog = ComponentCatalog.Default }.Add("store.yaml", $$"""
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: { name: store }
            spec: { type: state.in-memory, version: v1, metadata: [{ name: {{field}}, secretKeyRef: { name: key } }] }
            """);

        Assert.Equal(
            [$"11 spec.metadata[1]: component 'store': '{char.ToLowerInvariant(field[0])}{field[1..]}' must be a secretKeyRef: put it into a secret store and name that in auth.secretStore"],
            ResourceFiles.Told(files.Load(strict: true).Errors));
        Assert.Empty(secret.LoadProblems());
    }

    [Theory]
    [InlineData("pubsub.sqlite", "keyPrefix")]
    [InlineData("state.sqlite", "allowedTopics")]
    public void A_field_that_the_sidecar_reads_of_another_kind_only_is_unknown(string type, string field)
    {
        using var files = Component(type, "url: x.db", $"{field}: x");

        Assert.Contains($"{type} does not know '{field}' and ignores it", Assert.Single(files.LoadProblems()).Message);
    }

    [Fact]
    public void A_component_that_may_fail_or_is_denied_or_concerns_another_app_keeps_nobody_from_starting()
    {
        using var ignored = Component("state.etcd", "redisHost: x", extra: "  ignoreErrors: true");
        using var denied = Component("state.etcd", "redisHost: x").AddConfig("config.yaml", """
            apiVersion: dapr.io/v1alpha1
            kind: Configuration
            metadata: { name: c }
            spec:
              components:
                deny: [state.etcd]
            """);
        using var scoped = Component("state.etcd", "redisHost: x", extra: "scopes: [carts]");

        var warning = Assert.Single(ignored.LoadProblems());
        Assert.True(warning.IsWarning);
        Assert.EndsWith("; it is left out (ignoreErrors)", warning.Message);
        Assert.Empty(denied.LoadProblems());
        Assert.Empty(scoped.LoadProblems());
    }

    [Fact]
    public void A_value_from_a_secret_counts_as_given()
    {
        using var files = new ResourceFiles { Catalog = ComponentCatalog.Default }.Add("store.yaml", """
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata:
              name: store
            spec:
              type: state.sqlite
              metadata:
              - name: ConnectionString
                secretKeyRef: { name: db }
            """);

        Assert.Empty(files.LoadProblems());
    }

    [Fact]
    public void A_component_whose_secret_store_no_file_defines_would_wait_for_ever()
    {
        const string Text = """
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: { name: store }
            spec:
              type: state.sqlite
              metadata:
              - { name: tableName, value: t }
              - { name: connectionString, secretKeyRef: { name: db } }
            auth: { secretStore: valt }
            """;
        const string Vault = "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: { name: vault }\nspec: { type: secretstores.local.env }";
        using var files = new ResourceFiles { Catalog = ComponentCatalog.Default }.Add("store.yaml", Text).Add("vault.yaml", Vault);
        using var right = new ResourceFiles { Catalog = ComponentCatalog.Default }.Add("store.yaml", Text.Replace("valt", "vault")).Add("vault.yaml", Vault);

        Assert.Equal(
            ["8 spec.metadata[1].secretKeyRef: component 'store' waits for the secret store 'valt' of its auth.secretStore, which no file of the app defines; did you mean 'vault'?"],
            ResourceFiles.Told(files.Load(strict: true).Errors));
        Assert.Empty(right.Load(strict: true).Problems);
    }

    private static ResourceFiles Component(string type, string first, string? second = null, string version = "v1", string extra = "") =>
        new ResourceFiles { Catalog = ComponentCatalog.Default }.Add(
            "store.yaml",
            $"""
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata:
              name: store
            spec:
              type: {type}
              version: {version}
              metadata:
            {Item(first)}{(second is null ? "" : "\n" + Item(second))}
            {extra}
            """);

    private static string Item(string item) => $"  - name: {item.Split(": ")[0]}\n    value: {item.Split(": ")[1]}";
}
