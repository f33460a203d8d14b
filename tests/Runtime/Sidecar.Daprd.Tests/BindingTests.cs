using System.Text;
using Microsoft.AspNetCore.Http;
using TestSupport;

namespace Sidecar.Daprd.Tests;

/// <summary>Bindings of a real <c>daprd</c>.</summary>
public sealed class BindingTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private TestApp _app = null!;

    public async ValueTask InitializeAsync() => _app = await TestApp.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    [Contract(105, 107)]
    public async Task Cron_calls_the_app_and_files_come_and_go_and_a_silent_answer_costs_the_time_of_the_flag()
    {
        _app.On("/tick", 200).On("/silent", async (context, _) =>
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing));
        _folder.Write("components/tick.yaml", Sets.Component("tick", "bindings.cron", ("schedule", "* * * * * *")));
        _folder.Write("components/silent.yaml", Sets.Component("silent", "bindings.cron", ("schedule", "* * * * * *")));
        _folder.Write("components/files.yaml", Sets.Component("files", "bindings.localstorage", ("rootPath", "kept")));
        await using var daprd = await DaprdProcess.StartHealthyAsync(
            _folder, "me", _app.Port, ["--app-binding-options-timeout", "5s"], new Dictionary<string, string?> { ["APP_API_TOKEN"] = "app-token" });

        Assert.Equal("OPTIONS", (await _app.NextAsync("/tick")).Method);
        var ticks = new[] { await _app.NextAsync("/tick"), await _app.NextAsync("/tick") };
        Assert.All(ticks, tick => Assert.Equal(("POST", "app-token", "Local"), (tick.Method, tick.Headers["dapr-api-token"], tick.Headers["timeZone"])));
        Assert.DoesNotContain(_app.Seen, request => request is { Path: "/silent", Method: "POST" });
        await daprd.Process.LineAsync("no answer to OPTIONS /silent within 5 s");

        Assert.Equal((200, """{"fileName":"a/b.txt"}"""), await InvokeAsync(daprd, """{"operation":"create","data":"hello there","metadata":{"fileName":"a/b.txt"}}"""));
        Assert.Equal("hello there", await File.ReadAllTextAsync(_folder.File("kept/a/b.txt")));
        Assert.Equal((204, ""), await InvokeAsync(daprd, """{"operation":"delete","metadata":{"fileName":"a/b.txt"}}"""));
        Assert.Equal(500, (await InvokeAsync(daprd, """{"operation":"get","metadata":{"fileName":"a/b.txt"}}""")).Status);
    }

    [Fact]
    [Contract(167)]
    public async Task A_signal_ends_the_ticks_and_the_one_under_way_is_answered()
    {
        var (arrived, answer) = (new TaskCompletionSource(), new TaskCompletionSource());
        _app.On("/tick", async (context, _) =>
        {
            if (!HttpMethods.IsPost(context.Request.Method))
                return;
            arrived.TrySetResult();
            await answer.Task;
        });
        _folder.Write("components/tick.yaml", Sets.Component("tick", "bindings.cron", ("schedule", "@every 1s")));
        await using var daprd = await DaprdProcess.StartHealthyAsync(_folder, "me", _app.Port, ["--dapr-graceful-shutdown-seconds", "60"]);
        await arrived.Task.WithinAsync("a tick");

        await daprd.Process.SignalAsync("TERM");
        await daprd.Process.LineAsync("stopping");
        answer.SetResult();

        Assert.Equal(0, await daprd.Process.ExitAsync());
        Assert.DoesNotContain("is not handled", daprd.Output, StringComparison.Ordinal);
    }

    private static async Task<(int Status, string Body)> InvokeAsync(DaprdProcess daprd, string body)
    {
        using var answer = await daprd.Client.PostAsync(new Uri("/v1.0/bindings/files", UriKind.Relative), new StringContent(body, Encoding.UTF8, "application/json"));
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
