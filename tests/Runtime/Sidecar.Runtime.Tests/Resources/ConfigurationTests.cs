using Sidecar.Runtime.Resources;
using TestSupport;
using static Sidecar.Runtime.Tests.Resources.ResourceFiles;

namespace Sidecar.Runtime.Tests.Resources;

public sealed class ConfigurationTests
{
    private const string Head = "apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata:\n  name: appconfig\nspec:\n";

    [Fact]
    public void Secret_scopes_features_and_denied_components_are_read()
    {
        using var files = new ResourceFiles().AddConfig("config.yaml", Head + """
              secrets:
                scopes:
                - storeName: vault
                  defaultAccess: deny
                  allowedSecrets: [a, b]
                - storeName: local
                  deniedSecrets: [c]
              features:
              - name: HotReload
                enabled: false
              components:
                deny: [bindings.smtp, state.redis/v1]
            """);

        var configuration = files.LoadWell().Configuration;

        Assert.Equal(["appconfig"], configuration.Names);
        Assert.Equal(
            [("vault", false, "a,b", ""), ("local", true, "", "c")],
            configuration.SecretScopes.Select(scope => (scope.StoreName, scope.AllowByDefault, string.Join(',', scope.AllowedSecrets), string.Join(',', scope.DeniedSecrets))));
        Assert.False(configuration.Features["HotReload"]);
        Assert.Equal(["bindings.smtp", "state.redis/v1"], configuration.DeniedComponents);
    }

    [Theory]
    [InlineData("Deny", false)]
    [InlineData("ALLOW", true)]
    public void The_default_access_of_a_scope_is_read_in_any_case(string written, bool isAllowed)
    {
        using var files = new ResourceFiles().AddConfig("a.yaml", Head + $"  secrets: {{ scopes: [{{ storeName: a, defaultAccess: {written} }}] }}");

        Assert.Equal(isAllowed, Assert.Single(files.LoadWell().Configuration.SecretScopes).AllowByDefault);
    }

    [Theory]
    [InlineData("bindings.smtp", "v1", true)]
    [InlineData("state.redis", "v1", true)]
    [InlineData("state.redis", "v2", false)]
    [InlineData("state.sqlite", "v1", false)]
    [InlineData("state.sqlite", "", true)]
    public void A_deny_list_keeps_out_types_and_all_without_a_version(string type, string version, bool isDenied)
    {
        var component = new ComponentResource(new ResourceOrigin("f", 1), "x", type) { Version = version };

        Assert.Equal(isDenied, new ConfigurationResource { DeniedComponents = ["bindings.smtp", "state.redis/v1"] }.Denies(component));
        Assert.False(new ConfigurationResource().Denies(component));
    }

    [Fact]
    [Contract(164)]
    public void Values_of_later_files_win_and_others_stay()
    {
        using var files = new ResourceFiles()
            .AddConfig("a.yaml", Head + "  secrets: { scopes: [{ storeName: a }] }\n  components: { deny: [x] }\n  tracing: { samplingRate: '1' }")
            .AddConfig("b.yaml", Head.Replace("appconfig", "second") + "  secrets: { scopes: [{ storeName: b }] }\n  tracing: { stdout: true }");

        var resources = files.LoadWell();

        Assert.Equal(["appconfig", "second"], resources.Configuration.Names);
        Assert.Equal("b", Assert.Single(resources.Configuration.SecretScopes).StoreName);
        Assert.Equal(["x"], resources.Configuration.DeniedComponents);
        Assert.Equal("8 spec.tracing: has no effect in this runtime yet", Assert.Single(Told(resources.Problems)));
    }

    [Fact]
    public void Variables_are_filled_in_before_the_text_is_parsed()
    {
        using var files = new ResourceFiles { Environment = { ["STORE"] = "vault", ["FIELD"] = "deny" } }
            .AddConfig("a.yaml", Head + "  components:\n    ${FIELD}: [$STORE, '${STORE}-1', '$UNSET', 'a$', 'a$/b', 'x${}y', 'x${y']");

        Assert.Equal(["vault", "vault-1", "", "a$", "a$/b", "xy", "xy"], files.LoadWell().Configuration.DeniedComponents);
    }

    [Fact]
    public void Each_part_without_effect_warns_once_and_its_unknown_fields_are_told()
    {
        using var files = new ResourceFiles().AddConfig("a.yaml", Head + """
              tracing:
                samplingRat: "1"
              mtls:
                enable: true
                workloadCertTTL: 1h
                allowedClockSkew: 1m
              metric: { rules: [{ name: a, labels: [{ name: b, regex: { any: x } }] }] }
              api: []
              wasm: { strictSandbox: true }
              features: [{ name: HotReloads, enabled: true }]
            """);

        var loaded = files.Load(strict: true);

        Assert.Equal(
            [
                "13 spec.api: expected a map, found a list",
                "7 spec.tracing.samplingRat: unknown field; did you mean 'samplingRate'?",
                "9 spec.mtls.enable: unknown field; did you mean 'enabled'?",
            ],
            Told(loaded.Errors));
        Assert.Equal(
            [
                "15 spec.features[0].name: unknown feature 'HotReloads'; did you mean 'HotReload'?",
                "6 spec.tracing: has no effect in this runtime yet",
                "12 spec.metric: has no effect in this runtime yet",
                "8 spec.mtls: has no effect in this runtime yet",
                "14 spec.wasm: has no effect in this runtime yet",
            ],
            Told(loaded.Problems.Where(problem => problem.IsWarning)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_stops_daprd_is_an_error_in_both_modes(bool strict)
    {
        using var scopes = new ResourceFiles().AddConfig("a.yaml", Head + "  secrets: { scopes: [{ storeName: a }, { storeName: a }] }");
        using var broken = new ResourceFiles().AddConfig("a.yaml", "a: [");
        var missing = ResourceLoader.Load(new ResourceLoadOptions("orders", null, [], ["/no/such.yaml"], new Dictionary<string, string>(), strict));

        Assert.Equal("6 spec.secrets.scopes[1].storeName: store 'a' has a scope already; put its rules in one", Assert.Single(Told(scopes.Load(strict).Errors)));
        Assert.StartsWith("1 : not valid YAML: ", Assert.Single(Told(broken.Load(strict).Errors)));
        Assert.Equal("/no/such.yaml: expected a Configuration file: does not exist", Assert.Single(missing.Errors).ToString());
    }

    [Fact]
    public void Only_the_first_document_counts_and_another_kind_is_ignored()
    {
        using var files = new ResourceFiles()
            .AddConfig("a.yaml", Head + "  components: { deny: [x] }\n---\n" + Head + "  components: { deny: [y] }")
            .AddConfig("b.yaml", Head.Replace("Configuration", "Component"));

        var lenient = files.Load(strict: false);

        Assert.Equal(["x"], lenient.Value!.Configuration.DeniedComponents);
        Assert.Equal(
            ["8 : ignored: only the first document of a Configuration file is read", "2 kind: expected Configuration, found 'Component'; the file is ignored"],
            Told(lenient.Problems));
        Assert.Equal(2, files.Load(strict: true).Errors.Count());
    }
}
