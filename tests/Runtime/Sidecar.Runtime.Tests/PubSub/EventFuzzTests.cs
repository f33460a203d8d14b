using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using Sidecar.Runtime.PubSub.Delivery;
using Sidecar.Runtime.PubSub.GrpcDelivery;
using Sidecar.Runtime.PubSub.Publishing;
using Sidecar.Runtime.Telemetry;
using TestSupport;

namespace Sidecar.Runtime.Tests.PubSub;

/// <summary>All that looks into events: whatever the bytes are, it tells what they hold or why nothing.</summary>
public sealed class EventFuzzTests
{
    private const int Memory = 2 << 20;
    private const int Deep = 10_000;

    private static readonly JsonDocumentOptions AsDeep = new() { MaxDepth = Deep };

    private static readonly string?[] ContentTypes =
        [null, "", "text/plain", "application/json", "application/json; charset=utf-8", "application/cloudevents+json", "application/octet-stream", "application/x-protobuf", "application/cloudevents+protobuf", "image/png"];

    [Fact]
    public void The_summary_of_an_event_is_what_its_json_says() => Fuzz.Check(Gen.OneOf(GeneratedJson.Events, GeneratedJson.Bodies()), bytes =>
    {
        var isRead = EventSummary.TryRead(bytes, out var summary, out var error);
        Assert.Equal(isRead, error is null);
        if (!isRead)
            return summary == default;
        using var document = JsonDocument.Parse(bytes, AsDeep);
        return summary.Id == TextOf(document.RootElement, "id") && summary.TraceState == TextOf(document.RootElement, "tracestate");
    }, memory: Memory);

    [Fact]
    public void An_event_of_a_publisher_is_completed_to_one_or_refused() => Fuzz.Check(Gen.OneOf(GeneratedJson.Events, GeneratedJson.Bodies()), bytes =>
    {
        if (!CloudEventEnvelope.TryComplete(Context("application/cloudevents+json"), bytes, out var completed))
            return completed.IsEmpty;
        return IsOurs(completed, "specversion");
    }, memory: Memory);

    [Fact]
    public void Data_of_any_bytes_and_type_is_wrapped_in_an_event() => Fuzz.Check(
        from bytes in Gen.OneOf(GeneratedJson.Bodies(), GeneratedJson.Events, ArbMap.Default.GeneratorFor<byte[]>()) from type in Gen.Elements(ContentTypes) select (bytes, type),
        input =>
        {
            var wrapped = CloudEventEnvelope.Wrap(Context(input.type), input.bytes);
            var raw = CloudEventEnvelope.WrapRaw("pubsub", "orders", input.bytes, new Dictionary<string, string> { ["traceparent"] = "\ud800" });
            return IsOurs(wrapped, "specversion") && IsOurs(raw, "data_base64") && EventSummary.TryRead(wrapped.Span, out var summary, out _) && summary.Id?.Length > 0;
        },
        memory: Memory);

    [Fact]
    public void An_event_is_told_in_fields_or_it_is_told_why_not() => Fuzz.Check(Gen.OneOf(GeneratedJson.Events, GeneratedJson.Bodies()), bytes =>
        EventFields.TryRead(bytes, out var fields, out var error)
            ? fields.ToRequest("pubsub", "orders", "/a").CalculateSize() > 0 && fields.ToBatchEvent().CalculateSize() >= 0
            : error.Length > 0, memory: Memory);

    [Fact]
    public void Entries_of_a_bulk_publish_are_read_or_refused_in_the_two_ways_that_are_answered() => Fuzz.Check(GeneratedJson.Bodies(Entries()), bytes =>
    {
        try
        {
            return BulkEntryJson.ReadAll(bytes).All(entry => entry.Problem is null || entry.Problem.Length > 0);
        }
        catch (Exception refused) when (refused is JsonException or InvalidOperationException)
        {
            return true;
        }
    }, memory: Memory);

    [Fact]
    public void What_an_app_answers_is_a_status_or_none() => Fuzz.Check(
        GeneratedJson.Bodies(from list in GeneratedJson.EntriesOf(Gen.Elements("entryId", "status", "Status", "x")) from name in Gen.Elements("statuses", "Statuses", "status") select $$"""{"{{name}}":{{list}},"status":"DROP"}"""),
        bytes =>
        {
            BulkReply.StatusesOf(bytes);
            return AppReply.StatusOf(bytes) is null or { Length: < 1000 };
        },
        memory: Memory);

