using System.Text;
using System.Text.Json;

namespace Sidecar.Runtime.GoJson;

/// <summary>
/// The text Go's verb <c>%v</c> gives for a decoded JSON value: strings bare, <c>map[a:1 b:[2 3]]</c>, null as <c>&lt;nil&gt;</c>.
/// Outbox events without a JSON content type carry it.
/// </summary>
internal static class GoPrinter
{
    /// <param name="compact">A value as <see cref="CompactJson"/> wrote it: keys sorted and unique, no lone surrogates.</param>
    public static string Print(ReadOnlyMemory<byte> compact)
    {
        using var document = JsonDocument.Parse(compact, new JsonDocumentOptions { MaxDepth = JsonFields.MaxDepth });
        var text = new StringBuilder();
        Print(document.RootElement, text);
        return text.ToString();
    }

    private static void Print(JsonElement value, StringBuilder text)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                text.Append(value.GetString());
                break;
            case JsonValueKind.Number:
                text.Append(GoNumber.FormatVerb(value.GetDouble()));
                break;
            case JsonValueKind.True:
                text.Append("true");
                break;
            case JsonValueKind.False:
                text.Append("false");
                break;
            case JsonValueKind.Object:
                PrintObject(value, text);
                break;
            case JsonValueKind.Array:
                PrintArray(value, text);
                break;
            default:
                text.Append("<nil>");
                break;
        }
    }

    private static void PrintObject(JsonElement value, StringBuilder text)
    {
        var separator = "map[";
        foreach (var member in value.EnumerateObject())
        {
            text.Append(separator).Append(member.Name).Append(':');
            Print(member.Value, text);
            separator = " ";
        }

        text.Append(separator == " " ? "]" : "map[]");
    }

    private static void PrintArray(JsonElement value, StringBuilder text)
    {
        var separator = "[";
        foreach (var item in value.EnumerateArray())
        {
            text.Append(separator);
            Print(item, text);
            separator = " ";
        }

        text.Append(separator == " " ? "]" : "[]");
    }
}
