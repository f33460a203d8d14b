using System.Text;
using Dapr;
using Dapr.Client;
using Microsoft.AspNetCore.Http;
using Sdk.Tests.Fakes;

namespace Sdk.Tests.Client;

public sealed class BindingTests : FakeSidecarTests
{
    [Fact]
    public async Task InvokeBinding_SendsOperationDataAndMetadata()
    {
        await Dapr.InvokeBindingAsync("my/files", "create", new { OrderId = "o1" }, new Dictionary<string, string> { ["fileName"] = "a b" });
        await Dapr.InvokeBindingAsync(new BindingRequest("files", "list"));

        Assert.Equal(
            ["POST /v1.0/bindings/my%2Ffiles", "POST /v1.0/bindings/files"],
            Sidecar.Seen.Select(request => $"{request.Method} {request.Target}"));
        Assert.All(Sidecar.Seen, request => Assert.Equal("application/json", request.Headers.ContentType));
        Assert.Equal(
            ["""{"operation":"create","data":{"orderId":"o1"},"metadata":{"fileName":"a b"}}""", """{"operation":"list","metadata":{}}"""],
            Sidecar.Seen.Select(request => request.Body));
    }

    [Fact]
    public async Task InvokeBinding_WithAnAnswer_ReadsIt_AndWithoutOne_IsDefault()
    {
        Sidecar.AnswerWith(200, """{"fileName":"a"}""");
        Assert.Equal(new Kept("a"), await Dapr.InvokeBindingAsync<string, Kept>("files", "create", "x"));

        Sidecar.AnswerWith(204);
        Assert.Null(await Dapr.InvokeBindingAsync<string, Kept>("files", "delete", "x"));
    }

    [Fact]
    public async Task InvokeBinding_OfARequest_GivesBytesAndMetadataInAnyCase()
    {
        Sidecar.Answer = async context =>
        {
            context.Response.Headers["Metadata.statuscode"] = "201";
            context.Response.Headers["x-other"] = "no";
            await context.Response.WriteAsync("plain text");
        };
        var request = new BindingRequest("web", "post") { Data = "[1]"u8.ToArray(), Metadata = { ["path"] = "/x" } };

        var response = await Dapr.InvokeBindingAsync(request);

        Assert.Same(request, response.Request);
        Assert.Equal("plain text", Encoding.UTF8.GetString(response.Data.Span));
        Assert.Equal("201", Assert.Single(response.Metadata).Value);
        Assert.Equal("201", response.Metadata["statusCode"]);
    }

    [Fact]
    public async Task InvokeBinding_Refused_NamesBindingAndCode()
    {
        Sidecar.AnswerWith(500, """{"errorCode":"ERR_INVOKE_OUTPUT_BINDING","message":"error invoking output binding files: couldn't find output binding files"}""");

        var failure = await Assert.ThrowsAsync<DaprApiException>(() => Dapr.InvokeBindingAsync("files", "create", 1));

        Assert.Equal("ERR_INVOKE_OUTPUT_BINDING", failure.ErrorCode);
        Assert.Contains("Operation 'create' of binding 'files' failed", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task InvokeBinding_WithDataThatAreNoJson_ThrowsAndSaysSo()
    {
        var failure = await Assert.ThrowsAsync<DaprException>(() => Dapr.InvokeBindingAsync(new BindingRequest("files", "create") { Data = "not json"u8.ToArray() }));

        Assert.Contains("over HTTP the data must be JSON text", failure.Message, StringComparison.Ordinal);
        Assert.Empty(Sidecar.Seen);
    }

    [Fact]
    public void ARequest_NeedsBindingAndOperation()
    {
        Assert.Throws<ArgumentException>(() => new BindingRequest("", "get"));
        Assert.Throws<ArgumentException>(() => new BindingRequest("files", ""));
        Assert.Throws<ArgumentNullException>(() => new BindingResponse(null!, default, new Dictionary<string, string>()));
    }

    private sealed record Kept(string FileName);
}
