using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http.HttpResults;
using Shop.ServiceDefaults;

namespace Shop.Gateway;

internal static class GatewayApi
{
    public const string Prefix = "/api";

    private const string IdempotencyKey = "Idempotency-Key";
    private const int MaxBody = 256 * 1024;
    private const int MaxIdLength = 64;

    public static void MapGateway(this IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup(Prefix).AddEndpointFilter(RefuseUntilOpenAsync);
        api.MapPost("/orders", SubmitOrderAsync);
        api.MapGet("/orders/{id}", GetOrderAsync);
        api.MapGet("/products", GetProductsAsync);
    }

    internal static async Task SubmitOrderAsync(HttpContext http, Forwarder forwarder)
    {
        var keys = http.Request.Headers[IdempotencyKey];
        if (keys.Any(key => key is null || !key.All(character => character is >= ' ' and <= '~')))
        {
            await Invalid(IdempotencyKey, "The header takes printable ASCII characters.").ExecuteAsync(http);
            return;
        }

        if (await ReadBodyAsync(http.Request, http.RequestAborted) is not { } body)
        {
            await TypedResults.Problem(
                $"A body has {MaxBody / 1024} KiB at most.", statusCode: StatusCodes.Status413PayloadTooLarge, title: "The body is too large")
                .ExecuteAsync(http);
            return;
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, "http://orders/orders") { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        foreach (var key in keys)
            request.Headers.TryAddWithoutValidation(IdempotencyKey, key);

        // Sidecars send a body of known length again when the connection to the app breaks, by which an order without a key that
        // Orders had accepted just before would be accepted twice. They never repeat a chunked one.
        request.Headers.TransferEncodingChunked = true;
        await forwarder.ForwardAsync(http, request);
    }

    internal static async Task GetOrderAsync(HttpContext http, string id, Forwarder forwarder)
    {
        // What cannot be an id is not worth a call, nor fit to be part of another address.
        if (id.Length > MaxIdLength || !id.All(char.IsAsciiLetterOrDigit))
        {
            await TypedResults.Problem("There is no order of this id.", statusCode: StatusCodes.Status404NotFound, title: "No such order")
                .ExecuteAsync(http);
            return;
        }

        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://orders/orders/{id}");
        await forwarder.ForwardAsync(http, request);
    }

    internal static async Task GetProductsAsync(HttpContext http, Forwarder forwarder)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://inventory/products");
        await forwarder.ForwardAsync(http, request);
    }

    private static async ValueTask<object?> RefuseUntilOpenAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        await context.HttpContext.RequestServices.GetRequiredService<ReadinessGate>().OpensAsync(context.HttpContext.RequestAborted)
            ? await next(context)
            : ShopProblems.Unavailable(context.HttpContext, "The shop is starting.");

    private static ValidationProblem Invalid(string field, string message) =>
        TypedResults.ValidationProblem(new Dictionary<string, string[]> { [field] = [message] });

    /// <returns>Null when the body is larger than allowed.</returns>
    private static async Task<byte[]?> ReadBodyAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength > MaxBody)
            return null;

        using var body = new MemoryStream();
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await request.Body.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (body.Length + read > MaxBody)
                return null;
            body.Write(buffer, 0, read);
        }

        return body.ToArray();
    }
}
