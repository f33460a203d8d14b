using System.Globalization;

namespace Sidecar.Components.RabbitMq;

/// <summary>Metadata of a publish or a subscription, names regardless of case.</summary>
internal static class RequestFields
{
    /// <summary>Null when absent or empty.</summary>
    public static string? Find(IReadOnlyDictionary<string, string> metadata, string name)
    {
        if (metadata.Count == 0)
            return null;
        if (metadata.TryGetValue(name, out var exact) && exact.Length > 0)
            return exact;
        foreach (var (key, value) in metadata)
        {
            if (value.Length > 0 && key.Equals(name, StringComparison.OrdinalIgnoreCase))
                return value;
        }

        return null;
    }

    /// <summary>A whole number of 0 or more.</summary>
    /// <exception cref="RabbitMqFault">It is something else.</exception>
    public static long? Number(IReadOnlyDictionary<string, string> metadata, string name, string what)
    {
        if (Find(metadata, name) is not { } text)
            return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new RabbitMqFault($"metadata '{name}' of the {what} is '{text}', expected an integer of at least 0", isPermanent: true);
    }
}
