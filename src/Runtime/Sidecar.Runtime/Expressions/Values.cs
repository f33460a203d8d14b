using System.Globalization;
using System.Text.Json;

namespace Sidecar.Runtime.Expressions;

/// <summary>
/// Values of the language: null, bool, long, ulong, double, string, lists (<see cref="IReadOnlyList{T}"/> or a JSON array) and
/// maps (<see cref="ValueMap"/>, a dictionary with text keys, or a JSON object). JSON is adapted only where it is looked at.
/// </summary>
internal static class Values
{
    private const int MembersAtOnce = 16;

    public static object? Adapt(object? value) => value switch
    {
        null or bool or long or ulong or double or string or ExpressionError or ValueMap => value,
        JsonElement element => Adapt(element),
        JsonDocument document => Adapt(document.RootElement),
        int or short or sbyte or byte or ushort or uint => Convert.ToInt64(value, CultureInfo.InvariantCulture),
        float or decimal => Convert.ToDouble(value, CultureInfo.InvariantCulture),
        IReadOnlyList<object?> or IReadOnlyDictionary<string, object?> or IReadOnlyDictionary<string, string> => value,
        _ => new ExpressionError($"a value of type {value.GetType().Name} cannot be used"),
    };

    private static object? Adapt(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                try
                {
                    return element.GetString();
                }
                catch (InvalidOperationException)
                {
                    // Valid JSON may escape half a surrogate pair, which is no text.
                    return new ExpressionError("the text has half a surrogate pair");
                }

            case JsonValueKind.Number:
                return element.GetDouble();
            case JsonValueKind.True:
                return true;
            case JsonValueKind.False:
                return false;
            case JsonValueKind.Array or JsonValueKind.Object:
                return element;
            default:
                return null;
        }
    }

    public static string TypeName(object? value) => value switch
    {
        null => "null",
        bool => "bool",
        long => "int",
        ulong => "uint",
        double => "double",
        string => "string",
        _ when IsList(value) => "list",
        _ => "map",
    };

    public static bool IsList(object? value) => value is JsonElement { ValueKind: JsonValueKind.Array } or IReadOnlyList<object?>;

    public static bool IsMap(object? value) =>
        value is JsonElement { ValueKind: JsonValueKind.Object } or ValueMap or IReadOnlyDictionary<string, object?> or IReadOnlyDictionary<string, string>;

    /// <summary>Elements of a list, null for anything else.</summary>
    public static IEnumerable<object?>? Elements(object? list) => list switch
    {
        JsonElement { ValueKind: JsonValueKind.Array } array => array.EnumerateArray().Select(item => Adapt(item)),
        IReadOnlyList<object?> items => items.Select(Adapt),
        _ => null,
    };

    /// <summary>Keys of a map, null for anything else.</summary>
    public static IEnumerable<object>? Keys(object? map) => map switch
    {
        JsonElement { ValueKind: JsonValueKind.Object } element => element.EnumerateObject().Select(NameOf),
        ValueMap values => values.Keys,
        IReadOnlyDictionary<string, object?> values => values.Keys,
        IReadOnlyDictionary<string, string> values => values.Keys,
        _ => null,
    };

    public static long? Count(object? value) => value switch
    {
        JsonElement { ValueKind: JsonValueKind.Array } array => array.GetArrayLength(),
        IReadOnlyList<object?> list => list.Count,
        _ => Keys(value)?.LongCount(),
    };

    /// <summary>JSON is searched from one end to the other, member by member, which is work where there are many of them.</summary>
    public static bool CanLookInto(object? value, Scope scope) => value switch
    {
        JsonElement { ValueKind: JsonValueKind.Object } map => scope.TakeWork(map.GetPropertyCount() / MembersAtOnce),
        JsonElement { ValueKind: JsonValueKind.Array } list => scope.TakeWork(list.GetArrayLength() / MembersAtOnce),
        _ => true,
    };

    public static bool TryGet(object? map, object? key, out object? value)
    {
        value = null;
        if (map is ValueMap values)
            return values.TryGet(key, out value);
        if (key is not string name)
            return false;
        switch (map)
        {
            case JsonElement element when TryGetProperty(element, name, out var property):
                value = Adapt(property);
                return true;
            case IReadOnlyDictionary<string, object?> objects when objects.TryGetValue(name, out var found):
                value = Adapt(found);
                return true;
            case IReadOnlyDictionary<string, string> texts when texts.TryGetValue(name, out var text):
                value = text;
                return true;
            default:
                return false;
        }
    }

    private static bool TryGetProperty(JsonElement map, string name, out JsonElement property)
    {
        try
        {
            return map.TryGetProperty(name, out property);
        }
        catch (Exception failure) when (failure is InvalidOperationException or ArgumentException)
        {
            // Half a surrogate pair, in a name of the map or in the name asked for.
            property = default;
            return false;
        }
    }

    private static string NameOf(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            return "\uFFFD";
        }
    }

    /// <summary>An element of a list by an integer, or by a double that is one.</summary>
    public static object? At(object list, object? index)
    {
        if (Numbers.AsInteger(index) is not { } position)
            return ExpressionError.NoOverload("[]", list, index);
        if (position < 0 || position >= Count(list))
            return new ExpressionError($"index {position} is out of range");
        return Adapt(list is JsonElement array ? array[(int)position] : ((IReadOnlyList<object?>)list)[(int)position]);
    }
}
