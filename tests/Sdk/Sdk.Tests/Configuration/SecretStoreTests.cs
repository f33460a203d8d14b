using Dapr;
using Dapr.Client;
using Dapr.Extensions.Configuration;
using Microsoft.Extensions.Configuration;
using TestSupport;

namespace Sdk.Tests.Configuration;

/// <summary>Secrets of a real sidecar as configuration.</summary>
public sealed class SecretStoreTests(RealSidecar sidecar) : IClassFixture<RealSidecar>
{
    [Fact]
    public void AllSecrets_HaveTheirDelimitersMadeSections()
    {
        var configuration = new ConfigurationBuilder().AddDaprSecretStore(RealSidecar.Vault, sidecar.Client).Build();
        Assert.Equal("s3cret", configuration["db:password"]);
        Assert.Equal("mail", configuration["Smtp--User"]);
    }

    [Fact]
    public void OtherDelimitersReplaceTheUsualOne_AndNoneAreReplacedWhenToldSo()
    {
        var other = new ConfigurationBuilder().AddDaprSecretStore(RealSidecar.Vault, sidecar.Client, ["--"]).Build();
        Assert.Equal(("mail", "s3cret"), (other["Smtp:User"], other["Db__Password"]));
        var none = new ConfigurationBuilder().AddDaprSecretStore(source =>
            (source.Store, source.Client, source.NormalizeKey) = (RealSidecar.Vault, sidecar.Client, false)).Build();
        Assert.Equal("s3cret", none["Db__Password"]);
    }

    [Fact]
    public void NamedSecrets_MayHaveAnotherName_AndBeLeftOutWhenTheyAreNotRequired()
    {
        var configuration = new ConfigurationBuilder().AddDaprSecretStore(
            RealSidecar.Vault,
            [new DaprSecretDescriptor("Mail__User", secretKey: "Smtp--User"), new DaprSecretDescriptor("none", isRequired: false)],
            sidecar.Client).Build();
        Assert.Equal([KeyValuePair.Create<string, string?>("Mail", null), KeyValuePair.Create<string, string?>("Mail:User", "mail")], configuration.AsEnumerable().OrderBy(pair => pair.Key));
    }

    [Fact]
    public void ARequiredSecretThatIsMissing_StopsTheApp()
    {
        var builder = new ConfigurationBuilder().AddDaprSecretStore(RealSidecar.Vault, [new DaprSecretDescriptor("none")], sidecar.Client);
        Assert.Equal("ERR_SECRET_GET", Assert.Throws<DaprApiException>(() => builder.Build()).ErrorCode);
    }

    [Fact]
    public void TwoSecretsOfOneName_AreRefused()
    {
        DaprSecretDescriptor[] same = [new("a:b", secretKey: "Db__Password"), new("a__b", secretKey: "Smtp--User")];
        var builder = new ConfigurationBuilder().AddDaprSecretStore(RealSidecar.Vault, same, sidecar.Client);
        Assert.Contains("'a:b' twice", Assert.Throws<InvalidOperationException>(() => builder.Build()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ASidecarThatIsNotThere_IsWaitedForAndThenTold()
    {
        using var absent = new DaprClientBuilder().UseHttpEndpoint($"http://127.0.0.1:{FreePorts.Next()}").Build();
        var builder = new ConfigurationBuilder().AddDaprSecretStore(RealSidecar.Vault, absent, TimeSpan.FromMilliseconds(50));
        Assert.Contains("not ready within 0.05 s", Assert.Throws<DaprException>(() => builder.Build()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ASourceThatMakesNoSense_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => new ConfigurationBuilder().AddDaprSecretStore(RealSidecar.Vault, Array.Empty<DaprSecretDescriptor>(), sidecar.Client).Build());
        Assert.Throws<ArgumentException>(() => new ConfigurationBuilder().AddDaprSecretStore(source =>
        {
            (source.Store, source.Client) = (RealSidecar.Vault, sidecar.Client);
            (source.SecretDescriptors, source.Metadata) = ([new DaprSecretDescriptor("a")], new Dictionary<string, string>());
        }).Build());
        Assert.ThrowsAny<ArgumentException>(() => new ConfigurationBuilder().AddDaprSecretStore(_ => { }).Build());
    }
}