    [Fact]
    public void Bytes_decode_as_an_event_of_protobuf_or_do_not() => Fuzz.Check(
        Wounds.Of(Gen.Elements<byte[]>([0x0A, 1, (byte)'1', 0x12, 1, (byte)'s', 0x1A, 3, (byte)'1', (byte)'.', (byte)'0', 0x22, 1, (byte)'t', 0x3A, 2, (byte)'h', (byte)'i'], []), [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], [0x0B], [0x0C], [0x0A, 0xFF, 0x01], [0x00]),
        bytes => !ProtobufCloudEvent.Decodes(bytes) || IsReadByProtobuf(bytes),
        memory: 100_000);

    [Theory]
    [InlineData("[", "]")]
    [InlineData("{\"a\":", "1}")]
    [InlineData("[{\"a\":", "}]")]
    public void Ten_thousand_levels_of_nesting_are_read_or_refused(string open, string close)
    {
        var nested = string.Concat(Enumerable.Repeat(open, Deep)) + (close == "}]" ? "1" : "") + string.Concat(Enumerable.Repeat(close, Deep));
        foreach (var text in (string[])[nested, $$"""{"id":"1","data":{{nested}}}""", $$"""{"id":"1","x":{{nested}},"data":1}""", $$"""[{"entryId":"1","event":{{nested}},"contentType":"application/json"}]""", string.Concat(Enumerable.Repeat(open, 100_000))])
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            EventSummary.TryRead(bytes, out _, out _);
            EventFields.TryRead(bytes, out _, out _);
            CloudEventEnvelope.TryComplete(Context(null), bytes, out _);
            CloudEventEnvelope.Wrap(Context("application/json"), bytes);
            BulkReply.StatusesOf(bytes);
            AppReply.StatusOf(bytes);
            Assert.True(Record.Exception(() => BulkEntryJson.ReadAll(bytes)) is null or JsonException or InvalidOperationException);
        }
    }

    private static EnvelopeContext Context(string? contentType) => new(
        "shop", "pubsub", "orders", contentType, new PublishMetadata(), new TraceContext("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", ""), DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch);

    /// <summary>Field by field, by the library.</summary>
    private static bool IsReadByProtobuf(byte[] bytes)
    {
        var input = new CodedInputStream(bytes);
        while (input.ReadTag() != 0)
            input.SkipLastField();
        return input.IsAtEnd;
    }

    private static bool IsOurs(ReadOnlyMemory<byte> cloudEvent, string attribute)
    {
        using var document = JsonDocument.Parse(cloudEvent, AsDeep);
        return document.RootElement.GetProperty("topic").GetString() == "orders" && document.RootElement.GetProperty("pubsubname").GetString() == "pubsub" && document.RootElement.TryGetProperty(attribute, out _);
    }

    /// <summary>The last of the name, if it is a text.</summary>
    private static string? TextOf(JsonElement cloudEvent, string name) =>
        cloudEvent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static Gen<string> Entries()
    {
        var entry = from id in Gen.Elements("\"1\"", "\"2\"", "1", "null", "\"\\ud800\"")
                    from type in Gen.Elements("\"text/plain\"", "\"application/json\"", "\"application/octet-stream\"", "\"application/cloudevents+json\"", "\"image/png\"", "1", "null")
                    from content in Gen.OneOf(GeneratedJson.Json(2), Gen.Elements("\"AAEC\"", "\"A\""))
                    from metadata in Gen.Elements("{}", "null", "{\"rawPayload\":\"true\"}", "{\"a\":1}", "[]", "{\"ttlInSeconds\":\"1\",\"\\udc00\":\"\"}")
                    select $$"""{"entryId":{{id}},"event":{{content}},"contentType":{{type}},"metadata":{{metadata}}}""";
        return Gen.OneOf(entry.ArrayOf().Select(all => $"[{string.Join(',', all.Take(5))}]"), GeneratedJson.EntriesOf(Gen.Elements("entryId", "event", "contentType", "metadata", "EVENT")));
    }
}
