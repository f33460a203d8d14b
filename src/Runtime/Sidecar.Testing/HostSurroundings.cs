using System.Globalization;
using Sidecar.Components;
using Sidecar.Runtime.Hosting;
using Sidecar.Testing.Apps;
using Sidecar.Testing.Faults;
using Sidecar.Testing.Observing;
using Sidecar.Testing.Sidecars;

namespace Sidecar.Testing;

/// <summary>Makes apps and their sidecars out of what the builder was told and what the host has.</summary>
internal sealed class HostSurroundings(
    DaprTestHostBuilder builder, TestFolder folder, SidecarGroup group, FaultPlan faults, CapturedSpans spans, History<SidecarEvent> events, CapturedLog log)
{
    private const string TokenHeader = "dapr-api-token";

    // Processes that know each other by their app-ids must not meet those of another host.
    private readonly string? _daprdConfiguration = builder.Daprd is null ? null : folder.Write(
        "daprd-config.yaml",
        """
        apiVersion: dapr.io/v1alpha1
        kind: Configuration
        metadata:
          name: test-host
        spec:
          nameResolution:
            component: sqlite
            version: v1
            configuration:
              connectionString: names.db
        """);

    public DaprTestApp Create(string appId, ITestApp app, int? givenPort, int sidecarPort, Func<Func<CancellationToken, Task>, string, Task> awaits)
    {
        var (appPort, httpPort, grpcPort) = (givenPort ?? FreePorts.Next(), sidecarPort > 0 ? sidecarPort : FreePorts.Next(), FreePorts.Next());
        var api = Api(httpPort);
        var settings = new AppSurroundings(appId, appPort, AppSettings(appId, appPort, httpPort, grpcPort), builder.Clock, log);
        ISidecarRunner sidecar = builder.Daprd is { } daprd
            ? new DaprdSidecar(Daprd(daprd, settings, httpPort, grpcPort), api, log)
            : new InProcessSidecar(group, Options(settings, httpPort, grpcPort), () => new SidecarWires(appId, faults, Time), builder.Clock);
        return new DaprTestApp(settings, app, sidecar, api, httpPort, grpcPort, () => events.Add(new AppHealthChanged(appId, IsHealthy: false)), awaits);
    }

    private TimeProvider Time => builder.Clock ?? TimeProvider.System;

    private SidecarOptions Options(AppSurroundings app, int httpPort, int grpcPort)
    {
        var environment = new Dictionary<string, string>(SidecarOptions.ProcessEnvironment(), StringComparer.Ordinal);
        foreach (var (name, value) in builder.Variables)
            environment[name] = value;
        return builder.Options(new SidecarOptions { AppId = app.AppId, LogLevel = builder.Level, Environment = environment, Catalog = Catalog() }) with
        {
            AppPort = app.Port,
            HttpPort = httpPort,
            GrpcPort = grpcPort,
            ResourcesPaths = builder.ResourcesPaths,
            ConfigPaths = builder.ConfigurationFiles,
            BaseDirectory = folder.FullPath,
            LogAsJson = true,
            LogLine = line => log.Add(LogLine.Parse(app.AppId, line)),
            Time = Time,
            Spans = spans.Source,
            Observer = new EventRecorder(app.AppId, events),
        };
    }

    private ComponentCatalog Catalog() =>
        builder.Drivers.Count == 0 ? ComponentCatalog.Default : new ComponentCatalog([.. builder.Drivers, .. ComponentCatalog.Default.Types]);

    private DaprdSettings Daprd(string program, AppSurroundings app, int httpPort, int grpcPort) => new(
        TestFolder.Find(program),
        folder.FullPath,
        app.AppId,
        app.Port,
        httpPort,
        grpcPort,
        builder.ResourcesPaths,
        [_daprdConfiguration!, .. builder.ConfigurationFiles],
        builder.Flags,
        builder.Variables);

    private Dictionary<string, string> AppSettings(string appId, int appPort, int httpPort, int grpcPort)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["APP_ID"] = appId,
            ["APP_PORT"] = Text(appPort),
            ["DAPR_HTTP_PORT"] = Text(httpPort),
            ["DAPR_GRPC_PORT"] = Text(grpcPort),
            ["DAPR_HTTP_ENDPOINT"] = $"http://127.0.0.1:{Text(httpPort)}",
            ["DAPR_GRPC_ENDPOINT"] = $"http://127.0.0.1:{Text(grpcPort)}",
        };
        foreach (var token in (ReadOnlySpan<string>)["DAPR_API_TOKEN", "APP_API_TOKEN"])
        {
            if (builder.Variables.TryGetValue(token, out var value))
                settings[token] = value;
        }

        return settings;
    }

    private HttpClient Api(int httpPort)
    {
        var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{Text(httpPort)}") };
        var token = builder.Variables.GetValueOrDefault("DAPR_API_TOKEN") ?? Environment.GetEnvironmentVariable("DAPR_API_TOKEN");
        if (!string.IsNullOrEmpty(token))
            client.DefaultRequestHeaders.Add(TokenHeader, token);
        return client;
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
