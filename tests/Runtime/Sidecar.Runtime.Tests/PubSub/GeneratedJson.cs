using System.Text;
using FsCheck;
using FsCheck.Fluent;
using TestSupport;

namespace Sidecar.Runtime.Tests.PubSub;

/// <summary>JSON as apps, publishers and brokers may send it, or nearly.</summary>
internal static class GeneratedJson
{
    private static readonly string[] Names =
    [
        "id", "type", "data", "traceparent", "traceid", "expiration", "topic", "entryId", "event", "contentType", "metadata", "statuses", "status",
        "pubsubname", "route", "routes", "rules", "match", "path", "default", "deadLetterTopic", "bulkSubscribe", "enabled", "maxMessagesCount", "\\ud800", "é",
    ];

    private static readonly string[] Leaves =
    [
        "null", "true", "1", "-2.5e300", "12345678901234567890", "\"\"", "\"a\"", "\"\\ud800\"", "\"\\u0000\"", "\"pubsub\"", "\"orders\"", "\"SUCCESS\"", "\"RETRY\"", "\"DROP\"",
        "\"text/plain\"", "\"application/json\"", "\"application/octet-stream\"", "\"application/cloudevents+json\"", "\"event.type == \\\"a\\\"\"", "\"2020-01-01T00:00:00Z\"", "{}", "[]",
    ];

    private static readonly string[] Wounding =
    [
        "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud800", "\\udc00", "null", "1e400", "-", "0", "//", " ", "\n", "\0", "\u001f", "é", "\"id\":1,", "\"data\":", "\"data_base64\":\"!\",", "\"datacontenttype\":\"text/plain\",",
    ];

    /// <summary>An event with all its attributes, most of them as they should be.</summary>
    public static Gen<string> Event { get; } =
        from id in Gen.Elements("\"1\"", "1", "null", "\"\\ud800\"", "\"é😀\"")
        from type in Gen.Elements("\"a\"", "\"com.dapr.event.sent\"", "{}", "\"\"")
        from trace in Gen.Elements("\"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\"", "\"x\"", "\"\"", "[1]", "null")
        from expiration in Gen.Elements("\"2030-01-01T00:00:00Z\"", "\"2020-01-01T00:00:00+25:00\"", "\"9999-12-31T23:59:59.9999999-14:00\"", "\"never\"", "5")
        from contentType in Gen.Elements("\"application/json\"", "\"text/plain\"", "\"application/octet-stream\"", "\"\"", "1", "\"application/json; charset=\"")
        from data in Gen.OneOf(Json(3), Gen.Constant("\"text\""))
        from binary in Gen.Elements("", ",\"data_base64\":\"AAEC\"", ",\"data_base64\":\"AA\"", ",\"data_base64\":null", ",\"data_base64\":[]")
        from extra in Member(Gen.Elements(Names), Json(2))
        select $$"""{"id":{{id}},"source":"s","type":{{type}},"specversion":"1.0","traceparent":{{trace}},"traceid":{{trace}},"expiration":{{expiration}},"datacontenttype":{{contentType}},"data":{{data}}{{binary}},{{extra}}}""";

    /// <summary>Whole ones and such with wounds.</summary>
    public static Gen<byte[]> Events { get; } = Gen.Frequency((1, Event.Select(Encoding.UTF8.GetBytes)), (3, Wounded(Event)));

    /// <summary>JSON of any shape, such with a wound, and bytes that never were JSON.</summary>
    public static Gen<byte[]> Bodies(Gen<string>? json = null)
    {
        var whole = (json ?? Json(3)).Select(Encoding.UTF8.GetBytes);
        return Gen.Frequency((5, whole), (3, Wounded(json ?? Json(3))), (1, Json(2).Select(Encoding.UTF8.GetBytes)), (1, Gen.Choose(0, 255).Select(value => (byte)value).ArrayOf()));
    }

    public static Gen<string> EntriesOf(Gen<string> names) => Member(names, Json(1)).ArrayOf().Select(Joined).ArrayOf().Select(List);

    public static Gen<string> Object(int depth) => Member(Gen.Elements(Names), Json(depth)).ArrayOf().Select(Joined);

    public static Gen<string> Json(int depth)
    {
        if (depth == 0)
            return Gen.Elements(Leaves);
        var inner = Json(depth - 1);
        return Gen.OneOf(Gen.Elements(Leaves), Few(inner).Select(List), Few(Member(Gen.Elements(Names), inner)).Select(Joined));
    }

    private static Gen<byte[]> Wounded(Gen<string> json) => Wounds.Of(json.Select(Encoding.UTF8.GetBytes), [.. Wounding.Select(Encoding.UTF8.GetBytes)]);

    // As many as the size says, on each level, would be megabytes.
    private static Gen<T[]> Few<T>(Gen<T> items) => from count in Gen.Choose(0, 4) from list in items.ArrayOf(count) select list;

    private static Gen<string> Member(Gen<string> names, Gen<string> values) => from name in names from value in values select $"\"{name}\":{value}";

    private static string List(string[] items) => $"[{string.Join(',', items)}]";

    private static string Joined(string[] members) => $"{{{string.Join(',', members)}}}";
}
