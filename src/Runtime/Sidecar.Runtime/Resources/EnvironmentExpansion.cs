using System.Text;

namespace Sidecar.Runtime.Resources;

/// <summary>
/// <c>$VAR</c> and <c>${VAR}</c> in the raw text of a Configuration file, by the rules of Go's <c>os.Expand</c>: an unset
/// variable is empty, <c>$</c> before anything that is no name stays, a brace without a name or an end vanishes.
/// </summary>
internal static class EnvironmentExpansion
{
    private const string SpecialNames = "*#$@!?-0123456789";

    public static string Expand(string text, IReadOnlyDictionary<string, string> environment)
    {
        var result = new StringBuilder(text.Length);
        var index = 0;
        while (index < text.Length)
        {
            if (text[index] != '$' || index + 1 == text.Length)
            {
                result.Append(text[index++]);
                continue;
            }

            var (name, length) = Name(text.AsSpan(index + 1));
            if (length == 0)
                result.Append('$');
            else
                result.Append(environment.GetValueOrDefault(name));
            index += 1 + length;
        }

        return result.ToString();
    }

    /// <summary>The name after a dollar sign, and how many characters it takes; 0 = no name.</summary>
    private static (string Name, int Length) Name(ReadOnlySpan<char> rest)
    {
        if (rest[0] == '{')
        {
            var end = rest.IndexOf('}');
            return end < 0 ? ("", 1) : (rest[1..end].ToString(), end + 1);
        }

        if (SpecialNames.Contains(rest[0], StringComparison.Ordinal))
            return (rest[..1].ToString(), 1);
        var length = 0;
        while (length < rest.Length && (char.IsAsciiLetterOrDigit(rest[length]) || rest[length] == '_'))
            length++;
        return (rest[..length].ToString(), length);
    }
}
