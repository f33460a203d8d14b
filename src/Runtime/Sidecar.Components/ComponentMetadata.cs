using System.Globalization;

namespace Sidecar.Components;

/// <summary>
/// The <c>spec.metadata</c> of a component after secrets, environment references and templates are resolved. Names are
/// matched without regard to case; every typed reader names the field in its error.
/// </summary>
/// <param name="secrets">Values that come from a secret store, and are to be in no message.</param>
public sealed class ComponentMetadata(IEnumerable<KeyValuePair<string, string>> values, IReadOnlyCollection<string>? secrets = null)
{
    /// <summary>A shorter text may stand in a message by chance, where it is not quoted.</summary>
    private const int Telling = 12;

    private readonly Dictionary<string, string> _values = new(
        values.GroupBy(pair => pair.Key, StringComparer.OrdinalIgnoreCase).Select(group => group.Last()),
        StringComparer.OrdinalIgnoreCase);

    public static ComponentMetadata Empty { get; } = new([]);

    public IReadOnlyDictionary<string, string> Values => _values;

    /// <summary>The same fields and further ones.</summary>
    public ComponentMetadata With(string name, string value) => new(_values.Append(KeyValuePair.Create(name, value)), secrets);

    /// <summary>A message without the secrets that it quotes: whoever has put one into the wrong field is not to read it in a log.</summary>
    public string Conceal(string message)
    {
        // The longest first: one that begins another would leave the rest of that to be read.
        foreach (var secret in (secrets ?? []).OrderByDescending(secret => secret.Length))
        {
            message = message.Replace($"'{secret}'", "(a secret)", StringComparison.Ordinal);
            if (secret.Length >= Telling)
                message = message.Replace(secret, "(a secret)", StringComparison.Ordinal);
        }

        return message;
    }

    /// <summary>The first of <paramref name="names"/> that is present and not empty, else null.</summary>
    public string? Find(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (_values.TryGetValue(name, out var value) && value.Length > 0)
                return value;
        }

        return null;
    }

    /// <exception cref="ComponentException">The field is missing or empty.</exception>
    public string Required(params ReadOnlySpan<string> names) =>
        Find(names) ?? throw new ComponentException($"metadata field '{names[0]}' is required");

    public string Text(string name, string defaultValue) => Find(name) ?? defaultValue;

    /// <summary>Dapr's truthy words (y, yes, t, true, on, 1) are true, everything else is false.</summary>
    public bool Flag(string name, bool defaultValue = false) =>
        Find(name) is { } text ? GoText.IsTruthy(text) : defaultValue;

    /// <exception cref="ComponentException">Not an integer, or outside the range.</exception>
    public int Integer(string name, int defaultValue, int minimum = int.MinValue, int maximum = int.MaxValue)
    {
        if (Find(name) is not { } text)
            return defaultValue;
        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) || number < minimum || number > maximum)
            throw new ComponentException($"metadata field '{name}' is '{text}', expected an integer{Range(minimum, maximum)}");
        return number;
    }

    /// <summary>A Go duration (<c>1m30s</c>); a bare integer counts in <paramref name="bareUnit"/>.</summary>
    /// <exception cref="ComponentException">Not a duration.</exception>
    public TimeSpan Duration(string name, TimeSpan defaultValue, TimeSpan bareUnit)
    {
        if (Find(name) is not { } text)
            return defaultValue;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && Math.Abs((double)number) < TimeSpan.MaxValue / bareUnit)
            return number * bareUnit;
        return GoText.TryParseDuration(text, out var duration)
            ? duration
            : throw new ComponentException($"metadata field '{name}' is '{text}', expected a duration such as 500ms, 20s or 1h30m");
    }

    /// <summary>As <see cref="Duration"/>, of the first name that is present.</summary>
    /// <exception cref="ComponentException">Not a duration.</exception>
    public TimeSpan DurationOf(ReadOnlySpan<string> names, TimeSpan defaultValue, TimeSpan bareUnit)
    {
        foreach (var name in names)
        {
            if (Find(name) is not null)
                return Duration(name, defaultValue, bareUnit);
        }

        return defaultValue;
    }

    /// <summary>A number of bytes such as <c>1000</c>, <c>10Ki</c> or <c>1M</c>.</summary>
    /// <exception cref="ComponentException">Not a size.</exception>
    public long Size(string name, long defaultValue)
    {
        if (Find(name) is not { } text)
            return defaultValue;
        return Quantity.TryParse(text, out var bytes)
            ? bytes
            : throw new ComponentException($"metadata field '{name}' is '{text}', expected a size such as 100Mi or 64k");
    }

    private static string Range(int minimum, int maximum) => (minimum, maximum) switch
    {
        (int.MinValue, int.MaxValue) => "",
        (_, int.MaxValue) => $" of at least {minimum}",
        (int.MinValue, _) => $" of at most {maximum}",
        _ => $" from {minimum} to {maximum}",
    };
}
