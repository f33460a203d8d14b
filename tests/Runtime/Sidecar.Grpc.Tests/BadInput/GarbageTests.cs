using Sidecar.Grpc.Tests.Support;
using TestSupport;

namespace Sidecar.Grpc.Tests.BadInput;

[Collection(nameof(CountedBuffers))]
public sealed class GarbageTests
{
    private static readonly string[] Methods = ["Unary", "ClientStream", "ServerStream", "Duplex"];

    [Fact]
    public async Task Bytes_at_random_always_end_in_a_status()
    {
        var service = new EchoService();
        await using var host = await GrpcHost.StartAsync(service.Map, options => options.MaxReceiveMessageSize = 4096);
        var seed = Random.Shared.Next();
        await Parallel.ForEachAsync(Enumerable.Range(0, 1000), async (turn, _) =>
        {
            var random = new Random(seed + turn);
            var encoding = random.Next(3) switch { 0 => "gzip", 1 => "identity", _ => "" };
            var reply = await RawCall.SendAsync(
                host.Address, $"/sidecar.test.Echo/{Methods[turn % Methods.Length]}", Body(random), headers: ("grpc-encoding", encoding))
                .WithinAsync($"an answer to garbage (seed {seed}, turn {turn})");
            Assert.True(Enum.IsDefined(reply.Code), $"seed {seed}, turn {turn}");
        });
        await Eventually.TrueAsync(() => host.Server.CallsUnderWay == 0);
        await Eventually.TrueAsync(() => PooledBuffer.Rented == 0);
    }

    // Bytes, frames with true and false lengths, one after the other.
    private static byte[] Body(Random random)
    {
        var body = new List<byte>();
        for (var parts = random.Next(4); parts >= 0; parts--)
        {
            var bytes = new byte[random.Next(64)];
            random.NextBytes(bytes);
            body.AddRange(random.Next(4) switch
            {
                0 => bytes,
                1 => RawCall.Frame(bytes, (byte)random.Next(3)),
                2 => RawCall.Frame(bytes, (byte)random.Next(2), (uint)random.Next(8192)),
                _ => RawCall.Frame([]),
            });
        }

        return [.. body];
    }
}
