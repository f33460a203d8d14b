using System.Text;
using System.Text.Json.Nodes;
using TestSupport;

namespace Kubernetes.Tests;

/// <summary>Whatever a manifest names is there, or is made by <c>k8s/secrets</c>; and no secret is in a manifest.</summary>
public sealed class ReferenceTests
{
    private static readonly Dictionary<string, string?> Passwords = new() { ["REDIS_PASSWORD"] = "it's \"odd\" $x", ["RABBITMQ_URL"] = "amqp://shop:p%40ss@rabbitmq" };

    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public async Task Names_of_configurations_accounts_and_maps_resolve(string name)
    {
        var overlay = await Overlay.RenderAsync(name);
        Assert.All(overlay.Deployments, deployment =>
        {
            Assert.Contains(deployment.Annotation("config"), overlay.NamesOf("Configuration"));
            Assert.Contains(deployment.Pod().Text("spec", "serviceAccountName"), overlay.NamesOf("ServiceAccount"));
            Assert.All(deployment.App().Objects("envFrom"), source => Assert.Contains(source.Text("configMapRef", "name"), overlay.NamesOf("ConfigMap")));
        });
        Assert.All(overlay.All.Where(document => document.Text("kind") != "Namespace"), document => Assert.Equal("shop", document.Text("metadata", "namespace")));
        Assert.Equal(["shop"], overlay.NamesOf("Namespace"));
    }

    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public async Task Names_in_Daprs_resources_resolve(string name)
    {
        var overlay = await Overlay.RenderAsync(name);
        var ids = overlay.Deployments.Select(deployment => deployment.Annotation("app-id")!).ToHashSet();
        var components = overlay.NamesOf("Component").ToHashSet();
        Assert.Subset(ids, overlay.All.SelectMany(document => document.Texts("scopes")).ToHashSet());
        Assert.Subset(components, overlay.Kind("Subscription").Select(subscription => subscription.Text("spec", "pubsubname")!).ToHashSet());
        Assert.Subset(components, overlay.Kind("Resiliency").SelectMany(resiliency => resiliency.Entries("spec", "targets", "components")).Select(target => target.Key).ToHashSet());
        Assert.Subset(ids, overlay.Kind("Resiliency").SelectMany(resiliency => resiliency.Entries("spec", "targets", "apps")).Select(target => target.Key).ToHashSet());
        Assert.NotEmpty(overlay.Kind("Subscription"));
        Assert.NotEmpty(overlay.Kind("Resiliency"));
    }

    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public async Task The_script_makes_exactly_the_secrets_that_are_referred_to(string name)
    {
        var overlay = await Overlay.RenderAsync(name);
        var referred =
            from document in overlay.Kind("Component").Concat(overlay.Deployments.Select(deployment => deployment.App()))
            from reference in Named(document, "secretKeyRef")
            select $"{reference.Text("name")} {reference.Text("key")}";
        var tokens = overlay.Deployments.SelectMany(deployment => new[] { deployment.Annotation("api-token-secret"), deployment.Annotation("app-token-secret") }).Select(secret => $"{secret} token");

        var (code, output) = await SecretsAsync(name, Passwords);

        Assert.True(code == 0, output);
        Assert.Equal(referred.Concat(tokens).Distinct().Order(StringComparer.Ordinal), Made(output).Select(secret => $"{secret.Name} {secret.Key}").Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public async Task An_app_gets_the_tokens_of_its_sidecar(string name)
    {
        var overlay = await Overlay.RenderAsync(name);
        Assert.All(overlay.Services, service =>
        {
            Assert.Equal(service.Annotation("api-token-secret"), SecretOf(service, "DAPR_API_TOKEN"));
            Assert.Equal(service.Annotation("app-token-secret"), SecretOf(service, "APP_API_TOKEN"));
        });

        // A sidecar that speaks to the app of others has to show the token that those ask for.
        Assert.Single(overlay.Deployments.Select(deployment => deployment.Annotation("app-token-secret")).Distinct());
    }

    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public async Task No_manifest_holds_a_secret(string name)
    {
        var overlay = await Overlay.RenderAsync(name);
        Assert.Empty(overlay.Kind("Secret"));
        Assert.DoesNotMatch("(?i)guest|://[^/\\s]*:[^/\\s]*@", overlay.Text);
        string[] secret = ["password", "token", "connectionstring", "secret", "accesskey"];
        var values =
            from document in overlay.All
            from item in document.Objects("spec", "metadata").Concat(document.Text("kind") == "Deployment" ? document.App().Objects("env") : [])
            where secret.Any(word => item.Text("name")!.Contains(word, StringComparison.OrdinalIgnoreCase)) && item.At("value") is not null
            select $"{document.Name()}: {item.Text("name")}";
        Assert.Empty(values);
        Assert.All(overlay.Kind("Component").SelectMany(component => component.Objects("spec", "metadata")), item => Assert.True(item.At("value") is null != item.At("secretKeyRef") is null, item.ToJsonString()));
    }

    [Fact]
    public async Task Secrets_are_as_given_and_tokens_are_long_and_new_each_time()
    {
        var first = Made((await SecretsAsync("rabbitmq", Passwords)).Output).ToDictionary(secret => secret.Name, secret => secret.Value);
        var second = Made((await SecretsAsync("rabbitmq", Passwords)).Output).ToDictionary(secret => secret.Name, secret => secret.Value);

        Assert.Equal((Passwords["REDIS_PASSWORD"], Passwords["RABBITMQ_URL"]), (first["redis-password"], first["rabbitmq-connection"]));
        string[] tokens = [first["dapr-api-token"], first["app-api-token"], second["dapr-api-token"], second["app-api-token"]];
        Assert.Equal(4, tokens.Distinct().Count());
        Assert.All(tokens, token => Assert.Equal(32, Convert.FromBase64String(token).Length));
    }

    [Theory]
    [InlineData("redis", "REDIS_PASSWORD")]
    [InlineData("rabbitmq", "RABBITMQ_URL")]
    [InlineData("rabbitmq", "REDIS_PASSWORD")]
    public async Task Without_a_password_no_secret_is_made(string overlay, string missing)
    {
        var (code, output) = await SecretsAsync(overlay, new Dictionary<string, string?>(Passwords) { [missing] = null });

        Assert.Equal(1, code);
        Assert.StartsWith($"secrets: {missing} is not set", output, StringComparison.Ordinal);
        Assert.DoesNotContain("kind: Secret", output, StringComparison.Ordinal);
    }

    private static string? SecretOf(JsonNode deployment, string variable) => deployment.App().Objects("env").Single(item => item.Text("name") == variable).Text("valueFrom", "secretKeyRef", "name");

    private static IEnumerable<JsonNode> Named(JsonNode? node, string name) => node switch
    {
        JsonObject map => map.SelectMany(entry => entry.Key == name ? [entry.Value!] : Named(entry.Value, name)),
        JsonArray list => list.SelectMany(item => Named(item, name)),
        _ => [],
    };

    private static IEnumerable<(string Name, string Key, string Value)> Made(string output) =>
        from document in Yaml.Documents(output)
        where document.Text("kind") == "Secret"
        from entry in document.Entries("data")
        select (document.Name(), entry.Key, Encoding.UTF8.GetString(Convert.FromBase64String(entry.Value!.ToString())));

    private static async Task<(int Code, string Output)> SecretsAsync(string overlay, IReadOnlyDictionary<string, string?> environment)
    {
        await using var script = TestProcess.Start("sh", [RepositoryRoot.Combine("k8s", "secrets"), overlay], environment: environment);
        return (await script.ExitAsync(), script.Output);
    }
}
