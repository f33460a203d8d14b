using Sidecar.Runtime.Hosting.Reload;
using TestSupport;

namespace Sidecar.Runtime.Tests.Hosting.Reload;

public sealed class RequestsUnderWayTests
{
    [Fact]
    public async Task Only_requests_that_began_before_are_waited_for()
    {
        var requests = new RequestsUnderWay();
        var (first, second) = (requests.Enter(), requests.Enter());

        var end = requests.EndOfPresentAsync();
        requests.Enter();
        first.Leave();
        Assert.False(end.IsCompleted);
        second.Leave();

        await end.WithinAsync("the end of the two");
    }

    [Fact]
    public void Without_requests_there_is_nothing_to_wait_for() => Assert.True(new RequestsUnderWay().EndOfPresentAsync().IsCompletedSuccessfully);

    [Fact]
    public async Task Under_load_each_wait_ends_and_no_request_is_forgotten()
    {
        var requests = new RequestsUnderWay();
        using var stop = new CancellationTokenSource();

        // On threads of their own: those of the pool are for all tests, and this takes a thread whole.
        var load = Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(
            () =>
            {
                while (!stop.IsCancellationRequested)
                    requests.Enter().Leave();
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();

        for (var round = 0; round < 200; round++)
        {
            var mine = requests.Enter();
            var end = requests.EndOfPresentAsync();
            Assert.False(end.IsCompleted);
            mine.Leave();
            await end.WithinAsync("the end of the requests of this round");
        }

        await stop.CancelAsync();
        await Task.WhenAll(load).WithinAsync("the end of the load");
    }
}
