using System.Globalization;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Sidecar.Grpc;
using Sidecar.Protos;
using Sidecar.Runtime.AppChannel;
using GrpcMetadata = Sidecar.Grpc.Metadata;

namespace Sidecar.Runtime.NameResolution;

/// <summary>
/// What an invocation by gRPC has beyond HTTP, as headers between sidecars of two processes. No caller's headers of these names
/// go on this way.
/// </summary>
internal static class InvocationWire
{
    /// <summary>Of the caller, as its sidecar says; where there are certificates, as the caller's says.</summary>
    public const string CallerAppId = "dapr-caller-app-id";

    /// <summary>On a request: <c>verb;milliseconds left, or nothing;type of the data, percent-encoded</c>.</summary>
    public const string Invocation = "dapr-internal-grpc";

    /// <summary>On a response that has a gRPC status: a <c>google.rpc.Status</c> as base64 after a dot, for success is no byte at all and a header must have some.</summary>
    public const string Status = "dapr-internal-grpc-status";

    private const long MostMilliseconds = long.MaxValue / TimeSpan.TicksPerMillisecond;

    private const string TypeUrl = "dapr-internal-grpc-type";
    private const string HeaderPrefix = "dapr-internal-grpc-h-";
    private const string TrailerPrefix = "dapr-internal-grpc-t-";
    private const string BinarySuffix = "-bin";

    public static void Put(GrpcInvocation request, TimeProvider clock)
    {
        var left = request.Deadline is { } deadline ? $"{Math.Max(1, (long)(deadline - clock.GetUtcNow()).TotalMilliseconds)}" : "";
        request.Headers.TryAddWithoutValidation(Invocation, $"{(int)request.Verb};{left};{Uri.EscapeDataString(request.TypeUrl)}");
    }

    /// <summary>The request as it was before it crossed, without headers and content; null if it is one by HTTP.</summary>
    public static GrpcInvocation? Read(IHeaderDictionary headers, Uri target, TimeProvider clock)
    {
        if (headers[Invocation].ToString().Split(';') is not [var verb, var left, var type] || !int.TryParse(verb, CultureInfo.InvariantCulture, out var number))
            return null;
        return new GrpcInvocation((HTTPExtension.Types.Verb)number, target)
        {
            Deadline = long.TryParse(left, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
                ? Deadlines.After(clock, TimeSpan.FromMilliseconds(Math.Min(milliseconds, MostMilliseconds)))
                : null,
            TypeUrl = Uri.UnescapeDataString(type),
        };
    }

    public static void Put(GrpcAppReply reply)
    {
        var status = new Google.Rpc.Status { Code = (int)reply.Status.Code, Message = reply.Status.Message, Details = { reply.Status.Details } };
        reply.Headers.TryAddWithoutValidation(Status, "." + status.ToByteString().ToBase64());
        reply.Headers.TryAddWithoutValidation(TypeUrl, Uri.EscapeDataString(reply.TypeUrl));
        Put(reply, HeaderPrefix, reply.Metadata);
        Put(reply, TrailerPrefix, reply.Trailers);
    }

    /// <summary>The reply as it was before it crossed, with the content of the response; null if the app's response is one of HTTP.</summary>
    /// <exception cref="HttpRequestException">It cannot be read.</exception>
    public static GrpcAppReply? Read(HttpResponseMessage response)
    {
        if (!response.Headers.NonValidated.TryGetValues(Status, out var packed))
            return null;
        try
        {
            var status = Google.Rpc.Status.Parser.ParseFrom(ByteString.FromBase64(packed.ToString().TrimStart('.')));
            return new GrpcAppReply(new GrpcStatus((StatusCode)status.Code, status.Message, [.. status.Details]))
            {
                TypeUrl = response.Headers.NonValidated.TryGetValues(TypeUrl, out var type) ? Uri.UnescapeDataString(type.ToString()) : "",
                Metadata = Get(response, HeaderPrefix),
                Trailers = Get(response, TrailerPrefix),
                Content = response.Content,
            };
        }
        catch (Exception malformed) when (malformed is FormatException or InvalidProtocolBufferException or ArgumentException)
        {
            throw new HttpRequestException($"the reply of the app's sidecar cannot be read: {malformed.Message}", malformed);
        }
    }

    private static void Put(GrpcAppReply reply, string prefix, GrpcMetadata metadata)
    {
        foreach (var entry in metadata)
            reply.Headers.TryAddWithoutValidation(prefix + entry.Key, entry.Value ?? Convert.ToBase64String(entry.Bytes!));
    }

    private static GrpcMetadata Get(HttpResponseMessage response, string prefix)
    {
        var metadata = new GrpcMetadata();
        foreach (var (name, values) in response.Headers.NonValidated)
        {
            if (!name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
                continue;
            var key = name[prefix.Length..].ToLowerInvariant();
            foreach (var value in values)
            {
                if (key.EndsWith(BinarySuffix, StringComparison.Ordinal))
                    metadata.Add(key, Convert.FromBase64String(value));
                else
                    metadata.Add(key, value);
            }
        }

        return metadata;
    }
}
