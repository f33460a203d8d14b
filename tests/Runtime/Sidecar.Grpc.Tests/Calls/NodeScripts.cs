using TestSupport;

namespace Sidecar.Grpc.Tests.Calls;

/// <summary>Where the Node scripts of these tests are, and the protos that they load.</summary>
internal static class NodeScripts
{
    public static string Protos { get; } = RepositoryRoot.Combine("tests", "Runtime", "Sidecar.Grpc.Tests", "Protos");

    public static string RpcProtos { get; } = RepositoryRoot.Combine("src", "Runtime", "Sidecar.Grpc", "Protos");

    public static string Path(string script) => RepositoryRoot.Combine("tests", "Runtime", "Sidecar.Grpc.Tests", "Node", script);
}
