using Sidecar.Protos;
using Sidecar.Runtime.Tests.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.Secrets;

/// <summary>The secrets API over gRPC; what it refuses is in the table of failures.</summary>
public sealed class SecretsGrpcTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Contract(111)]
    public async Task Secrets_are_read_one_by_one_and_all_together_but_for_those_that_are_denied()
    {
        _folder.Write("config.yaml", """
            apiVersion: dapr.io/v1alpha1
            kind: Configuration
            metadata: { name: config }
            spec:
              secrets:
                scopes: [{ storeName: vault, deniedSecrets: [hidden] }]
            """);
        var drivers = new TestDrivers(_folder);
        var vault = drivers.AddSecrets("vault");
        vault.Secrets["db"] = new Dictionary<string, string> { ["user"] = "me", ["password"] = "ü" };
        vault.Secrets["hidden"] = new Dictionary<string, string> { ["x"] = "y" };
        vault.Secrets["empty"] = new Dictionary<string, string>();
        await using var sidecar = await drivers.StartAsync();

        var one = await sidecar.Channel.UnaryAsync(DaprMethods.GetSecret, new GetSecretRequest { StoreName = "vault", Key = "db", Metadata = { ["version_id"] = "7" } });
        Assert.Equal("7", vault.LastMetadata!["version_id"]);
        var empty = await sidecar.Channel.UnaryAsync(DaprMethods.GetSecret, new GetSecretRequest { StoreName = "vault", Key = "empty" });
        var all = await sidecar.Channel.UnaryAsync(DaprMethods.GetBulkSecret, new GetBulkSecretRequest { StoreName = "vault" });
        vault.Secrets.Clear();
        var none = await sidecar.Channel.UnaryAsync(DaprMethods.GetBulkSecret, new GetBulkSecretRequest { StoreName = "vault" });

        Assert.Equal([("password", "ü"), ("user", "me")], one.Data.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (pair.Key, pair.Value)));
        Assert.Empty(empty.Data);
        Assert.Equal(["db", "empty"], all.Data.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("me", all.Data["db"].Secrets["user"]);
        Assert.Empty(none.Data);
    }
}
