using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace Sidecar.Runtime.Expressions;

/// <summary>
/// Regular expressions as Go's RE2 understands them, in time linear in the text. Patterns are compiled once; a bounded
/// number of them is kept, because a pattern may come from a message.
/// </summary>
internal static class Re2
{
    private const int MaxPatternLength = 1000;
    private const int MaxKept = 256;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly ConcurrentDictionary<string, Regex> Kept = new(StringComparer.Ordinal);

    /// <summary>Whether the pattern matches anywhere in the text: a bool or an error.</summary>
    public static object IsMatch(string text, string pattern)
    {
        if (Compile(pattern, out var regex) is { } error)
            return error;
        try
        {
            return regex!.IsMatch(text);
        }
        catch (RegexMatchTimeoutException)
        {
            return new ExpressionError("matches: the pattern takes too long");
        }
    }

    /// <summary>null when the pattern is valid.</summary>
    public static ExpressionError? Check(string pattern) => Compile(pattern, out _);

    private static ExpressionError? Compile(string pattern, out Regex? regex)
    {
        if (Kept.TryGetValue(pattern, out regex))
            return null;
        if (pattern.Length > MaxPatternLength)
            return new ExpressionError($"matches: the pattern is longer than {MaxPatternLength} characters");
        try
        {
            if (!Re2Pattern.TryTranslate(pattern, out var translated))
                return new ExpressionError("matches: the pattern repeats too much");
            regex = new Regex(translated, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, Patience);
        }
        catch (Exception failure) when (failure is ArgumentException or NotSupportedException)
        {
            return new ExpressionError($"matches: not a valid pattern: {failure.Message}");
        }

        if (Kept.Count < MaxKept)
            Kept.TryAdd(pattern, regex);
        return null;
    }
}
