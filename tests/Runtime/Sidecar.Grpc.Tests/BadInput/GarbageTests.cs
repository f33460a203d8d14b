using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using Sidecar.Grpc.Tests.Protos;
using Sidecar.Grpc.Tests.Support;
using TestSupport;

namespace Sidecar.Grpc.Tests.BadInput;

/// <summary>Ten thousand bodies that are nearly right or not at all, and what is left afterwards: nothing.</summary>
[Collection(nameof(CountedBuffers))]
public sealed class GarbageTests
{
    private static readonly string[] Methods = ["Unary", "ClientStream", "ServerStream", "Duplex"];

    [Fact]
    public async Task Bytes_at_random_always_end_in_a_status()
    {
        var service = new EchoService();
        await using var host = await GrpcHost.StartAsync(service.Map, options => options.MaxReceiveMessageSize = 4096);
        var good = from text in Gen.Elements("", "a", "é😀", new string('x', 3000))
                   from behave in Gen.Elements("", "fail", "fail-as-value", "throw", "null", "metadata", "deadline", "peer", "finish")
                   from count in Gen.Choose(1, 16)
                   select new EchoRequest { Text = text, Behave = behave, Count = count }.ToByteArray();
        var messages = Gen.OneOf(good, RawFrames.Fields(ArbMap.Default.GeneratorFor<byte[]>().Select(bytes => bytes ?? []), 1), ArbMap.Default.GeneratorFor<byte[]>().Select(bytes => bytes ?? []));
        var before = GC.GetTotalMemory(forceFullCollection: true);

        await Fuzz.CheckAsync(
            from body in RawFrames.Of(messages) from method in Gen.Elements(Methods) from encoding in Gen.Elements("gzip", "identity", "", "x") select (body, method, encoding),
            async input =>
            {
                var reply = await RawCall.SendAsync(host.Address, $"/sidecar.test.Echo/{input.method}", input.body, headers: ("grpc-encoding", input.encoding)).WithinAsync("an answer to garbage");
                Assert.True(Enum.IsDefined(reply.Code));
            });

        await Eventually.TrueAsync(() => host.Server.CallsUnderWay == 0);
        await Eventually.TrueAsync(() => PooledBuffer.Rented == 0);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, Fuzz.Memory);
    }
}
