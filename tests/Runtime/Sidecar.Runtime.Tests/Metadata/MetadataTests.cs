using System.Text.Json.Nodes;
using Sidecar.Runtime.Tests.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.Metadata;

/// <summary><c>/v1.0/metadata</c> (contract 2.17).</summary>
public sealed class MetadataTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Contract(116, 170)]
    public async Task A_bare_sidecar_tells_of_itself_and_leaves_out_what_it_has_not()
    {
        await using var sidecar = await TestSidecar.StartAsync(_folder, options => options with { ExtendedMetadata = new Dictionary<string, string> { ["cliPID"] = "1" } });
        sidecar.Instance.SetExtendedMetadata("appPID", "2");

        var metadata = await sidecar.MetadataAsync();

        Assert.Equal("""{"runtimeStatus":"DISABLED","hostReady":false,"placement":"placement: disconnected"}""", metadata["actorRuntime"]!.ToJsonString());
        Assert.Equal((string?)metadata["runtimeVersion"], (string?)metadata["extended"]!["daprRuntimeVersion"]);
        Assert.Equal(("1", "2"), ((string?)metadata["extended"]!["cliPID"], (string?)metadata["extended"]!["appPID"]));
        Assert.Equal(["id", "runtimeVersion", "enabledFeatures", "extended", "actorRuntime"], metadata.Select(member => member.Key));
    }

    [Fact]
    public async Task A_put_is_text_under_extended_and_its_key_is_unescaped()
    {
        await using var sidecar = await TestSidecar.StartAsync(_folder);

        using var answer = await sidecar.Client.PutAsync(new Uri("/v1.0/metadata/a%2Fb", UriKind.Relative), new StringContent("va\"lue"));
        using var again = await sidecar.Client.PutAsync(new Uri("/v1.0/metadata/daprRuntimeVersion", UriKind.Relative), new StringContent("mine"));
        using var bad = await sidecar.Client.PutAsync(
            new Uri($"http://127.0.0.1:{sidecar.Instance.HttpPort}/v1.0/metadata/%zz", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }), new StringContent("x"));

        Assert.Equal((204, ""), ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync()));
        Assert.Equal("va\"lue", (string?)(await sidecar.MetadataAsync())["extended"]!["a/b"]);
        Assert.Equal(400, (int)bad.StatusCode);
        Assert.Equal("text/plain", bad.Content.Headers.ContentType?.MediaType);
    }

    [Theory]
    [InlineData("", """["HotReload"]""")]
    [InlineData("  features:\n  - name: HotReload\n    enabled: false\n", null)]
    [InlineData("  features:\n  - name: ActorStateTTL\n    enabled: true\n", """["HotReload","ActorStateTTL"]""")]
    public async Task Features_that_are_on_are_listed(string features, string? listed)
    {
        _folder.Write("config.yaml", $"apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata:\n  name: c\nspec:\n{(features.Length == 0 ? "  {}\n" : features)}");
        await using var sidecar = await TestSidecar.StartAsync(_folder);

        Assert.Equal(listed, (await sidecar.MetadataAsync())["enabledFeatures"]?.ToJsonString());
    }
}
