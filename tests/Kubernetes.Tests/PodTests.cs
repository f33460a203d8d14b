using System.Text.Json.Nodes;
using TestSupport;

namespace Kubernetes.Tests;

/// <summary>What runs in the cluster: apps, sidecars, and how both are kept small, alive and without rights.</summary>
public sealed class PodTests
{
    /// <summary>The operator makes a Service of this name for each app, and such a name is a DNS label.</summary>
    private const int LongestAppId = 63 - 5;

    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public async Task Every_annotation_of_Dapr_is_known_and_well_formed(string name)
    {
        var overlay = await Overlay.RenderAsync(name);
        List<string> wrong = [];
        foreach (var deployment in overlay.Deployments)
        {
            var annotations = deployment.Pod().Entries("metadata", "annotations").Where(entry => entry.Key.StartsWith("dapr.io/", StringComparison.Ordinal)).ToList();
            Assert.Equal("true", deployment.Annotation("enabled"));
            foreach (var (key, value) in annotations)
            {
                if (value?.GetValueKind() != System.Text.Json.JsonValueKind.String)
                    wrong.Add($"{deployment.Name()}: {key} is no string");
                else if (DaprAnnotations.Problem(key["dapr.io/".Length..], value.ToString()) is { } problem)
                    wrong.Add($"{deployment.Name()}: {problem}");
            }
        }

        Assert.Empty(wrong);
    }

