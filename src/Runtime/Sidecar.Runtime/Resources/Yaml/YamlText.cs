using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sidecar.Runtime.Expressions;

namespace Sidecar.Runtime.Resources.Yaml;

/// <summary>The text that a YAML value stands for where Dapr wants a text.</summary>
internal static class YamlText
{
    private static readonly JsonWriterOptions JsonOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Scalars as text, null as the empty text; lists and maps as compact JSON with sorted keys.</summary>
    public static string Of(YamlNode node)
    {
        if (node is YamlScalar scalar)
            return OfScalar(scalar);
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, JsonOptions))
            Write(writer, node);
        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    public static string OfScalar(YamlScalar scalar) => scalar.Value switch
    {
        null => "",
        bool flag => flag ? "true" : "false",
        double number => GoFloat.Json(number),
        string text => text,
        var integer => Convert.ToString(integer, CultureInfo.InvariantCulture)!,
    };

    private static void Write(Utf8JsonWriter writer, YamlNode node)
    {
        switch (node)
        {
            case YamlMap map:
                writer.WriteStartObject();
                foreach (var (key, value) in Sorted(map))
                {
                    writer.WritePropertyName(key);
                    Write(writer, value);
                }

                writer.WriteEndObject();
                break;
            case YamlList list:
                writer.WriteStartArray();
                foreach (var item in list.Items)
                    Write(writer, item);
                writer.WriteEndArray();
                break;
            case YamlScalar { Value: string text }:
                writer.WriteStringValue(text);
                break;
            case YamlScalar { Value: null }:
                writer.WriteNullValue();
                break;
            case YamlScalar { Value: double number } when !double.IsFinite(number):
                writer.WriteStringValue(GoFloat.Json(number));
                break;
            case YamlScalar scalar:
                writer.WriteRawValue(OfScalar(scalar));
                break;
        }
    }

    // Not by looking up each key: a map may have many thousands.
    private static SortedDictionary<string, YamlNode> Sorted(YamlMap map)
    {
        var values = new SortedDictionary<string, YamlNode>(StringComparer.Ordinal);
        foreach (var entry in map.Entries)
            values[entry.Key] = entry.Value;
        return values;
    }
}
