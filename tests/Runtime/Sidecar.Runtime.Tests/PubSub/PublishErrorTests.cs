using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Sidecar.Components;
using TestSupport;

namespace Sidecar.Runtime.Tests.PubSub;

/// <summary>What a publish answers when it cannot be done.</summary>
public sealed class PublishErrorTests
{
    [Fact]
    [Contract(34)]
    public async Task Contract_034_an_unknown_component_beside_others_is_not_found()
    {
        await using var host = await PubSubHost.StartAsync();

        using var response = await host.PublishAsync("nope/orders", "x");

        var error = await ErrorOf(response, 404, "ERR_PUBSUB_NOT_FOUND", "DAPR_PUBSUB_NOT_FOUND");
        Assert.Equal("pubsub nope is not found", error.GetProperty("message").GetString());
        var resource = error.GetProperty("details").EnumerateArray().Single(detail => detail.GetProperty("@type").GetString()!.EndsWith("ResourceInfo", StringComparison.Ordinal));
        Assert.Equal("pubsub", resource.GetProperty("resource_type").GetString());
        Assert.Equal("nope", resource.GetProperty("resource_name").GetString());
    }

    [Fact]
    [Contract(34)]
    public async Task Contract_034_without_any_component_pubsub_is_not_configured()
    {
        await using var host = await PubSubHost.StartAsync(new() { ComponentName = null });

        using var response = await host.PublishAsync("nope/orders", "x");

        var error = await ErrorOf(response, 400, "ERR_PUBSUB_NOT_CONFIGURED", "DAPR_PUBSUB_NOT_CONFIGURED");
        Assert.Equal("pubsub nope is not configured", error.GetProperty("message").GetString());
    }

    [Theory]
    [InlineData("pubsub/")]
    [InlineData("pubsub//")]
    [Contract(34)]
    public async Task Contract_034_an_empty_topic_is_not_found(string path)
    {
        await using var host = await PubSubHost.StartAsync();

        using var response = await host.PublishAsync(path, "x");

        var error = await ErrorOf(response, 404, "ERR_TOPIC_NAME_EMPTY", "DAPR_PUBSUB_TOPIC_NAME_EMPTY");
        Assert.Equal("topic is empty in pubsub pubsub", error.GetProperty("message").GetString());
    }

    [Theory]
    [InlineData("allowedTopics", "other")]
    [InlineData("protectedTopics", "orders")]
    [InlineData("publishingScopes", "shop=other")]
    [InlineData("publishingScopes", "shop=; else=orders")]
    [InlineData("PublishingScopes", "else=x; shop = other ")]
    [Contract(36)]
    public async Task Contract_036_a_topic_that_is_not_allowed_is_forbidden(string field, string value)
    {
        await using var host = await PubSubHost.StartAsync(new() { ComponentMetadata = [(field, value)] });

        using var response = await host.PublishAsync("pubsub/orders", "x");

        var error = await ErrorOf(response, 403, "ERR_PUBSUB_FORBIDDEN", "DAPR_PUBSUB_FORBIDDEN");
        Assert.Equal("topic orders is not allowed for app id shop", error.GetProperty("message").GetString());
        Assert.Empty(host.Broker.Published);
    }

    [Theory]
    [InlineData("allowedTopics", "other, orders")]
    [InlineData("publishingScopes", "else=other")]
    [InlineData("publishingScopes", "shop=other,orders")]
    [Contract(36)]
    public async Task Contract_036_a_topic_that_is_allowed_is_published(string field, string value)
    {
        await using var host = await PubSubHost.StartAsync(new() { ComponentMetadata = [(field, value)] });

        using var response = await host.PublishAsync("pubsub/orders", "x");

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }

    [Fact]
    [Contract(36)]
    public async Task Contract_036_a_protected_topic_is_open_to_the_app_that_its_scope_names()
    {
        await using var host = await PubSubHost.StartAsync(new() { ComponentMetadata = [("protectedTopics", "orders"), ("publishingScopes", "shop=orders")] });

        using var response = await host.PublishAsync("pubsub/orders", "x");

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }

