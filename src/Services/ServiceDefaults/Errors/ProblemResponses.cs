using System.Text.Json;
using Dapr;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Shop.ServiceDefaults.Errors;

/// <summary>Every error leaves as problem details (RFC 9457), and none with a stack trace.</summary>
internal static class ProblemResponses
{
    public static void UseProblemResponses(this WebApplication app)
    {
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            ExceptionHandler = context => WriteAsync(context, context.Features.GetRequiredFeature<IExceptionHandlerFeature>().Error),
            // A caller's mistake is answered, and is not this service's error to log.
            SuppressDiagnosticsCallback = context => context.Exception is BadHttpRequestException,
        });
        app.UseStatusCodePages(page => TypedResults.Problem(statusCode: page.HttpContext.Response.StatusCode).ExecuteAsync(page.HttpContext));
    }

    private static Task WriteAsync(HttpContext context, Exception error)
    {
        var (status, detail) = Describe(error);
        return TypedResults.Problem(detail, statusCode: status).ExecuteAsync(context);
    }

    private static (int Status, string Detail) Describe(Exception error) => error switch
    {
        BadHttpRequestException { InnerException: JsonException json } => (StatusCodes.Status400BadRequest, OfJson(json)),
        BadHttpRequestException bad => (bad.StatusCode, bad.Message),
        DaprException or HttpRequestException => (StatusCodes.Status503ServiceUnavailable, "Something that this service depends on is unavailable. Try again later."),
        _ => (StatusCodes.Status500InternalServerError, "This service failed. The trace id finds the reason in its logs."),
    };

    /// <summary>Names the place. The serializer's own message would name types of ours, which are nobody's business.</summary>
    private static string OfJson(JsonException error)
    {
        var place = error is { LineNumber: { } line, BytePositionInLine: { } column } ? $", line {line + 1}, byte {column + 1}" : "";
        return $"The request body is not the JSON expected here (at {error.Path ?? "$"}{place}).";
    }
}
