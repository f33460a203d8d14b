namespace Sidecar.Components.Http;

/// <summary>Names and values of headers in the way of Go's net/http.</summary>
public static class GoHeaders
{
    private const string TokenMarks = "!#$%&'*+-.^_`|~";

    /// <summary>The canonical form: the first letter and each after a hyphen upper case, all others lower. A name that is no token stays as it is.</summary>
    public static string Canonical(string name) => IsName(name)
        ? string.Create(name.Length, name, static (canonical, name) =>
        {
            var isFirst = true;
            for (var index = 0; index < name.Length; index++)
            {
                canonical[index] = isFirst ? char.ToUpperInvariant(name[index]) : char.ToLowerInvariant(name[index]);
                isFirst = name[index] == '-';
            }
        })
        : name;

    /// <summary>RFC 9110, section 5.6.2.</summary>
    public static bool IsName(ReadOnlySpan<char> text)
    {
        foreach (var letter in text)
        {
            if (!char.IsAsciiLetterOrDigit(letter) && !TokenMarks.Contains(letter, StringComparison.Ordinal))
                return false;
        }

        return text.Length > 0;
    }

    /// <summary>Anything but control characters, of which a tab is none here.</summary>
    public static bool IsValue(ReadOnlySpan<char> text)
    {
        foreach (var letter in text)
        {
            if (letter is (< ' ' and not '\t') or '\u007f')
                return false;
        }

        return true;
    }
}
