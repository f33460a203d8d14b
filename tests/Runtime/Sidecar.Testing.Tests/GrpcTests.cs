using Dapr.Client;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Sidecar.Grpc;
using Sidecar.Protos;

namespace Sidecar.Testing.Tests;

/// <summary>A test's own client of the sidecar's gRPC API.</summary>
public sealed class GrpcTests
{
    [Fact]
    public async Task The_grpc_endpoint_answers_and_what_it_saved_is_read_over_http_and_by_the_sdk()
    {
        byte[] bytes = [0, 1, 255];
        await using var dapr = await DaprTestHost.StartAsync(host => host.InMemory().SidecarOnly("test"));
        using var channel = GrpcChannel.ForAddress(new Uri(dapr["test"].GrpcEndpoint));
        using var client = new DaprClientBuilder().UseHttpEndpoint(dapr["test"].HttpEndpoint).Build();
        var save = GrpcMethod.Of<SaveStateRequest, Empty>(DaprReflection.Descriptor.FindTypeByName<ServiceDescriptor>("Dapr").FindMethodByName("SaveState"));

        await channel.UnaryAsync(save, new SaveStateRequest { StoreName = "statestore", States = { new StateItem { Key = "bytes", Value = ByteString.CopyFrom(bytes) } } });
        await channel.UnaryAsync(save, new SaveStateRequest { StoreName = "statestore", States = { new StateItem { Key = "text", Value = ByteString.CopyFromUtf8("\"v\"") } } });

        Assert.Equal(bytes, (await client.GetByteStateAsync("statestore", "bytes")).ToArray());
        Assert.Equal("v", await client.GetStateAsync<string>("statestore", "text"));
        Assert.Equal("\"v\"", await dapr["test"].StateAsync("text"));
    }
}