    [Fact]
    [Contract(41)]
    public async Task Contract_041_a_rawPayload_that_is_no_boolean_is_refused()
    {
        await using var host = await PubSubHost.StartAsync();

        using var response = await host.PublishAsync("pubsub/orders?metadata.rawPayload=yes", "x");

        await ErrorOf(response, 400, "ERR_PUBSUB_REQUEST_METADATA", "DAPR_PUBSUB_METADATA_DESERIALIZATION");
        Assert.Empty(host.Broker.Published);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not json")]
    [InlineData("[1]")]
    [InlineData("null")]
    [InlineData("{\"id\":\"1\"")]
    [InlineData("{\"id\":\"1\"} x")]
    [InlineData("{\"traceid\":\"\\ud800\"}")]
    public async Task A_malformed_cloud_event_cannot_be_created(string body)
    {
        await using var host = await PubSubHost.StartAsync();

        using var response = await host.PublishAsync("pubsub/orders", body, "application/cloudevents+json");

        await ErrorOf(response, 500, "ERR_PUBSUB_CLOUD_EVENTS_SER", "DAPR_PUBSUB_CLOUD_EVENT_CREATION");
        Assert.Empty(host.Broker.Published);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_above_the_limit_cannot_be_read(bool chunked)
    {
        await using var host = await PubSubHost.StartAsync(new() { MaxBodySize = 1000 });
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1.0/publish/pubsub/orders") { Content = new ByteArrayContent(new byte[1001]) };
        request.Headers.TransferEncodingChunked = chunked;

        using var response = await host.SendAsync(request);

        var error = JsonElement.Parse(await response.Content.ReadAsByteArrayAsync());
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("ERR_BODY_READ", error.GetProperty("errorCode").GetString());
        Assert.StartsWith("failed to read request body: ", error.GetProperty("message").GetString());
        Assert.Empty(host.Broker.Published);
    }

    [Fact]
    public async Task A_body_at_the_limit_is_published()
    {
        await using var host = await PubSubHost.StartAsync(new() { MaxBodySize = 1000 });

        using var response = await host.PublishAsync("pubsub/orders", new byte[1000]);

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }

    [Fact]
    public async Task A_body_that_ends_early_is_not_published()
    {
        await using var host = await PubSubHost.StartAsync();
        using var socket = new TcpClient();
        await socket.ConnectAsync(host.Address.Host, host.Address.Port);
        var stream = socket.GetStream();

        await stream.WriteAsync(Encoding.ASCII.GetBytes("POST /v1.0/publish/pubsub/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf"));
        socket.Client.Shutdown(SocketShutdown.Send);
        var answer = await ReadToEndAsync(stream).WithinAsync("the end of the connection");

        Assert.DoesNotContain("204", answer, StringComparison.Ordinal);
        Assert.Empty(host.Broker.Published);
    }

    [Fact]
    public async Task A_broken_escape_in_the_path_is_refused()
    {
        await using var host = await PubSubHost.StartAsync();

        using var response = await host.PublishAsync("pubsub/a%zz", "x");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("text/plain", response.Content.Headers.ContentType?.MediaType);
        Assert.Empty(host.Broker.Published);
    }

    [Fact]
    public async Task What_the_broker_says_against_a_message_is_told()
    {
        await using var host = await PubSubHost.StartAsync();
        host.Broker.Refusing["orders"] = new ComponentException("disk full");

        using var response = await host.PublishAsync("pubsub/orders", "x");

        var error = await ErrorOf(response, 500, "ERR_PUBSUB_PUBLISH_MESSAGE", "DAPR_PUBSUB_PUBLISH_MESSAGE");
        Assert.Equal("error when publishing to topic orders in pubsub pubsub: disk full", error.GetProperty("message").GetString());
    }

    // Whether an answer still reaches a client that has closed its half, or the connection is reset, is the server's affair.
    private static async Task<string> ReadToEndAsync(Stream stream)
    {
        try
        {
            return await new StreamReader(stream).ReadToEndAsync();
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static async Task<JsonElement> ErrorOf(HttpResponseMessage response, int status, string code, string reason)
    {
        var error = JsonElement.Parse(await response.Content.ReadAsByteArrayAsync());
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(code, error.GetProperty("errorCode").GetString());
        var info = error.GetProperty("details").EnumerateArray().Single(detail => detail.GetProperty("@type").GetString() == "type.googleapis.com/google.rpc.ErrorInfo");
        Assert.Equal(reason, info.GetProperty("reason").GetString());
        Assert.Equal("dapr.io", info.GetProperty("domain").GetString());
        return error;
    }
}
