using TestSupport;

namespace Polyglot;

/// <summary>The server of the official JavaScript SDK, unmodified, as the app of a real sidecar. The checks are in <c>Node/server-*.cjs</c>.</summary>
public sealed class ServerTests(ServerTests.Servers servers) : IClassFixture<ServerTests.Servers>
{
    public static TheoryData<string, string> Checks => Scripts.Checks("server", "http", "grpc");

    [Theory]
    [MemberData(nameof(Checks))]
    [Contract(47, 48, 51, 53, 61, 90)]
    public Task Of_the_sdks_server(string protocol, string check) => servers.HoldsAsync(protocol, check);

    [Theory]
    [InlineData("http")]
    [InlineData("grpc")]
    public Task All_checks_were_played_and_no_other(string protocol) => servers.IsCompleteAsync(protocol);

    public sealed class Servers() : Performances("server")
    {
        /// <summary>The SDK answers health checks over gRPC alone.</summary>
        protected override void StartSidecars(Stage stage)
        {
            stage.WriteComponent("tick", "bindings.cron", ("schedule", "@every 1s"));
            stage.WriteComponent("files", "bindings.localstorage", ("rootPath", stage.Folder.File("files")));
            stage.StartSidecar("server", hasApp: true, stage.Protocol == "grpc" ? ["--app-protocol", "grpc", "--enable-app-health-check"] : []);
        }
    }
}
