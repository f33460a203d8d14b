using TestSupport;

namespace Polyglot;

/// <summary>
/// A service that Dapr does not know, by <c>@grpc/grpc-js</c> on both sides and two sidecars between. The checks are in <c>Node/proxy.cjs</c>.
/// </summary>
public sealed class ProxyTests(ProxyTests.Proxies proxies) : IClassFixture<ProxyTests.Proxies>
{
    public static TheoryData<string, string> Checks => Scripts.Checks("proxy", "grpc");

    [Theory]
    [MemberData(nameof(Checks))]
    [Contract(92)]
    public Task Of_a_service_behind_the_proxy(string protocol, string check) => proxies.HoldsAsync(protocol, check);

    [Fact]
    public Task All_checks_were_played_and_no_other() => proxies.IsCompleteAsync("grpc");

    public sealed class Proxies() : Performances("proxy")
    {
        protected override void StartSidecars(Stage stage)
        {
            stage.StartSidecar("caller", hasApp: false, environment: TokenTests.Tokens);
            stage.StartSidecar("target", hasApp: true, ["--app-protocol", "grpc"], TokenTests.Tokens);
        }
    }
}
