using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Sidecar.Runtime.AppChannel;
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
        var next = sidecar.GetAsync("/v1.0/invoke/me/method/next");
        Assert.Equal(204, (await sidecar.GetAsync("/v1.0/healthz").WithinAsync("the sidecar to serve others meanwhile")).Status);
        await Eventually.TrueAsync(() => IsGivenUpAsync(sidecar, "/v1.0/invoke/me/method/given-up"), "a call whose caller goes away while it waits");
        Assert.False(next.IsCompleted);
        finish.SetResult();

        Assert.Equal("begun", await slow.Content.ReadAsStringAsync());
        Assert.Equal((200, "next"), await next.WithinAsync("the next call"));
    }

    [Fact]
    [Contract(89)]
    public async Task A_call_that_was_given_up_while_it_waited_never_reaches_the_app()
    {
        var app = new CountingApp();
        var limit = new ConcurrencyLimit(app, 1);
        using var request = new HttpRequestMessage();
        using var impatience = new CancellationTokenSource();
        var first = await limit.SendAsync(request, CancellationToken.None);
        var givenUp = limit.SendAsync(request, impatience.Token);
        var next = limit.SendAsync(request, CancellationToken.None);

        await impatience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => givenUp.WithinAsync("the end of the call that was given up"));
        Assert.False(next.IsCompleted);
        first.Dispose();
        (await next.WithinAsync("the next call")).Dispose();

        Assert.Equal(2, app.Calls);
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

    /// <summary>A caller with little patience: one that leaves before its request has come in shows nothing, and another tries.</summary>
    private static async Task<bool> IsGivenUpAsync(TestSidecar sidecar, string path)
    {
        using var impatience = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sidecar.Client.GetAsync(new Uri(path, UriKind.Relative), impatience.Token));
        return sidecar.Log.Any(line => line.Contains("caller of me went away", StringComparison.Ordinal));
    }

    private async Task<TestSidecar> StartAsync(TestApp app)
    {
        var sidecar = await TestSidecar.StartAsync(_folder, options => options with { AppPort = app.Port, AppMaxConcurrency = 1, LogLevel = LogLevel.Debug });
        await sidecar.Instance.Healthy.WithinAsync("health");
        return sidecar;
    }

    private sealed class CountingApp : IAppChannel
    {
        public bool HasApp => true;

        public int Calls { get; private set; }

        public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Calls++;
            return Task.FromResult(new HttpResponseMessage());
        }
    }
}
