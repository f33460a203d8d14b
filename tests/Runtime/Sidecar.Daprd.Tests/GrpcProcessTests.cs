using System.Net.NetworkInformation;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Sidecar.Grpc;
using Sidecar.Protos;
using TestSupport;

namespace Sidecar.Daprd.Tests;

/// <summary>The gRPC API of a real <c>daprd</c>.</summary>
public sealed class GrpcProcessTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Contract(21)]
    public async Task Contract_021_bytes_saved_over_grpc_are_read_over_http()
    {
        await using var daprd = await DaprdProcess.StartHealthyAsync(_folder.WithSqlite(), "me");
        using var channel = Open(daprd);
        var item = new StateItem { Key = "k", Value = ByteString.CopyFrom([0, 255, 34]) };

        await channel.UnaryAsync(Method<SaveStateRequest, Empty>("SaveState"), new SaveStateRequest { StoreName = "statestore", States = { item } });

        Assert.Equal([0, 255, 34], await daprd.Client.GetByteArrayAsync("/v1.0/state/statestore/k"));
        Assert.Equal([0, 255, 34], (await channel.UnaryAsync(Method<GetStateRequest, GetStateResponse>("GetState"), new GetStateRequest { StoreName = "statestore", Key = "k" })).Data.ToByteArray());
    }

    [Fact]
    [Contract(165)]
    public async Task Contract_165_shutdown_is_answered_then_exits_0_and_forced_exits_1()
    {
        await using var polite = await DaprdProcess.StartHealthyAsync(_folder, "polite");
        await using var forced = await DaprdProcess.StartHealthyAsync(_folder, "forced");
        using var one = Open(polite);
        using var other = Open(forced);
        var shutdown = Method<ShutdownRequest, Empty>("Shutdown");

        await one.UnaryAsync(shutdown, new ShutdownRequest());
        await other.UnaryAsync(shutdown, new ShutdownRequest(), new CallOptions { Metadata = [new("dapr-force-shutdown", "true")] });

        Assert.Equal(0, await polite.Process.ExitAsync());
        Assert.Equal(1, await forced.Process.ExitAsync());
    }

    [Fact]
    [Contract(163)]
    public async Task Contract_163_a_message_above_max_body_size_is_resource_exhausted()
    {
        await using var daprd = await DaprdProcess.StartHealthyAsync(_folder.WithSqlite(), "me", flags: ["--max-body-size", "1Ki"]);
        using var channel = Open(daprd);

        var status = await channel.CallAsync(Method<GetStateRequest, GetStateResponse>("GetState"), new GetStateRequest { StoreName = "statestore", Key = new string('k', 2000) });

        Assert.Equal(StatusCode.ResourceExhausted, status.Status.Code);
    }

    [Fact]
    public async Task A_grpc_port_in_use_is_said_with_its_owner()
    {
        await using var first = await DaprdProcess.StartHealthyAsync(_folder, "first");
        await using var second = DaprdProcess.Start(_folder, "second", grpcPort: first.GrpcPort);

        Assert.Equal(1, await second.Process.ExitAsync());
        Assert.Contains($"port {first.GrpcPort}: it is in use by process {first.Process.Id}", second.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_listens_on_loopback_alone()
    {
        await using var daprd = await DaprdProcess.StartHealthyAsync(_folder, "me");

        var listeners = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Where(listener => listener.Port == daprd.GrpcPort);

        Assert.NotEmpty(listeners);
        Assert.All(listeners, listener => Assert.True(System.Net.IPAddress.IsLoopback(listener.Address)));
    }

    private static GrpcChannel Open(DaprdProcess daprd) => GrpcChannel.ForAddress(new Uri($"http://127.0.0.1:{daprd.GrpcPort}"));

    private static GrpcMethod<TRequest, TResponse> Method<TRequest, TResponse>(string name)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        GrpcMethod.Of<TRequest, TResponse>(DaprReflection.Descriptor.FindTypeByName<ServiceDescriptor>("Dapr").FindMethodByName(name));
}
