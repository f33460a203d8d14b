using Google.Protobuf.Reflection;
using Sidecar.Protos;

namespace Sidecar.Runtime.Hosting;

/// <summary>The gRPC service that the slices together are: each maps its own methods of it.</summary>
internal static class DaprService
{
    private static readonly ServiceDescriptor Descriptor = DaprReflection.Descriptor.FindTypeByName<ServiceDescriptor>("Dapr");

    public static string Name => Descriptor.FullName;

    /// <exception cref="ArgumentException">The service has no such method.</exception>
    public static MethodDescriptor Method(string name) =>
        Descriptor.FindMethodByName(name) ?? throw new ArgumentException($"{Descriptor.FullName} has no method {name}", nameof(name));
}
