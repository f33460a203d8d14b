using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Sidecar.Grpc;
using Sidecar.Protos;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.AppChannel;

/// <summary>
/// An app that speaks gRPC, called as if it spoke HTTP: <see cref="AppCallback.OnInvoke"/> (contract 2.4 and 3.3). A caller by gRPC
/// gets a <see cref="GrpcAppReply"/>; a caller by HTTP the data, or what went wrong as JSON.
/// </summary>
internal sealed class OnInvokeChannel(GrpcAppChannel app) : IAppChannel
{
    private static readonly JsonFormatter Details = new(new JsonFormatter.Settings(formatDefaultValues: false, TypeRegistry.FromFiles(ErrorDetailsReflection.Descriptor)));

    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public bool HasApp => app.HasApp;

    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var invocation = request as GrpcInvocation;
        var message = await ToMessageAsync(request, invocation, cancellationToken).ConfigureAwait(false);
        var options = new CallOptions { Metadata = MetadataRules.ForApp(request), Deadline = invocation?.Deadline };
        var result = await app.CallAsync(AppCallback.OnInvoke, message, options, cancellationToken).ConfigureAwait(false);
        if (!result.IsOK)
            cancellationToken.ThrowIfCancellationRequested();
        return invocation is null ? ToHttp(result) : ToReply(result);
    }

    private static async Task<InvokeRequest> ToMessageAsync(HttpRequestMessage request, GrpcInvocation? invocation, CancellationToken cancellationToken)
    {
        var target = request.RequestUri!.OriginalString;
        var question = target.IndexOf('?', StringComparison.Ordinal);
        var path = question < 0 ? target : target[..question];
        var verb = invocation?.Verb ?? VerbOf(request.Method);
        var query = question < 0 ? "" : target[(question + 1)..];
        var body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        return new InvokeRequest
        {
            Method = Uri.UnescapeDataString(path.TrimStart('/')),
            Data = new Any { TypeUrl = invocation?.TypeUrl ?? "", Value = UnsafeByteOperations.UnsafeWrap(body) },
            ContentType = request.Content is not null && request.Content.Headers.NonValidated.TryGetValues("Content-Type", out var type) ? type.ToString() : "",
            HttpExtension = invocation is not null && verb == HTTPExtension.Types.Verb.None && query.Length == 0 ? null : new HTTPExtension { Verb = verb, Querystring = query },
        };
    }

    private static HTTPExtension.Types.Verb VerbOf(HttpMethod method) =>
        System.Enum.TryParse<HTTPExtension.Types.Verb>(method.Method, ignoreCase: true, out var verb) && System.Enum.IsDefined(verb) ? verb : HTTPExtension.Types.Verb.None;

    private static GrpcAppReply ToReply(GrpcResult<InvokeResponse> result) => new(result.Status)
    {
        TypeUrl = result.Message?.Data?.TypeUrl ?? "",
        Metadata = result.Headers,
        Trailers = result.Trailers,
        Content = ContentOf(result.Message),
    };

    private static HttpResponseMessage ToHttp(GrpcResult<InvokeResponse> result)
    {
        var response = new HttpResponseMessage(StatusTables.ToHttp(result.Status.Code)) { Content = result.IsOK ? ContentOf(result.Message) : ContentOf(result.Status) };
        MetadataRules.AddTo(response, result.Headers);
        return response;
    }

    private static ReadOnlyMemoryContent ContentOf(InvokeResponse? message)
    {
        var content = new ReadOnlyMemoryContent(message?.Data?.Value.Memory ?? default);
        if (message?.ContentType is { Length: > 0 } type)
            content.Headers.TryAddWithoutValidation("Content-Type", type);
        return content;
    }

    private static ByteArrayContent ContentOf(GrpcStatus status)
    {
        var body = new JsonObject { ["code"] = (int)status.Code, ["message"] = status.Message };
        if (status.Details.Count > 0)
            body["details"] = new JsonArray([.. status.Details.Select(ToJson)]);
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body.ToJsonString(Readable)));
        content.Headers.TryAddWithoutValidation("Content-Type", ContentTypes.Json);
        return content;
    }

    // A detail of a type of the app's own is told by its name alone: nobody here can read it.
    private static JsonNode? ToJson(Any detail)
    {
        try
        {
            return JsonNode.Parse(Details.Format(detail));
        }
        catch (Exception unknown) when (unknown is InvalidOperationException or InvalidProtocolBufferException)
        {
            return new JsonObject { ["@type"] = detail.TypeUrl };
        }
    }
}
