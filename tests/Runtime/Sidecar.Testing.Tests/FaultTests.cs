using System.Net;
using Microsoft.AspNetCore.Builder;
using Sidecar.Testing.Faults;

namespace Sidecar.Testing.Tests;

/// <summary>Apps and components that fail on purpose.</summary>
public sealed class FaultTests
{
    [Fact]
    public async Task An_app_fails_so_many_times_and_then_no_more()
    {
        await using var dapr = await StartAsync();
        var fault = dapr.Faults.App("shop", Fail.WithStatus(503, "closed"), path: "/open", times: 2);

        using var first = await dapr["shop"].InvokeAsync("shop", "open");
        using var other = await dapr["shop"].InvokeAsync("shop", "other");
        using var second = await dapr["shop"].InvokeAsync("shop", "open");
        using var third = await dapr["shop"].InvokeAsync("shop", "open");

        Assert.Equal([HttpStatusCode.ServiceUnavailable, HttpStatusCode.NotFound, HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK],
            new[] { first, other, second, third }.Select(answer => answer.StatusCode));
        Assert.Equal("closed", await first.Content.ReadAsStringAsync());
        Assert.Equal(2, fault.Hits);
    }

    [Fact]
    public async Task A_dropped_connection_is_an_error_of_the_invocation()
    {
        await using var dapr = await StartAsync();
        using var fault = dapr.Faults.App("shop", Fail.ByDroppingConnection());

        using var answer = await dapr["shop"].InvokeAsync("shop", "open");

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Contains("ERR_DIRECT_INVOKE", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_fails_for_one_key_until_the_fault_is_disposed()
    {
        await using var dapr = await StartAsync();
        HttpStatusCode[] answers;
        using (dapr.Faults.Component("statestore", Fail.WithError("disk full"), when: call => call is { Operation: "set", Target: "shop||k" }))
            answers = [await SaveAsync("k"), await SaveAsync("other"), await SaveAsync("k")];

        Assert.Equal([HttpStatusCode.InternalServerError, HttpStatusCode.NoContent, HttpStatusCode.InternalServerError], answers);
        Assert.Equal(HttpStatusCode.NoContent, await SaveAsync("k"));
        Assert.Contains(dapr.Log.Lines, line => line.Message.Contains("disk full", StringComparison.Ordinal));

        async Task<HttpStatusCode> SaveAsync(string key)
        {
            using var answer = await dapr["shop"].SaveAsync(key, "v");
            return answer.StatusCode;
        }
    }

    [Fact]
    public async Task A_call_can_be_done_and_its_answer_lost()
    {
        await using var dapr = await StartAsync();
        using var fault = dapr.Faults.Component("statestore", Fail.AfterDoing(), times: 1);

        using var answer = await dapr["shop"].SaveAsync("k", "v");

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Equal("\"v\"", await dapr["shop"].StateAsync("k"));
    }

    [Fact]
    public async Task A_topic_that_cannot_be_published_to_leaves_the_others_alone()
    {
        await using var dapr = await StartAsync();
        using var fault = dapr.Faults.Topic("pubsub", "orders", Fail.WithError("broker down"), times: 1);
        using var data = new StringContent("1");

        using var failed = await dapr["shop"].Sidecar.PostAsync("/v1.0/publish/pubsub/orders", data);
        await dapr["shop"].PublishAsync("stock", 1);
        await dapr["shop"].PublishAsync("orders", 1);

        Assert.Equal(HttpStatusCode.InternalServerError, failed.StatusCode);
        await fault.HitAsync();
    }

    [Fact]
    public async Task A_bulk_publish_fails_for_a_topic_as_a_single_one_does()
    {
        await using var dapr = await DaprTestHost.StartAsync(host => host.Sqlite().SidecarOnly("shop"));
        using var fault = dapr.Faults.Topic("pubsub", "orders", Fail.WithError("broker down"), times: 1);
        using var failed = await PublishAsync();
        using var published = await PublishAsync();

        Assert.Equal((HttpStatusCode.InternalServerError, HttpStatusCode.NoContent), (failed.StatusCode, published.StatusCode));

        async Task<HttpResponseMessage> PublishAsync()
        {
            using var entries = new StringContent("""[{"entryId":"1","event":"tea","contentType":"text/plain"}]""", null, "application/json");
            return await dapr["shop"].Sidecar.PostAsync("/v1.0/publish/bulk/pubsub/orders", entries);
        }
    }

    [Fact]
    public async Task A_delay_is_one_of_the_hosts_clock()
    {
        await using var dapr = await StartAsync();
        var fault = dapr.Faults.App("shop", Fail.ByDelay(TimeSpan.FromMinutes(10)), times: 1);

        var timers = dapr.Clock.ArmedTimers;
        var answer = dapr["shop"].InvokeAsync("shop", "open");
        await fault.HitAsync();
        await TestSupport.Eventually.TrueAsync(() => dapr.Clock.ArmedTimers > timers);
        Assert.False(answer.IsCompleted);
        dapr.Clock.Advance(TimeSpan.FromMinutes(10));

        Assert.Equal(HttpStatusCode.OK, (await answer).StatusCode);
    }

    [Fact]
    public async Task A_call_that_hangs_ends_with_its_caller()
    {
        await using var dapr = await StartAsync();
        using var fault = dapr.Faults.App("shop", Fail.ByHanging());
        using var impatient = new CancellationTokenSource();

        var call = dapr["shop"].Sidecar.GetAsync("/v1.0/invoke/shop/method/open", impatient.Token);
        await fault.HitAsync();
        await impatient.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    [Fact]
    public void A_component_answers_no_status() =>
        Assert.Throws<ArgumentException>(() => new FaultPlan(null!).Component("statestore", Fail.WithStatus(500)));

    private static Task<DaprTestHost> StartAsync() => DaprTestHost.StartAsync(host => host
        .InMemory()
        .WithFakeClock()
        .App("shop", app => app.MapGet("/open", () => "open")));
}
