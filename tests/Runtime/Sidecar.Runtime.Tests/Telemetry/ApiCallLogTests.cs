using System.Text;
using System.Text.Json.Nodes;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Tests.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.Telemetry;

/// <summary><c>--enable-api-logging</c> and <c>logging.apiLogging</c> (contract 4.3).</summary>
public sealed class ApiCallLogTests : IDisposable
{
    private const string Message = "HTTP API Called";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_call_is_one_line_with_what_was_asked_and_answered()
    {
        await using var app = await TestApp.StartAsync(app => app.On("/big", (context, _) => context.Response.Body.WriteAsync(new byte[100_000]).AsTask()));
        await using var sidecar = await TestSidecar.StartAsync(_folder, options => options with { ApiLogging = true, AppPort = app.Port });
        await sidecar.Instance.Healthy.WithinAsync("health");
        sidecar.Client.DefaultRequestHeaders.UserAgent.ParseAdd("tests/1.0");

        await sidecar.GetAsync("/v1.0/invoke/me/method/big?secret=1");
        var line = await sidecar.LineAsync(Message);

        Assert.Contains("level=info msg=\"HTTP API Called\"", line, StringComparison.Ordinal);
        Assert.Contains("scope=dapr.runtime.http-info", line, StringComparison.Ordinal);
        Assert.Contains("method=\"GET /v1.0/invoke/me/method/big\"", line, StringComparison.Ordinal);
        Assert.Matches(" code=200 duration=[0-9]+ .* size=100000 useragent=tests/1.0", line);
    }

    [Fact]
    public async Task The_configuration_switches_it_on_without_urls_and_without_health_checks()
    {
        _folder.Write("config.yaml", """
            apiVersion: dapr.io/v1alpha1
            kind: Configuration
            metadata:
              name: config
            spec:
              logging:
                apiLogging:
                  enabled: true
                  obfuscateURLs: true
                  omitHealthChecks: true
            """);
        await using var sidecar = await TestSidecar.StartAsync(_folder, options => options with { LogAsJson = true });

        await sidecar.GetAsync("/v1.0/healthz/outbound");
        using var put = await sidecar.Client.PutAsync(new Uri("/v1.0/metadata/private", UriKind.Relative), new StringContent("x", Encoding.UTF8));
        await sidecar.GetAsync("/v1.0/invoke/nobody-private/method/x");
        await sidecar.LineAsync("InvokeService");

        var calls = sidecar.Log.Where(line => line.Contains(Message, StringComparison.Ordinal)).Select(line => JsonNode.Parse(line)!).ToArray();
        Assert.Equal([("SetMetadata", "204", "0"), ("InvokeService", "500", (string?)calls[1]["size"])], calls.Select(call => ((string)call["method"]!, (string)call["code"]!, (string?)call["size"])));
        Assert.All(calls, call => Assert.DoesNotContain("private", call.ToJsonString(), StringComparison.Ordinal));
        Assert.DoesNotContain(sidecar.Log, line => line.Contains("has no effect", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_flag_wins_over_the_configuration_and_nobody_is_logged_unasked()
    {
        _folder.Write("config.yaml", "apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata:\n  name: config\nspec:\n  logging:\n    apiLogging:\n      enabled: true\n");
        await using var sidecar = await TestSidecar.StartAsync(_folder, options => options with { ApiLogging = false });

        await sidecar.GetAsync("/v1.0/metadata");

        Assert.DoesNotContain(sidecar.Log, line => line.Contains(Message, StringComparison.Ordinal));
    }
}
