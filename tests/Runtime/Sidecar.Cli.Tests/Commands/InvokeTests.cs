using Microsoft.AspNetCore.Http;
using Sidecar.Cli.Tests.Run;
using TestSupport;

namespace Sidecar.Cli.Tests.Commands;

public sealed class InvokeTests : RunFixture
{
    [Fact]
    public async Task The_method_is_called_through_the_sidecar_with_verb_data_and_query()
    {
        await using var app = await TestApp.StartAsync(app => app.On("/items/1", 200, "{\"ok\":true}"));
        await using var run = await RunAsync(app);

        var (code, output) = await DaprCli.RunAsync(Folder, "invoke", "--app-id", "a", "--method", "items/1?full=true", "--verb", "put", "--data", "{\"n\":1}");

        Assert.Equal(0, code);
        Assert.Contains("{\"ok\":true}", output);
        Assert.Contains("App invoked successfully", output);
        var seen = await app.NextAsync("/items/1");
        Assert.Equal(("PUT", "?full=true", "{\"n\":1}", "application/json"), (seen.Method, seen.Query, seen.Text, seen.Headers["Content-Type"]));
        Assert.Equal("a", seen.Headers["dapr-callee-app-id"]);
    }

    [Fact]
    public async Task Data_may_come_from_a_file_and_the_default_verb_is_post()
    {
        await using var app = await TestApp.StartAsync(app => app.On("/m", 200));
        await using var run = await RunAsync(app);
        Folder.Write("data.json", "[1]");

        var (code, _) = await DaprCli.RunAsync(Folder, "invoke", "-a", "a", "-m", "m", "-f", "data.json");

        Assert.Equal(0, code);
        var seen = await app.NextAsync("/m");
        Assert.Equal(("POST", "[1]"), (seen.Method, seen.Text));
    }

    [Fact]
    public async Task An_answer_that_is_a_failure_is_shown_and_fails()
    {
        await using var app = await TestApp.StartAsync(app => app.On("/m", 418, "{\"error\":\"tea\"}"));
        await using var run = await RunAsync(app);

        var (code, output) = await DaprCli.RunAsync(Folder, "invoke", "-a", "a", "-m", "/m");

        Assert.Equal(1, code);
        Assert.Contains("{\"error\":\"tea\"}", output);
        Assert.Contains("a answered 418", output);
    }

    [Fact]
    public async Task The_answer_is_shown_as_it_comes()
    {
        var goOn = new TaskCompletionSource();
        await using var app = await TestApp.StartAsync(app => app.On("/stream", async (context, _) =>
        {
            await context.Response.WriteAsync("first\n");
            await context.Response.Body.FlushAsync();
            await goOn.Task;
            await context.Response.WriteAsync("second\n");
        }));
        await using var run = await RunAsync(app);
        await using var invoke = DaprCli.Start(Folder, "invoke", "-a", "a", "-m", "stream", "-v", "GET");

        await invoke.LineAsync("first");
        Assert.DoesNotContain("second", invoke.Output);
        goOn.SetResult();

        await invoke.LineAsync("second");
        Assert.Equal(0, await invoke.Exited.WithinAsync("the end of invoke"));
    }

    [Fact]
    public async Task A_sidecar_with_a_token_gets_it()
    {
        var environment = new Dictionary<string, string> { ["DAPR_API_TOKEN"] = "secret" };
        await using var app = await TestApp.StartAsync(app => app.On("/m", 200, "\"in\""));
        await using var run = DaprCli.Start(Folder, environment, "run", "--app-id", "a", "--app-port", $"{app.Port}");
        await run.LineAsync("a is healthy");

        await using var with = DaprCli.Start(Folder, environment, "invoke", "-a", "a", "-m", "m");
        var (code, output) = await DaprCli.RunAsync(Folder, "invoke", "-a", "a", "-m", "m");

        Assert.Equal(0, await with.Exited.WithinAsync("the end of invoke"));
        Assert.Equal(1, code);
        Assert.Contains("a answered 401", output);
    }

    [Fact]
    public async Task A_sidecar_on_a_socket_is_reached_there()
    {
        await using var sidecar = await SocketSidecar.StartAsync(Folder.File("dapr-a-http.socket"));

        var (code, output) = await DaprCli.RunAsync(Folder, "invoke", "-a", "a", "-m", "m", "-u", Folder.Path, "-v", "GET");

        Assert.Equal(0, code);
        Assert.Equal("GET /v1.0/invoke/a/method/m", sidecar.Requests.Single().TrimEnd());
        Assert.Contains("from the socket", output);
    }

    [Theory]
    [InlineData()]
    [InlineData("--isolated")]
    public async Task A_run_on_a_socket_is_called_and_stopped_without_naming_it(params string[] mode)
    {
        await using var app = await TestApp.StartAsync(app => app.On("/m", 200, "\"hello\""));
        Directory.CreateDirectory(Folder.File("s"));
        await using var run = DaprCli.Start(Folder, ["run", "--app-id", "a", "--app-port", $"{app.Port}", "--unix-domain-socket", "s", .. mode]);
        await run.LineAsync("a is healthy");

        var (code, output) = await DaprCli.RunAsync(Folder, "invoke", "-a", "a", "-m", "m");

        Assert.Equal(0, code);
        Assert.Contains("\"hello\"", output);
        Assert.Equal(0, (await DaprCli.RunAsync(Folder, "invoke", "-a", "a", "-m", "m", "-u", "s")).Code);
        Assert.Equal(0, (await DaprCli.RunAsync(Folder, "stop", "a")).Code);
    }

    [Fact]
    public async Task A_socket_that_nobody_serves_is_named()
    {
        var (code, output) = await DaprCli.RunAsync(Folder, "invoke", "-a", "a", "-m", "m", "-u", Folder.Path);

        Assert.Equal(1, code);
        Assert.Contains($"the sidecar at {Folder.File("dapr-a-http.socket")} does not answer", output);
    }

    [Fact]
    public async Task An_app_that_does_not_run_is_told_with_those_that_do()
    {
        Assert.Contains("no app 'orders' is running; no app is", (await DaprCli.RunAsync(Folder, "invoke", "-a", "orders", "-m", "m")).Output);
        await using var run = DaprCli.Start(Folder, "run", "--app-id", "orders");
        await run.LineAsync("orders is healthy");

        var (code, output) = await DaprCli.RunAsync(Folder, "invoke", "-a", "order", "-m", "m");

        Assert.Equal(1, code);
        Assert.Contains("no app 'order' is running (running are orders); did you mean 'orders'?", output);
    }

    [Theory]
    [InlineData("-a a", "--method")]
    [InlineData("-a a -m m -v FETCH", "--verb is 'FETCH', expected one of GET")]
    [InlineData("-a a -m m -d {} -f x.json", "exclude each other")]
    [InlineData("-a a -m m -u . -f no-such.json", "no-such.json")]
    public async Task Wrong_words_are_told(string arguments, string told)
    {
        var (code, output) = await DaprCli.RunAsync(Folder, ["invoke", .. arguments.Split(' ')]);

        Assert.Equal(1, code);
        Assert.Contains(told, output);
    }

    private async Task<DaprCli> RunAsync(TestApp app)
    {
        var run = DaprCli.Start(Folder, "run", "--app-id", "a", "--app-port", $"{app.Port}");
        try
        {
            await run.LineAsync("a is healthy");
            return run;
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }
}
