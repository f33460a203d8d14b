namespace Sidecar.Runtime.Hosting;

/// <summary>The content types that decide how a request or an event carries its data.</summary>
internal static class ContentTypes
{
    public const string CloudEvent = "application/cloudevents+json";
    public const string CloudEventProtobuf = "application/cloudevents+protobuf";
    public const string Json = "application/json";
    public const string OctetStream = "application/octet-stream";
    public const string Protobuf = "application/x-protobuf";
    public const string PlainText = "text/plain";
    public const string Xml = "application/xml";

    /// <summary>Compares the media type, without its parameters and regardless of case.</summary>
    public static bool Is(string? contentType, string mediaType)
    {
        var type = contentType.AsSpan();
        var parameters = type.IndexOf(';');
        return (parameters < 0 ? type : type[..parameters]).Trim().Equals(mediaType, StringComparison.OrdinalIgnoreCase);
    }
}
