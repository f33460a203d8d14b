using System.Net;
using System.Text;
using Dapr;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Sdk.Tests.Fakes;

namespace Sdk.Tests.AspNetCore;

public sealed class CloudEventsTests
{
    [Theory]
    [InlineData("""{"datacontenttype":"application/json","data":{"id": 1}}""", "application/json", """{"id": 1}""")]
    [InlineData("""{"data":{"id":1}}""", "application/json", """{"id":1}""")]
    [InlineData("""{"datacontenttype":"application/vnd.x+json; charset=utf-16","data":"s"}""", "application/vnd.x+json", "\"s\"")]
    [InlineData("""{"datacontenttype":"text/plain","data":"a \"quoted\" \u00f6"}""", "text/plain", "a \"quoted\" ö")]
    [InlineData("""{"datacontenttype":"text/plain","data":42}""", "text/plain", "42")]
    [InlineData("""{"datacontenttype":"application/octet-stream","data_base64":"aGk="}""", "application/octet-stream", "hi")]
    [InlineData("""{"DataContentType":"text/plain","Data":"any case"}""", "text/plain", "any case")]
    [InlineData("""{"datacontenttype":"application/json"}""", "", "")]
    public async Task TheHandlerSeesTheDataAsItsBody(string envelope, string contentType, string body)
    {
        await using var app = await StartEchoAsync();
        using var response = await PostAsync(app, envelope);
        Assert.Equal($"{contentType}|{Encoding.UTF8.GetByteCount(body)}|{body}", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task ATypedHandlerBindsTheData()
    {
        await using var app = await FakeApp.StartAsync(app =>
        {
            app.UseCloudEvents();
            app.UseRouting();
            app.MapPost("/", (Order order) => order.Id);
        });
        using var response = await PostAsync(app, """{"id":"event","datacontenttype":"application/json","data":{"id":"order"}}""");
        Assert.Equal("order", await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("""{"data":1,"data_base64":"aGk="}""")]
    [InlineData("""{"data_base64":"no base64!"}""")]
    [InlineData("[1]")]
    [InlineData("{broken")]
    [InlineData("")]
    public async Task AnEnvelopeThatCannotBeRead_IsABadRequest(string envelope)
    {
        await using var app = await StartEchoAsync();
        using var response = await PostAsync(app, envelope);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/cloudevents-batch+json")]
    [InlineData("text/plain")]
    public async Task OtherRequestsPassUntouched(string contentType)
    {
        await using var app = await StartEchoAsync();
        using var response = await PostAsync(app, """{"data":1}""", contentType);
        Assert.Equal($$"""{{contentType}}|10|{"data":1}""", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task AnotherEncodingOfTheEnvelopeIsConverted()
    {
        await using var app = await StartEchoAsync();
        using var content = new ByteArrayContent(Encoding.Latin1.GetBytes("""{"datacontenttype":"text/plain","data":"ö"}"""));
        content.Headers.TryAddWithoutValidation("Content-Type", "application/cloudevents+json; charset=iso-8859-1");
        using var response = await app.Client.PostAsync("/", content);
        Assert.Equal("text/plain|2|ö", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task AnUnknownEncoding_IsAnUnsupportedMediaType()
    {
        await using var app = await StartEchoAsync();
        using var response = await PostAsync(app, "{}", "application/cloudevents+json; charset=klingon");
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
    }

    [Fact]
    public async Task AnEnvelopeLongerThanTheServersLimit_IsTooLarge()
    {
        await using var app = await FakeApp.StartAsync(
            app =>
            {
                app.UseCloudEvents();
                app.Run(EchoAsync);
            },
            builder => builder.WebHost.ConfigureKestrel(server => server.Limits.MaxRequestBodySize = 100));
        using var response = await PostAsync(app, $$"""{"data":"{{new string('x', 200)}}"}""");
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task TextStaysJson_WhenAskedFor()
    {
        await using var app = await StartEchoAsync(new CloudEventsMiddlewareOptions { SuppressJsonDecodingOfTextPayloads = true });
        using var response = await PostAsync(app, """{"datacontenttype":"text/plain","data":"s"}""");
        Assert.Equal("text/plain|3|\"s\"", await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData(null, null, "id,n,type")]
    [InlineData("type", null, "type")]
    [InlineData(null, "type,id", "n")]
    public async Task AttributesBecomeHeaders_WhenAskedFor(string? included, string? excluded, string expected)
    {
        await using var app = await FakeApp.StartAsync(app =>
        {
            app.UseCloudEvents(new CloudEventsMiddlewareOptions
            {
                ForwardCloudEventPropertiesAsHeaders = true,
                IncludedCloudEventPropertiesAsHeaders = included?.Split(','),
                ExcludedCloudEventPropertiesFromHeaders = excluded?.Split(','),
            });
            app.Run(context => context.Response.WriteAsync(string.Join(',', context.Request.Headers
                .Where(header => header.Key.StartsWith("Cloudevent.", StringComparison.Ordinal)).Select(header => header.Key["Cloudevent.".Length..]).Order())));
        });
        using var response = await PostAsync(app, """{"id":"1","Type":"t","n":5,"pubsubname":"p","data":1}""");
        Assert.Equal(expected, await response.Content.ReadAsStringAsync());
    }

    private static Task<FakeApp> StartEchoAsync(CloudEventsMiddlewareOptions? options = null) => FakeApp.StartAsync(app =>
    {
        app.UseCloudEvents(options ?? new CloudEventsMiddlewareOptions());
        app.Run(EchoAsync);
    });

    private static async Task EchoAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        await context.Response.WriteAsync($"{context.Request.ContentType}|{context.Request.ContentLength}|{await reader.ReadToEndAsync()}");
    }

    private static Task<HttpResponseMessage> PostAsync(FakeApp app, string body, string contentType = "application/cloudevents+json; charset=utf-8")
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        return app.Client.PostAsync("/", content);
    }

    private sealed record Order(string Id);
}
