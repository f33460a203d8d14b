using Sidecar.Components.Middleware;
using TestSupport;

namespace Sidecar.Components.Tests.Middleware;

public sealed class RateLimitMiddlewareTests : IDisposable
{
    private const int ManyBuckets = 10_000;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_key_is_short_whatever_a_stranger_sends_and_no_two_paths_share_one()
    {
        var path = "/" + new string('x', 8000);
        var (client, first) = RateLimitMiddleware.KeyOf(new Request(path + "1", new string('y', 8000)));
        var (_, second) = RateLimitMiddleware.KeyOf(new Request(path + "2", new string('y', 8000)));

        Assert.InRange(client.Length + first.Length, 1, 256);
        Assert.NotEqual(first, second);
    }

    [Fact]
    public async Task There_is_no_memory_for_more_clients_than_it_can_have()
    {
        await using var limit = new RateLimitMiddleware();
        await limit.InitAsync(Contexts.For(_folder, time: new Sidecar.Testing.FakeClock(), metadata: ("maxRequestsPerSecond", "1")), CancellationToken.None);
        for (var client = 0; client < ManyBuckets; client++)
            Assert.Null(await limit.HandleAsync(new Request("/", $"{client}"), CancellationToken.None));

        // Known, so that nothing is forgotten for it; a new one makes room.
        Assert.Equal(429, (await limit.HandleAsync(new Request("/", "0"), CancellationToken.None))?.Status);
        Assert.Null(await limit.HandleAsync(new Request("/", "one more"), CancellationToken.None));
        Assert.Null(await limit.HandleAsync(new Request("/", "0"), CancellationToken.None));
    }

    private sealed class Request(string path, string client) : MiddlewareRequest
    {
        public override string Method => "GET";

        public override string Path { get; set; } = path;

        public override string Query { get; set; } = "";

        public override string RemoteAddress => "";

        public override string? Header(string name) => name == "X-Forwarded-For" ? client : null;

        public override void SetHeader(string name, string? value) => throw new NotSupportedException();

        public override void TransformBody(Func<Stream, Stream> transform) => throw new NotSupportedException();

        public override void SetResponseHeader(string name, string value)
        {
        }
    }
}
