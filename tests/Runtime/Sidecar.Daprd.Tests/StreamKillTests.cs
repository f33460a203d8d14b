using System.Net.Http.Json;
using Sidecar.Grpc;
using TestSupport;

namespace Sidecar.Daprd.Tests;

/// <summary>Streaming subscriptions of a real <c>daprd</c> that is killed.</summary>
public sealed class StreamKillTests : IDisposable
{
    private readonly TempFolder _folder = new TempFolder().WithSqlite();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_a_killed_sidecar_had_sent_down_a_stream_without_an_answer_comes_again()
    {
        var first = await DaprdProcess.StartHealthyAsync(_folder, "worker");
        using var channel = GrpcChannel.ForAddress(new Uri($"http://127.0.0.1:{first.GrpcPort}"));
        await using var broken = await TopicStreamClient.OpenAsync(channel, "work");
        using var accepted = await first.Client.PostAsJsonAsync("/v1.0/publish/pubsub/work", 1);
        using var alsoAccepted = await first.Client.PostAsJsonAsync("/v1.0/publish/pubsub/work", 2);
        var answered = await broken.NextAsync();
        var inHand = await broken.NextAsync();
        await broken.AnswerAsync(answered.Id);

        first.Process.KillAlone();
        await first.Process.ExitAsync();
        await first.DisposeAsync();
        Assert.Equal(StatusCode.Unavailable, (await broken.EndAsync()).Code);
        await using var second = await DaprdProcess.StartHealthyAsync(_folder, "worker");
        using var nextChannel = GrpcChannel.ForAddress(new Uri($"http://127.0.0.1:{second.GrpcPort}"));
        await using var stream = await TopicStreamClient.OpenAsync(nextChannel, "work");

        // The other one may come too: whether its answer was recorded before the kill, nobody knows.
        var again = await stream.NextAsync();
        Assert.Contains(again.Id, new[] { inHand.Id, answered.Id });
        if (again.Id == answered.Id)
            Assert.Equal(inHand.Id, (await stream.NextAsync()).Id);
    }
}
