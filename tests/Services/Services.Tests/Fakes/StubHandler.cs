using System.Net;

namespace Services.Tests.Fakes;

/// <summary>Answers HTTP requests in memory.</summary>
internal sealed class StubHandler(Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> answer) : HttpMessageHandler
{
    public StubHandler(Func<HttpRequestMessage, HttpResponseMessage> answer)
        : this((request, _) => Task.FromResult(answer(request)))
    {
    }

    public static HttpResponseMessage Reply(HttpStatusCode status, string body, string contentType = "application/json") =>
        new(status) { Content = new StringContent(body, System.Text.Encoding.UTF8, contentType) };

    /// <summary>Inventory's price list of a shop that sells tea, mugs and kettles.</summary>
    public static HttpClient Prices(string json = """{"tea":450,"mug":1290,"kettle":8900}""") =>
        new(new StubHandler(_ => Reply(HttpStatusCode.OK, json))) { BaseAddress = new Uri("http://inventory") };

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        answer(request, cancellationToken);
}
