using System.Globalization;
using System.Text.Json;

namespace Sidecar.Components.Local;

/// <summary>Names and texts of the leaves of a secrets file.</summary>
internal static class SecretText
{
    /// <summary>Adds every leaf under <paramref name="name"/>; the parts of a path, and the index in an array, are joined by the separator.</summary>
    public static void Flatten(string name, JsonElement value, string separator, Dictionary<string, string> leaves)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in value.EnumerateObject())
                    Flatten(name + separator + property.Name, property.Value, separator, leaves);
                break;
            case JsonValueKind.Array:
                var index = 0;
                foreach (var element in value.EnumerateArray())
                    Flatten(string.Create(CultureInfo.InvariantCulture, $"{name}{separator}{index++}"), element, separator, leaves);
                break;
            default:
                leaves[name] = Leaf(value);
                break;
        }
    }

    /// <summary>What is not text comes out as Go's %s verb renders it, because Dapr's own store does so.</summary>
    private static string Leaf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.True => "%!s(bool=true)",
        JsonValueKind.False => "%!s(bool=false)",
        JsonValueKind.Number => $"%!s(float64={GoFloat(value.GetDouble())})",
        _ => "%!s(<nil>)",
    };

    /// <summary>Shortest digits that give the number back, in plain notation from 1e-4 up to below 1e21.</summary>
    private static string GoFloat(double number)
    {
        var text = number.ToString("R", CultureInfo.InvariantCulture);
        var exponentAt = text.IndexOf('E', StringComparison.Ordinal);
        if (exponentAt < 0)
            return text;
        var exponent = int.Parse(text[(exponentAt + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var mantissa = text[..exponentAt];
        if (exponent is < 0 or >= 21)
            return string.Create(CultureInfo.InvariantCulture, $"{mantissa}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}");

        // .NET leaves plain notation at 1e15 already: all digits are in the mantissa, zeros fill the rest.
        var digits = mantissa.Replace(".", "", StringComparison.Ordinal);
        var sign = digits.StartsWith('-') ? 1 : 0;
        return digits.PadRight(exponent + 1 + sign, '0');
    }
}
