using System.Collections.Concurrent;
using TestSupport;

namespace Polyglot;

/// <summary>The client of the official JavaScript SDK, unmodified, against real sidecars. The checks are in <c>Node/client-*.cjs</c>.</summary>
public sealed class ClientTests(ClientTests.Clients clients) : IClassFixture<ClientTests.Clients>
{
    public static TheoryData<string, string> Checks => Scripts.Checks("client", "http", "grpc");

    [Theory]
    [MemberData(nameof(Checks))]
    [Contract(6, 7, 9, 13, 17, 18, 20, 30, 31, 34, 41, 73, 77, 110, 163)]
    public Task Of_the_sdks_client(string protocol, string check) => clients.HoldsAsync(protocol, check);

    [Theory]
    [InlineData("http")]
    [InlineData("grpc")]
    public Task All_checks_were_played_and_no_other(string protocol) => clients.IsCompleteAsync(protocol);

    [Theory]
    [InlineData("http")]
    [InlineData("grpc")]
    [Contract(165)]
    public async Task A_sidecar_that_the_sdk_shuts_down_ends_well(string protocol) => Assert.Equal(0, await clients.ExitCodeAsync(protocol));

    public sealed class Clients() : Performances("client")
    {
        private readonly ConcurrentDictionary<string, int> _exitCodes = new(StringComparer.Ordinal);

        public async Task<int> ExitCodeAsync(string protocol)
        {
            await OutcomeAsync(protocol);
            return _exitCodes[protocol];
        }

        protected override void StartSidecars(Stage stage)
        {
            stage.WriteComponent("memory", "state.in-memory");
            stage.WriteComponent("secrets", "secretstores.local.file", ("secretsFile", stage.Folder.Write("secrets.json", """{"plain":"grüße 😀","redis":{"password":"geheim"}}""")));
            stage.StartSidecar("caller", hasApp: false);
            stage.StartSidecar("target", hasApp: true);
        }

        protected override async Task PlayedAsync(Stage stage) => _exitCodes[stage.Protocol] = await stage.Sidecar("caller").ExitAsync();
    }
}
