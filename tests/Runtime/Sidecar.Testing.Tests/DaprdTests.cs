using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using TestSupport;

namespace Sidecar.Testing.Tests;

/// <summary>
/// The same test against sidecars in process and against <c>daprd</c> processes. The witness is this repository's own program:
/// it is driven by the official flags, files and API alone, as the official one would be.
/// </summary>
public sealed class DaprdTests
{
    private static readonly string OwnDaprd = Path.Combine(AppContext.BaseDirectory, "daprd.dll");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Apps_invoke_publish_and_keep_state_alike(bool asProcesses)
    {
        var heard = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var dapr = await DaprTestHost.StartAsync(host => host
            .UseDaprd(asProcesses ? OwnDaprd : null)
            .Sqlite()
            .SidecarOnly("front")
            .App("shop", app =>
            {
                app.MapGet("/name", () => "shop");
                app.MapPost("/orders", async (HttpRequest request) => heard.TrySetResult(await new StreamReader(request.Body).ReadToEndAsync()));
            })
            .Subscription("shop", "orders", "/orders"));

        using var answer = await dapr["front"].InvokeAsync("shop", "name");
        using var saved = await dapr["front"].SaveAsync("k", "v");
        await dapr["front"].PublishAsync("orders", "tea");

        Assert.Equal("shop", await answer.Content.ReadAsStringAsync());
        Assert.Equal("\"v\"", await dapr["front"].StateAsync("k"));
        Assert.Contains("\"data\":\"tea\"", await heard.Task.WithinAsync("the message at the app"), StringComparison.Ordinal);
        await dapr.Log.LineAsync("dapr initialized");
    }

    [Fact]
    public async Task A_process_is_killed_by_a_crash_and_started_again_on_its_ports()
    {
        await using var dapr = await DaprTestHost.StartAsync(host => host.UseDaprd(OwnDaprd).Sqlite().SidecarOnly("test"));
        using var saved = await dapr["test"].SaveAsync("k", "v");

        await dapr["test"].CrashSidecarAsync();
        await Assert.ThrowsAsync<HttpRequestException>(() => dapr["test"].StateAsync("k"));
        await dapr["test"].StartSidecarAsync();

        Assert.Equal("\"v\"", await dapr["test"].StateAsync("k"));
        var none = Assert.Throws<NotSupportedException>(() => dapr.Events);
        Assert.Contains($"There are no events of sidecars that run as {OwnDaprd}", none.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_process_cannot_have_is_refused_with_all_reasons()
    {
        var refused = await Assert.ThrowsAsync<NotSupportedException>(() => DaprTestHost.StartAsync(host => host
            .UseDaprd("/anywhere/daprd")
            .InMemory()
            .WithFakeClock()
            .SidecarOnly("one")
            .SidecarOnly("two")));

        Assert.Contains("a fake clock; several apps on in-memory components", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_that_is_not_there_is_told_by_its_path()
    {
        var missing = await Assert.ThrowsAsync<FileNotFoundException>(() => DaprTestHost.StartAsync(host => host.UseDaprd("nowhere/daprd").SidecarOnly("test")));
        var unfit = await Assert.ThrowsAsync<InvalidOperationException>(() => DaprTestHost.StartAsync(host => host.UseDaprd("Sidecar.Testing.Tests.deps.json").SidecarOnly("test")));

        Assert.Contains("'nowhere/daprd' is neither in", missing.Message, StringComparison.Ordinal);
        Assert.Contains("The host cannot start", unfit.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_process_that_ends_at_once_is_told_with_its_output()
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => DaprTestHost.StartAsync(host => host
            .UseDaprd(OwnDaprd)
            .Component("statestore", "state.nowhere")
            .SidecarOnly("test")));

        Assert.Contains("daprd.dll of test has ended with 1", failure.Message, StringComparison.Ordinal);
        Assert.Contains("couldn't find state.nowhere/v1", failure.Message, StringComparison.Ordinal);
    }
}