    [Theory]
    [InlineData("app-port", "eighty", false)]
    [InlineData("app-prot", "80", false)]
    [InlineData("sidecar-memory-limit", "256MB", false)]
    [InlineData("sidecar-memory-limit", "256Mi", true)]
    [InlineData("sidecar-liveness-probe-delay-seconds", "3", true)]
    public void An_annotation_that_is_wrong_is_found(string name, string value, bool isWell)
    {
        Assert.Equal(isWell, DaprAnnotations.Problem(name, value) is null);
    }

    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public async Task The_apps_are_those_of_the_run_template(string name)
    {
        var overlay = await Overlay.RenderAsync(name);
        var ids = overlay.Deployments.Select(deployment => deployment.Annotation("app-id")!).Order(StringComparer.Ordinal).ToList();

        var apps = Assert.Single(Yaml.File(RepositoryRoot.Combine("dapr.yaml"))).Objects("apps").ToList();
        Assert.Equal(apps.Select(app => app.Text("appID")!).Order(StringComparer.Ordinal), ids);
        Assert.All(ids, id => Assert.InRange(id.Length, 1, LongestAppId));
        Assert.All(overlay.Deployments, deployment => Assert.Equal(deployment.Name(), deployment.Annotation("app-id")));
        Assert.All(overlay.Deployments, deployment => Assert.Equal(
            apps.Single(app => app.Text("appID") == deployment.Annotation("app-id")).Text("appProtocol") ?? "http", deployment.Annotation("app-protocol") ?? "http"));
    }

    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public async Task A_sidecar_finds_its_app_where_that_listens(string name)
    {
        var overlay = await Overlay.RenderAsync(name);
        foreach (var service in overlay.Services)
        {
            Assert.Null(service.Annotation("app-channel-address"));
            Assert.Equal(service.Annotation("app-port"), PortOf(service, "http"));
            Assert.Equal(service.Annotation("app-port"), Variable(service, "ASPNETCORE_HTTP_PORTS").Text("value"));
        }

        var overGrpc = Assert.Single(overlay.Deployments.Except(overlay.Services));
        var orders = overlay.Services.Single(service => service.Name() == "orders");
        var way = overlay.Kind("Service").Single(service => service.Name() == overGrpc.Annotation("app-channel-address"));
        var port = Assert.Single(way.Objects("spec", "ports"));
        Assert.True(way.At("spec", "selector").Selects(orders));
        Assert.Equal(overGrpc.Annotation("app-port"), port.Text("port"));
        Assert.Equal(Variable(orders, "ORDERS_GRPC_PORT").Text("value"), PortOf(orders, port.Text("targetPort")!));
    }

    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public async Task Selectors_match_pods_and_ports_have_names_that_exist(string name)
    {
        var overlay = await Overlay.RenderAsync(name);

        Assert.All(overlay.Deployments, deployment => Assert.True(deployment.At("spec", "selector", "matchLabels").Selects(deployment), deployment.Name()));
        foreach (var deployment in overlay.Deployments)
            Assert.Single(overlay.Deployments, other => deployment.At("spec", "selector", "matchLabels").Selects(other));
        Assert.All(overlay.Kind("Service"), service =>
        {
            var pods = Assert.Single(overlay.Deployments, deployment => service.At("spec", "selector").Selects(deployment));
            Assert.All(service.Objects("spec", "ports"), port => Assert.NotNull(PortOf(pods, port.Text("targetPort")!)));
        });
        Assert.Contains("gateway", overlay.NamesOf("Service"));
    }

    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public async Task A_pod_may_do_nothing_but_its_work(string name)
    {
        var overlay = await Overlay.RenderAsync(name);
        Assert.All(overlay.Kind("ServiceAccount"), account => Assert.False((bool)account.At("automountServiceAccountToken")!));
        foreach (var deployment in overlay.Deployments)
        {
            var (pod, container) = (deployment.Pod().At("spec"), deployment.App().At("securityContext"));
            Assert.False((bool)pod.At("automountServiceAccountToken")!);
            Assert.Equal(deployment.Name(), pod.Text("serviceAccountName"));
            Assert.True((bool)pod.At("securityContext", "runAsNonRoot")!);
            Assert.Equal("RuntimeDefault", pod.Text("securityContext", "seccompProfile", "type"));
            Assert.NotEqual(0, (long)container.At("runAsUser")!);
            Assert.False((bool)container.At("allowPrivilegeEscalation")!);
            Assert.True((bool)container.At("readOnlyRootFilesystem")!);
            Assert.Equal(["ALL"], container.Texts("capabilities", "drop"));
            Assert.Null(container.At("capabilities", "add"));
            Assert.Equal("RuntimeDefault", deployment.Annotation("sidecar-seccomp-profile-type"));
        }
    }

    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public async Task Apps_and_sidecars_say_what_they_need_and_how_they_are(string name)
    {
        var overlay = await Overlay.RenderAsync(name);
        foreach (var deployment in overlay.Deployments)
        {
            foreach (var share in (string[])["requests", "limits"])
                Assert.Equal(["cpu", "memory"], deployment.App().Entries("resources", share).Select(entry => entry.Key).Order(StringComparer.Ordinal));
            foreach (var share in (string[])["cpu-request", "cpu-limit", "memory-request", "memory-limit"])
                Assert.NotNull(deployment.Annotation($"sidecar-{share}"));
            Assert.True(long.Parse(deployment.Annotation("graceful-shutdown-seconds")!, System.Globalization.CultureInfo.InvariantCulture) < (long)deployment.Pod().At("spec", "terminationGracePeriodSeconds")!);
        }

        foreach (var service in overlay.Services)
        {
            foreach (var (probe, path) in ((string, string)[])[("startupProbe", "/healthz"), ("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")])
                Assert.Equal((path, "http"), (service.App().Text(probe, "httpGet", "path"), service.App().Text(probe, "httpGet", "port")));
            Assert.Equal("/tmp", Assert.Single(service.App().Objects("volumeMounts")).Text("mountPath"));
            Assert.NotNull(Assert.Single(service.Pod().Objects("spec", "volumes")).At("emptyDir"));
            Assert.Equal("/healthz", service.Annotation("app-health-check-path"));
        }
    }

    /// <summary>A port of the app's container by its name; null when it has none of it.</summary>
    private static string? PortOf(JsonNode deployment, string name) => deployment.App().Objects("ports").SingleOrDefault(port => port.Text("name") == name).Text("containerPort");

    private static JsonObject Variable(JsonNode deployment, string name) => deployment.App().Objects("env").Single(variable => variable.Text("name") == name);
}
