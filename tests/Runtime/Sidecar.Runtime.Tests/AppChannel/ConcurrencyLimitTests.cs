using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Tests.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.AppChannel;

/// <summary><c>--app-max-concurrency</c>.</summary>
public sealed class ConcurrencyLimitTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Contract(89)]
    public async Task Calls_are_made_one_after_the_other_and_one_that_waits_gives_up_with_its_caller()
    {
        var finish = new TaskCompletionSource();
        await using var app = await TestApp.StartAsync(app => app
            .On("/slow", async (context, _) =>
            {
                await context.Response.WriteAsync("begun");
                await context.Response.Body.FlushAsync();
                await finish.Task;
            })
            .On("/given-up", 200, "never")
            .On("/next", 200, "next"));
        await using var sidecar = await StartAsync(app);
        using var slow = await sidecar.Client.GetAsync(new Uri("/v1.0/invoke/me/method/slow", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);

        // The first call lasts until its body has ended, although its headers are here.
        using var impatience = new CancellationTokenSource();
        var givenUp = sidecar.Client.GetAsync(new Uri("/v1.0/invoke/me/method/given-up", UriKind.Relative), impatience.Token);
        var next = sidecar.GetAsync("/v1.0/invoke/me/method/next");
        await Eventually.TrueAsync(async () => (await sidecar.GetAsync("/v1.0/healthz")).Status == 204, "the sidecar to serve others meanwhile");
        await impatience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => givenUp);
        await sidecar.LineAsync("caller of me went away");
        Assert.False(next.IsCompleted);
        finish.SetResult();

        Assert.Equal("begun", await slow.Content.ReadAsStringAsync());
        Assert.Equal((200, "next"), await next.WithinAsync("the next call"));
        Assert.DoesNotContain(app.Seen, request => request.Path == "/given-up");
    }

    [Fact]
    [Contract(89)]
    public async Task No_call_in_a_crowd_is_lost_and_no_two_overlap()
    {
        var (now, most) = (0, 0);
        await using var app = await TestApp.StartAsync(app => app.On("/x", async (context, _) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref now));
            await Task.Yield();
            Interlocked.Decrement(ref now);
            context.Response.StatusCode = 409;
            context.Response.ContentType = "text/own";
            await context.Response.WriteAsync("body");
        }));
        await using var sidecar = await StartAsync(app);

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => sidecar.GetAsync("/v1.0/invoke/me/method/x"))).WithinAsync("all calls");

        Assert.All(answers, answer => Assert.Equal((409, "body"), answer));
        Assert.Equal(1, most);
    }

    private async Task<TestSidecar> StartAsync(TestApp app)
    {
        var sidecar = await TestSidecar.StartAsync(_folder, options => options with { AppPort = app.Port, AppMaxConcurrency = 1, LogLevel = LogLevel.Debug });
        await sidecar.Instance.Healthy.WithinAsync("health");
        return sidecar;
    }
}
