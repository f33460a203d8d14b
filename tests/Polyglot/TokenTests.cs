using TestSupport;

namespace Polyglot;

/// <summary>Client and server of the official JavaScript SDK with a sidecar that has tokens. The checks are in <c>Node/tokens.cjs</c>.</summary>
public sealed class TokenTests(TokenTests.Guarded guarded) : IClassFixture<TokenTests.Guarded>
{
    /// <summary>The token that clients of a sidecar show, and the one that the sidecar shows its app.</summary>
    public static IReadOnlyDictionary<string, string?> Tokens { get; } =
        new Dictionary<string, string?> { ["DAPR_API_TOKEN"] = "of-the-sidecar", ["APP_API_TOKEN"] = "of-the-app" };

    public static TheoryData<string, string> Checks => Scripts.Checks("tokens", "http", "grpc");

    [Theory]
    [MemberData(nameof(Checks))]
    [Contract(86, 159)]
    public Task Of_the_sdk_with_tokens(string protocol, string check) => guarded.HoldsAsync(protocol, check);

    [Theory]
    [InlineData("http")]
    [InlineData("grpc")]
    public Task All_checks_were_played_and_no_other(string protocol) => guarded.IsCompleteAsync(protocol);

    public sealed class Guarded() : Performances("tokens")
    {
        protected override void StartSidecars(Stage stage) =>
            stage.StartSidecar("guarded", hasApp: true, ["--app-protocol", stage.Protocol], Tokens);
    }
}
