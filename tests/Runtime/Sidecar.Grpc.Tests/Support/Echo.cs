using Sidecar.Grpc.Tests.Protos;

namespace Sidecar.Grpc.Tests.Support;

/// <summary>The methods of <c>echo.proto</c>.</summary>
internal static class Echo
{
    public static readonly GrpcMethod<EchoRequest, EchoReply> Unary = Method("Unary");
    public static readonly GrpcMethod<EchoRequest, EchoReply> ClientStream = Method("ClientStream");
    public static readonly GrpcMethod<EchoRequest, EchoReply> ServerStream = Method("ServerStream");
    public static readonly GrpcMethod<EchoRequest, EchoReply> Duplex = Method("Duplex");

    private static GrpcMethod<EchoRequest, EchoReply> Method(string name) =>
        GrpcMethod.Of<EchoRequest, EchoReply>(EchoReflection.Descriptor.Services[0].FindMethodByName(name));
}
