using System.Text.Json.Nodes;
using Dapr;
using Dapr.Client;

namespace Sdk.Tests.Client;

/// <summary>Publishing, secrets, metadata and health against a sidecar of this repository.</summary>
public sealed class RealSidecarTests(RealSidecar sidecar) : IClassFixture<RealSidecar>
{
    private readonly DaprClient _dapr = sidecar.Client;

    [Fact]
    public async Task AnEventIsDeliveredToTheApp()
    {
        await _dapr.PublishEventAsync(RealSidecar.PubSub, "orders", new { Id = "ö1" }, new Dictionary<string, string> { ["cloudevent.type"] = "order.submitted" });
        var received = JsonNode.Parse(await sidecar.NextAsync("orders"))!;
        Assert.Equal(("order.submitted", "ö1"), ((string)received["type"]!, (string)received["data"]!["id"]!));
    }

    [Fact]
    public async Task BytesAreDeliveredUnderTheirContentType()
    {
        await _dapr.PublishByteEventAsync(RealSidecar.PubSub, "raw", new byte[] { 0, 255 }, "application/octet-stream");
        var received = JsonNode.Parse(await sidecar.NextAsync("raw"))!;
        Assert.Equal(("application/octet-stream", "AP8="), ((string)received["datacontenttype"]!, (string)received["data_base64"]!));
    }

    [Fact]
    public async Task EventsPublishedInBulk_ReachAnAppThatTakesThemInBulk()
    {
        Assert.Empty((await _dapr.BulkPublishEventAsync(RealSidecar.PubSub, "many", new[] { "a", "b", "c" })).FailedEntries);
        var received = new List<string> { await sidecar.NextAsync("many"), await sidecar.NextAsync("many"), await sidecar.NextAsync("many") };
        Assert.Equal(["a", "b", "c"], received.Order());
    }

    [Fact]
    public async Task SecretsAreReadByNameAndInBulk_AndAMissingOneHasItsCode()
    {
        Assert.Equal(new Dictionary<string, string> { ["Db__Password"] = "s3cret" }, await _dapr.GetSecretAsync(RealSidecar.Vault, "Db__Password"));
        Assert.Equal("mail", (await _dapr.GetBulkSecretAsync(RealSidecar.Vault))["Smtp--User"]["Smtp--User"]);
        var missing = await Assert.ThrowsAsync<DaprApiException>(() => _dapr.GetSecretAsync(RealSidecar.Vault, "none"));
        Assert.Equal("ERR_SECRET_GET", missing.ErrorCode);
        Assert.Contains("secret none not found", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnOutputBindingDoesWhatItIsAsked()
    {
        var name = new Dictionary<string, string> { ["fileName"] = "a.txt" };
        var created = await _dapr.InvokeBindingAsync<string, Dictionary<string, string>>(RealSidecar.Files, "create", "hello there", name);
        var read = await _dapr.InvokeBindingAsync(new BindingRequest(RealSidecar.Files, "get") { Metadata = { ["fileName"] = "a.txt" } });

        Assert.Equal(name, created);
        Assert.Equal("hello there"u8.ToArray(), read.Data.ToArray());
        var missing = await Assert.ThrowsAsync<DaprApiException>(() => _dapr.InvokeBindingAsync(RealSidecar.Files, "get", "", new Dictionary<string, string> { ["fileName"] = "b" }));
        Assert.Contains("file not found: b", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MetadataAndHealthTellOfTheSidecar()
    {
        await _dapr.WaitForSidecarAsync();
        Assert.True(await _dapr.CheckHealthAsync());
        Assert.True(await _dapr.CheckOutboundHealthAsync());

        await _dapr.SetMetadataAsync("build", "42");
        var metadata = await _dapr.GetMetadataAsync();
        Assert.Equal(("sdk", "42"), (metadata.Id, metadata.Extended["build"]));
        Assert.Contains(metadata.Components, component => component is { Name: RealSidecar.Store, Type: "state.in-memory" } && component.Capabilities.Contains("ETAG"));
    }
}
