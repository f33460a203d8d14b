using Sidecar.Cli.Tests.Run;
using TestSupport;

namespace Sidecar.Cli.Tests.Commands;

/// <summary><c>dapr resiliency</c> beside a run of both modes.</summary>
public sealed class ResiliencyTests : RunFixture
{
    private const string Policies = """
        apiVersion: dapr.io/v1alpha1
        kind: Resiliency
        metadata: { name: shop }
        spec:
          policies:
            retries: { once: { duration: 1ms, maxRetries: 0 } }
            timeouts: { long: 60s }
            circuitBreakers: { quick: { timeout: 600s, trip: consecutiveFailures >= 2 } }
          targets: { apps: { a: { retry: once, timeout: long, circuitBreaker: quick } } }
        """;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Policies_of_every_running_sidecar_are_shown_with_the_state_of_each_breaker(bool isolated)
    {
        await using var app = await TestApp.StartAsync(app => app.On("/good", 200).On("/bad", 503));
        var template = Template(("a", "", $"appPort: {app.Port}"), ("b", Waiting, ""));
        Folder.Write("resources/resiliency.yaml", Policies);
        await using var run = DaprCli.Start(Folder, ["run", "-f", template, .. isolated ? ["--isolated"] : Array.Empty<string>()]);
        await run.LineAsync("all 2 apps are healthy");
        var port = (await ListAsync())["b"].GetProperty("httpPort").GetInt32();
        foreach (var method in (string[])["good", "bad", "bad", "bad"])
            (await PostAsync(port, $"/v1.0/invoke/a/method/{method}")).Dispose();

        var (code, output) = await DaprCli.RunAsync(Folder, "resiliency");
        var (_, ofOne) = await DaprCli.RunAsync(Folder, "resiliency", "--app-id", "b");

        Assert.Equal(0, code);
        var rows = Rows(output);
        Assert.Equal("APP ID|TARGET|RETRY|TIMEOUT|CIRCUIT BREAKER|ENDPOINT|STATE", rows[0]);
        Assert.Contains("b|app a|once|long|quick|bad|open", rows);
        Assert.Contains("b|app a|once|long|quick|good|closed", rows);
        Assert.Contains("b|every other app|DaprBuiltInServiceRetries|-|-|-|-", rows);
        Assert.Contains("a|app a|once|long|quick|-|-", rows);
        Assert.All(Rows(ofOne).Skip(1), row => Assert.StartsWith("b|", row));
        Assert.Equal(2, app.Seen.Count(request => request.Path == "/bad"));
    }

    [Fact]
    public async Task Where_nothing_runs_that_is_said_and_an_app_that_does_not_run_is_named()
    {
        var (none, said) = await DaprCli.RunAsync(Folder, "resiliency");
        await using var run = DaprCli.Start(Folder, "run", "-f", Template("a", Waiting));
        await run.LineAsync("all 1 apps are healthy");
        var (unknown, named) = await DaprCli.RunAsync(Folder, "resiliency", "-a", "nobody");

        Assert.Equal((0, 1), (none, unknown));
        Assert.Contains("No Dapr instances found", said);
        Assert.Contains("nobody", named);
    }

    private static List<string> Rows(string output) =>
        [.. output.Split('\n').Select(line => string.Join('|', line.Split("  ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)))];
}
