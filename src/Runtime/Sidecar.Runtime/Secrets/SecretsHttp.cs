using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.Secrets;

/// <summary>The secrets API over HTTP (contract section 2.8).</summary>
internal static class SecretsHttp
{
    // Segments of /v1.0/secrets/{store}/{key}.
    private const int StoreSegment = 2;
    private const int KeySegment = 3;

    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Map(IEndpointRouteBuilder endpoints, SecretsEngine engine)
    {
        endpoints.MapMethods("/v1.0/secrets/{store}/bulk", [HttpMethods.Get], context => GetAllAsync(context, engine));
        endpoints.MapMethods("/v1.0/secrets/{store}/{key}", [HttpMethods.Get], context => GetAsync(context, engine));
    }

    private static async Task GetAsync(HttpContext context, SecretsEngine engine)
    {
        if (!RawPath.TryGetSegment(context, StoreSegment, out var store) || !RawPath.TryGetSegment(context, KeySegment, out var key))
        {
            await RawPath.WriteBadEscapeAsync(context).ConfigureAwait(false);
            return;
        }

        IReadOnlyDictionary<string, string>? secret = null;
        var (metadata, error) = await ReadMetadataAsync(context.Request).ConfigureAwait(false);
        if (metadata is not null)
            (secret, error) = await engine.GetAsync(store, key, metadata, context.RequestAborted).ConfigureAwait(false);
        await WriteAsync(context, secret, WriteValues, error).ConfigureAwait(false);
    }

    private static async Task GetAllAsync(HttpContext context, SecretsEngine engine)
    {
        if (!RawPath.TryGetSegment(context, StoreSegment, out var store))
        {
            await RawPath.WriteBadEscapeAsync(context).ConfigureAwait(false);
            return;
        }

        IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>? secrets = null;
        var (metadata, error) = await ReadMetadataAsync(context.Request).ConfigureAwait(false);
        if (metadata is not null)
            (secrets, error) = await engine.GetAllAsync(store, metadata, context.RequestAborted).ConfigureAwait(false);
        await WriteAsync(context, secrets, WriteSecrets, error).ConfigureAwait(false);
    }

    /// <summary>Metadata of the query over those of a body, which hardly anybody sends.</summary>
    private static async ValueTask<(IReadOnlyDictionary<string, string>? Metadata, DaprError? Error)> ReadMetadataAsync(HttpRequest request)
    {
        var fromQuery = RequestMetadata.FromQuery(request);
        if (request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: true })
            return (fromQuery, null);

        var (metadata, error) = await RequestBody.ParseAsync(request, ParseMetadata, SecretsErrors.MalformedBody).ConfigureAwait(false);
        if (metadata is null)
            return (null, error);
        foreach (var (name, value) in fromQuery)
            metadata[name] = value;
        return (metadata, null);
    }

    /// <summary><c>{"metadata":{"name":"value"}}</c>; what else the message holds, the path says.</summary>
    private static Dictionary<string, string> ParseMetadata(ReadOnlySpan<byte> body)
    {
        if (body.IsEmpty)
            return [];
        var reader = new Utf8JsonReader(body);
        using var document = JsonDocument.ParseValue(ref reader);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
            throw new JsonException("expected an object");
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        if (!document.RootElement.TryGetProperty("metadata", out var members) || members.ValueKind == JsonValueKind.Null)
            return metadata;
        if (members.ValueKind != JsonValueKind.Object)
            throw new JsonException("metadata: expected an object of strings");
        foreach (var member in members.EnumerateObject())
        {
            if (member.Value.ValueKind != JsonValueKind.String)
                throw new JsonException($"metadata.{member.Name}: expected a string");
            metadata[member.Name] = member.Value.GetString()!;
        }

        return metadata;
    }

    private static void WriteSecrets(Utf8JsonWriter json, IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> secrets)
    {
        json.WriteStartObject();
        foreach (var (name, values) in secrets)
        {
            json.WritePropertyName(name);
            WriteValues(json, values);
        }

        json.WriteEndObject();
    }

    private static void WriteValues(Utf8JsonWriter json, IReadOnlyDictionary<string, string> values)
    {
        json.WriteStartObject();
        foreach (var (name, value) in values)
            json.WriteString(name, value);
        json.WriteEndObject();
    }

    private static async Task WriteAsync<T>(HttpContext context, T? result, Action<Utf8JsonWriter, T> write, DaprError? error)
        where T : class
    {
        if (error is not null)
        {
            await context.WriteErrorAsync(error).ConfigureAwait(false);
            return;
        }

        if (result is null)
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body, Relaxed))
            write(json, result);
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.WrittenCount;
        await context.Response.Body.WriteAsync(body.WrittenMemory, context.RequestAborted).ConfigureAwait(false);
    }
}
