using Sidecar.Runtime.Resources;
using TestSupport;
using static Sidecar.Runtime.Tests.Resources.ResourceFiles;

namespace Sidecar.Runtime.Tests.Resources;

public sealed class ResourceLoaderTests
{
    private const string Store = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata:
          name: statestore
        spec:
          type: state.redis
          version: v1
        """;

    [Fact]
    public void A_component_is_read_with_all_its_fields()
    {
        using var files = new ResourceFiles().Add("store.yaml", """
            # the store of the orders
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata:
              name: statestore
              namespace: shop
              labels: { team: a }
            auth:
              secretStore: vault
            scopes: [orders, carts]
            spec:
              type: state.redis
              version: v2
              ignoreErrors: true
              initTimeout: 1m30s
              metadata:
                - name: redisHost
                  value: localhost:6379
                - name: redisPassword
                  secretKeyRef: { name: redis, key: password }
                - name: redisUsername
                  secretKeyRef: { name: redis-user }
                - name: redisDB
                  envRef: REDIS_DB
            """);

        var component = Assert.Single(files.LoadWell().Components);

        Assert.Equal(("statestore", "state.redis", "v2", "shop", "vault"), (component.Name, component.Type, component.Version, component.Namespace, component.SecretStore));
        Assert.True(component.IgnoreErrors);
        Assert.Equal(TimeSpan.FromSeconds(90), component.InitTimeout);
        Assert.Equal(["orders", "carts"], component.Scopes);
        Assert.Equal(new ResourceOrigin(files.Path("resources/store.yaml"), 2), component.Origin);
        Assert.Equal(
            [
                new ComponentMetadataItem("redisHost", "localhost:6379", null, null),
                new ComponentMetadataItem("redisPassword", null, new SecretKeyRef("redis", "password"), null),
                new ComponentMetadataItem("redisUsername", null, new SecretKeyRef("redis-user", "redis-user"), null),
                new ComponentMetadataItem("redisDB", null, null, "REDIS_DB"),
            ],
            component.Metadata);
    }

    [Theory]
    [InlineData("text", "text")]
    [InlineData("'010'", "010")]
    [InlineData("010", "8")]
    [InlineData("0x1F", "31")]
    [InlineData("1_000", "1000")]
    [InlineData("6379", "6379")]
    [InlineData("-5", "-5")]
    [InlineData("1.50", "1.5")]
    [InlineData("1e3", "1000")]
    [InlineData("1e21", "1e+21")]
    [InlineData("0.0000001", "1e-7")]
    [InlineData("123456789.125", "123456789.125")]
    [InlineData("18446744073709551615", "18446744073709551615")]
    [InlineData("true", "true")]
    [InlineData("yes", "true")]
    [InlineData("Off", "false")]
    [InlineData("\"yes\"", "yes")]
    [InlineData("", "")]
    [InlineData("~", "")]
    [InlineData("''", "")]
    [InlineData("2026-01-02", "2026-01-02")]
    [InlineData("1.2.3.4", "1.2.3.4")]
    [InlineData("{ b: 1, a: [true, ~, x] }", """{"a":[true,null,"x"],"b":1}""")]
    [InlineData("[]", "[]")]
    public void A_metadata_value_becomes_text(string yaml, string expected)
    {
        using var files = new ResourceFiles().Add("store.yaml", $"{Store}\n  metadata:\n  - name: x\n    value: {yaml}\n");

        Assert.Equal(expected, Assert.Single(Assert.Single(files.LoadWell().Components).Metadata).Value);
    }

    [Fact]
    public void Documents_and_files_are_read_in_order()
    {
        using var files = new ResourceFiles()
            .Add("b.yml", Store.Replace("statestore", "third"))
            .Add("a.YAML", $"---\n{Store.Replace("statestore", "first")}\n--- # next\n{Store.Replace("statestore", "second")}\n---\n")
            .Add("sub/c.yaml", Store.Replace("statestore", "hidden"));

        Assert.Equal(["first", "second", "third"], files.LoadWell().Components.Select(component => component.Name));
        Assert.Equal([2, 10, 1], files.LoadWell().Components.Select(component => component.Origin.Line));
    }

    [Fact]
    public void Strictly_every_mistake_of_a_component_is_told_at_once_with_line_field_and_expectation()
    {
        using var files = new ResourceFiles().Add("a.yaml", """
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata:
              nam: statestore
            spec:
              typ: state.redis
              ignoreErrors: "yes"
              metadata:
              - name: [a]
                valu: x
              - text
              - name: both
                value: x
                envRef: Y
            extra: 1
            """);

        var loaded = files.Load(strict: true);

        Assert.Null(loaded.Value);
        Assert.Equal(
            [
                "4 metadata.name: expected a text; this field is required",
                "4 metadata.nam: unknown field; did you mean 'name'?",
                "6 spec.type: expected a text; this field is required",
                "7 spec.ignoreErrors: expected true or false, found the text 'yes'",
                "9 spec.metadata[0].name: expected a text, found a list",
                "9 spec.metadata[0].value: expected one of value, secretKeyRef and envRef, found none",
                "10 spec.metadata[0].valu: unknown field; did you mean 'value'?",
                "11 spec.metadata[1]: expected a map, found the text 'text'",
                "12 spec.metadata[2].value: expected one of value, secretKeyRef and envRef, found 2",
                "6 spec.typ: unknown field; did you mean 'type'?",
                "15 extra: unknown field",
            ],
            Told(loaded.Errors));
    }

    [Fact]
    public void Strictly_every_document_that_is_no_resource_is_told_whatever_stands_before_it()
    {
        using var files = new ResourceFiles().Add("a.yaml", "kind: Componet").Add("b.yaml", """
            apiVersion: dapr.io/v1alpha1
            kind: Componet
            metadata: { name: x }
            ---
            kind: Component
            ---
            apiVersion: dapr.io/v1alpah1
            kind: Component
            ---
            [1, 2]
            ---
            a: [unclosed
            ---
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: { name: a/b }
            spec: { type: state.redis, initTimeout: soon, version: 1, version: 2 }
            """);

        Assert.Collection(
            Told(files.Load(strict: true).Errors),
            told => Assert.Equal("1 apiVersion: expected a text; this field is required", told),
            told => Assert.Equal("2 kind: unknown kind 'Componet'; did you mean 'Component'?; the document is ignored", told),
            told => Assert.Equal("5 apiVersion: expected a text; this field is required", told),
            told => Assert.Equal("7 apiVersion: expected dapr.io/v1alpha1, found 'dapr.io/v1alpah1'; the document is ignored", told),
            told => Assert.Equal("10 : expected a resource with apiVersion, kind, metadata and spec, found a list", told),
            told => Assert.StartsWith("12 : not valid YAML: ", told),
            told => Assert.Equal("16 metadata.name: expected a name without '/' and '%' that is not '.' or '..', found 'a/b'", told),
            told => Assert.Equal("17 spec.initTimeout: expected a duration such as 5s or 1m30s, found 'soon'; 5s is used", told),
            told => Assert.Equal("17 spec.version: is given twice; the last one counts", told));
    }

    [Fact]
    public void Daprd_skips_what_it_cannot_read_and_keeps_the_rest()
    {
        using var files = new ResourceFiles()
            .Add("a.yaml", $"a: [unclosed\n---\n{Store}\n  unknown: 1\n---\n{Store.Replace("statestore", "b").Replace("state.redis", "[]")}")
            .Add("secrets.json", "{}");

        var loaded = files.Load(strict: false);

        Assert.Equal("statestore", Assert.Single(loaded.Value!.Components).Name);
        Assert.All(loaded.Problems, problem => Assert.True(problem.IsWarning));
        Assert.Collection(
            Told(loaded.Problems),
            told => Assert.EndsWith("; this document is skipped", told),
            told => Assert.Equal("10 spec.unknown: unknown field", told),
            told => Assert.Equal("17 spec.type: expected a text, found a list; this document is skipped", told),
            told => Assert.Equal("0 : not loaded: its name does not end in .yaml or .yml", told));
    }

    [Fact]
    public void Strictly_a_file_that_is_not_yaml_is_told_only_when_its_name_is_nearly_one()
    {
        using var files = new ResourceFiles().Add("secrets.json", "{}").Add("README.md", "").Add("store.yamll", Store);

        Assert.Equal([files.Path("resources/store.yamll")], files.Load(strict: true).Problems.Select(problem => problem.File));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_folder_that_is_missing_is_an_error(bool strict)
    {
        var loaded = ResourceLoader.Load(new ResourceLoadOptions("orders", null, ["/no/such/folder"], [], new Dictionary<string, string>(), strict));

        Assert.Null(loaded.Value);
        Assert.Equal("/no/such/folder: expected a folder of resource files: does not exist", Assert.Single(loaded.Errors).ToString());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Contract(152)]
    public void One_name_twice_is_an_error_that_names_both_places(bool strict)
    {
        using var files = new ResourceFiles().Add("a.yaml", Store).Add("b.yaml", Store.Replace("state.redis", "pubsub.redis"));

        var error = Assert.Single(files.Load(strict).Errors);

        Assert.Equal(
            new ResourceProblem(files.Path("resources/b.yaml"), 1, "metadata.name", $"duplicate definition of Component name statestore; it is defined at {files.Path("resources/a.yaml")}:1 too"),
            error);
    }

    [Theory]
    [InlineData("scopes: [carts]", null, "", false)]
    [InlineData("scopes: [carts, orders]", null, "", true)]
    [InlineData("scopes: []", null, "", true)]
    [InlineData("", "shop", "", true)]
    [InlineData("", "shop", "shop", true)]
    [InlineData("", "shop", "other", false)]
    [InlineData("", null, "other", true)]
    [InlineData("", "", "other", true)]
    [Contract(153)]
    public void Scopes_and_namespace_decide_what_an_app_gets(string scopes, string? sidecarNamespace, string resourceNamespace, bool isLoaded)
    {
        using var files = new ResourceFiles { Namespace = sidecarNamespace }
            .Add("a.yaml", Store.Replace("  name: statestore", $"  name: statestore\n  namespace: '{resourceNamespace}'") + "\n" + scopes);

        Assert.Equal(isLoaded, files.LoadWell().Components.Count == 1);
    }

    [Theory]
    [InlineData("", 5_000)]
    [InlineData("5", 5_000)]
    [InlineData("soon", 5_000)]
    [InlineData("-1s", 5_000)]
    [InlineData("1m30s", 90_000)]
    [InlineData("250ms", 250)]
    public void An_init_timeout_that_is_no_duration_is_5_seconds(string text, int milliseconds)
    {
        using var files = new ResourceFiles().Add("a.yaml", $"{Store}\n  initTimeout: {text}");

        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), Assert.Single(files.LoadWell(strict: false).Components).InitTimeout);
    }

    [Fact]
    public void Folders_are_read_in_the_order_given_and_one_given_twice_once()
    {
        using var files = new ResourceFiles().Add("../first/z.yaml", Store.Replace("statestore", "one")).Add("a.yaml", Store.Replace("statestore", "two"));
        var options = new ResourceLoadOptions("me", null, [files.Path("first"), files.Path("resources"), files.Path("first")], [], new Dictionary<string, string>(), Strict: true);

        Assert.Equal(["one", "two"], ResourceLoader.Load(options).Value!.Components.Select(component => component.Name));
    }

    [Fact]
    public void Duplicates_are_counted_after_scopes()
    {
        using var files = new ResourceFiles().Add("a.yaml", $"{Store}\nscopes: [carts]").Add("b.yaml", $"{Store}\nscopes: [orders]");

        Assert.Equal(files.Path("resources/b.yaml"), Assert.Single(files.LoadWell().Components).Origin.File);
    }

    [Fact]
    public void Kinds_without_effect_warn_once_and_foreign_kinds_not_at_all()
    {
        using var files = new ResourceFiles().Add("a.yaml", """
            apiVersion: apps/v1
            kind: Deployment
            ---
            apiVersion: dapr.io/v1alpha1
            kind: MCPServer
            metadata: { name: a }
            ---
            apiVersion: dapr.io/v1alpha1
            kind: MCPServer
            metadata: { name: b }
            ---
            apiVersion: dapr.io/v1alpha1
            kind: WorkflowAccessPolicy
            metadata: { name: c }
            ---
            apiVersion: dapr.io/v1alpha1
            kind: Configuration
            metadata: { name: d }
            """);

        Assert.Equal(
            ["5 kind: MCPServer is valid and has no effect in this runtime yet", "13 kind: WorkflowAccessPolicy is valid and has no effect in this runtime yet"],
            Told(files.LoadWell().Problems));
    }

    [Fact]
    public void A_field_in_other_capitals_is_read_with_a_warning()
    {
        using var files = new ResourceFiles().Add("a.yaml", $"{Store}\n  IgnoreErrors: true");

        var resources = files.LoadWell();

        Assert.True(Assert.Single(resources.Components).IgnoreErrors);
        Assert.Equal("8 spec.IgnoreErrors: is read as 'ignoreErrors'; spell it so, Kubernetes refuses other capitals", Assert.Single(Told(resources.Problems)));
    }
}
