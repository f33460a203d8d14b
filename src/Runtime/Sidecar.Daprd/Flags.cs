namespace Sidecar.Daprd;

/// <summary>
/// Command-line flags in the way of Go programs (contract 1.1): <c>--name value</c>, <c>--name=value</c>, one dash as good as
/// two, booleans true by themselves and needing <c>=</c> for a value.
/// </summary>
internal sealed class Flags
{
    private readonly Dictionary<string, List<string>> _values = new(StringComparer.Ordinal);

    /// <summary>Given flags, in the order they were first named.</summary>
    public IEnumerable<string> Given => _values.Keys;

    /// <exception cref="FlagException">A flag is unknown, a value is missing, or a word stands where no word may.</exception>
    public static Flags Parse(IReadOnlyList<string> words)
    {
        var flags = new Flags();
        for (var i = 0; i < words.Count; i++)
        {
            var word = words[i];
            if (!word.StartsWith('-') || word.TrimStart('-').Length == 0)
                throw new FlagException($"unexpected word '{word}'");
            var name = word.TrimStart('-');
            string? value = null;
            if (name.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals)
                (name, value) = (name[..equals], name[(equals + 1)..]);
            if (!FlagTable.Known.TryGetValue(name, out var kind))
                throw new FlagException($"unknown flag --{name}{FlagTable.Suggest(name)}");
            if (value is null && kind == FlagKind.Boolean)
                value = "true";
            else if (value is null)
                value = i + 1 < words.Count ? words[++i] : throw new FlagException($"flag --{name} needs a value");

            if (!flags._values.TryGetValue(name, out var values))
                flags._values[name] = values = [];
            values.Add(value);
        }

        return flags;
    }

    public string? Text(string name) => _values.TryGetValue(name, out var values) && values[^1].Length > 0 ? values[^1] : null;

    public bool Boolean(string name) => Text(name) is { } text && Components.GoText.IsTruthy(text);

    /// <exception cref="FlagException">Not an integer of that range.</exception>
    public int Integer(string name, int defaultValue, int minimum, int maximum)
    {
        if (Text(name) is not { } text)
            return defaultValue;
        return int.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var number) && number >= minimum && number <= maximum
            ? number
            : throw new FlagException($"--{name} is '{text}', expected an integer from {minimum} to {maximum}");
    }

    public int Port(string name, int defaultValue) => Integer(name, defaultValue, 0, 65535);

    /// <summary>All values of a flag that may be repeated or hold a comma list.</summary>
    public IReadOnlyList<string> List(string name) => _values.TryGetValue(name, out var values)
        ? [.. values.SelectMany(value => value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))]
        : [];
}

internal sealed class FlagException(string message) : Exception(message);

internal enum FlagKind
{
    Value,
    Boolean,
}
