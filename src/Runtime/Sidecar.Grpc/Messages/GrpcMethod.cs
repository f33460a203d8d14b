using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Sidecar.Grpc;

/// <summary>How many messages each side sends.</summary>
public enum GrpcMethodKind
{
    Unary,
    ClientStreaming,
    ServerStreaming,
    Duplex,
}

/// <summary>A method by its names, and how its messages are read and written. Made once, and then used for every call.</summary>
/// <typeparam name="TRequest">A generated message, or <see cref="ReadOnlyMemory{T}"/> of bytes.</typeparam>
/// <typeparam name="TResponse">Likewise.</typeparam>
public sealed class GrpcMethod<TRequest, TResponse>
{
    internal GrpcMethod(string service, string name, GrpcMethodKind kind, Marshaller<TRequest> requests, Marshaller<TResponse> responses)
    {
        (Service, Name, Kind, Requests, Responses) = (service, name, kind, requests, responses);
        FullName = $"/{service}/{name}";
    }

    /// <summary>Package and service: <c>greet.Greeter</c>.</summary>
    public string Service { get; }

    public string Name { get; }

    /// <summary>The path: <c>/greet.Greeter/SayHello</c>.</summary>
    public string FullName { get; }

    public GrpcMethodKind Kind { get; }

    internal Marshaller<TRequest> Requests { get; }

    internal Marshaller<TResponse> Responses { get; }

    internal void RequireKind(GrpcMethodKind kind)
    {
        if (Kind != kind)
            throw new ArgumentException($"{FullName} is {Kind}, not {kind}");
    }
}

/// <summary>Makes methods.</summary>
public static class GrpcMethod
{
    /// <summary>A method of a generated service: <c>GrpcMethod.Of&lt;HelloRequest, HelloReply&gt;(descriptor)</c>.</summary>
    /// <exception cref="ArgumentException">The types are not those of the descriptor.</exception>
    public static GrpcMethod<TRequest, TResponse> Of<TRequest, TResponse>(MethodDescriptor descriptor)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        return new(
            descriptor.Service.FullName,
            descriptor.Name,
            KindOf(descriptor),
            MarshallerOf<TRequest>(descriptor, descriptor.InputType),
            MarshallerOf<TResponse>(descriptor, descriptor.OutputType));
    }

    /// <summary>A method whose message types are not known here. A message read belongs to who reads it.</summary>
    public static GrpcMethod<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> Raw(string service, string name, GrpcMethodKind kind)
    {
        ArgumentException.ThrowIfNullOrEmpty(service);
        ArgumentException.ThrowIfNullOrEmpty(name);
        return new(service, name, kind, RawMarshaller.Instance, RawMarshaller.Instance);
    }

    private static GrpcMethodKind KindOf(MethodDescriptor descriptor) => (descriptor.IsClientStreaming, descriptor.IsServerStreaming) switch
    {
        (false, false) => GrpcMethodKind.Unary,
        (true, false) => GrpcMethodKind.ClientStreaming,
        (false, true) => GrpcMethodKind.ServerStreaming,
        (true, true) => GrpcMethodKind.Duplex,
    };

    private static ProtobufMarshaller<T> MarshallerOf<T>(MethodDescriptor method, MessageDescriptor message)
        where T : class, IMessage<T>
    {
        if (message.Parser is not MessageParser<T> parser)
            throw new ArgumentException($"{method.FullName} has {message.ClrType}, not {typeof(T)}");
        return new(parser);
    }
}
