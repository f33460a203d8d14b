using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Sidecar.Runtime.Expressions;

/// <summary>
/// Rewrites an RE2 pattern where .NET reads the same characters otherwise: ASCII-only classes such as <c>\d</c>, POSIX
/// classes, <c>$</c> (only the very end), named groups, <c>\Q…\E</c>, <c>\x{…}</c> and one-letter <c>\pL</c>.
/// </summary>
internal sealed partial class Re2Pattern
{
    private const int MaxRepeat = 1000;
    private const double MaxRepeatProduct = 1e7;

    private static readonly Dictionary<string, string> Posix = new(StringComparer.Ordinal)
    {
        ["alnum"] = "0-9A-Za-z",
        ["alpha"] = "A-Za-z",
        ["ascii"] = @"\x00-\x7F",
        ["blank"] = @"\t ",
        ["cntrl"] = @"\x00-\x1F\x7F",
        ["digit"] = "0-9",
        ["graph"] = "!-~",
        ["lower"] = "a-z",
        ["print"] = " -~",
        ["punct"] = @"!-/:-@\[-`{-~",
        ["space"] = @"\t\n\v\f\r ",
        ["upper"] = "A-Z",
        ["word"] = "0-9A-Za-z_",
        ["xdigit"] = "0-9A-Fa-f",
    };

    private readonly string _pattern;
    private readonly bool _isMultiline;
    private readonly StringBuilder _result = new();
    private int _at;
    private bool _inClass;

    private Re2Pattern(string pattern)
    {
        _pattern = pattern;
        _isMultiline = MultilineFlag.IsMatch(pattern);
    }

    /// <summary>false when bounded repeats multiply to more than an automaton can hold.</summary>
    public static bool TryTranslate(string pattern, out string translated)
    {
        translated = "";
        var product = 1.0;
        foreach (var repeat in Repeat.Matches(pattern).Select(match => match.Groups[1].Value))
        {
            if (!int.TryParse(repeat, CultureInfo.InvariantCulture, out var count) || count > MaxRepeat)
                return false;
            product *= Math.Max(1, count);
        }

        if (product > MaxRepeatProduct)
            return false;
        translated = new Re2Pattern(pattern).Translate();
        return true;
    }

    private string Translate()
    {
        while (_at < _pattern.Length)
        {
            var character = _pattern[_at];
            if (character == '\\' && _at + 1 < _pattern.Length)
                Escape();
            else if (_inClass)
                InClass(character);
            else
                Outside(character);
        }

        return _result.ToString();
    }

    private void Outside(char character)
    {
        if (character == '[')
        {
            _inClass = true;
            Copy();
            if (Follows("^"))
                Copy();
            // A bracket that comes first is a member, not the end.
            if (Follows("]"))
                Replace(1, @"\]");
        }
        else if (character == '$' && !_isMultiline)
        {
            Replace(1, @"\z");
        }
        else if (Follows("(?P<"))
        {
            Replace(4, "(?<");
        }
        else
        {
            Copy();
        }
    }

    private void InClass(char character)
    {
        if (character == ']')
        {
            _inClass = false;
            Copy();
        }
        else if (Follows("[:") && _pattern.IndexOf(":]", _at, StringComparison.Ordinal) is > 0 and var end && Posix.TryGetValue(_pattern[(_at + 2)..end], out var members))
        {
            Replace(end + 2 - _at, members);
        }
        else if (character == '[')
        {
            // Bare, it could begin .NET's class subtraction.
            Replace(1, @"\[");
        }
        else
        {
            Copy();
        }
    }

    private void Escape()
    {
        var next = _pattern[_at + 1];
        var members = next switch { 'd' or 'D' => "0-9", 's' or 'S' => @"\t\n\f\r ", 'w' or 'W' => "0-9A-Za-z_", _ => null };
        if (members is not null && (!_inClass || char.IsAsciiLetterLower(next)))
            Replace(2, _inClass ? members : char.IsAsciiLetterLower(next) ? $"[{members}]" : $"[^{members}]");
        else if (next == 'Q' && !_inClass)
            Quoted();
        else if (next is 'p' or 'P' && _at + 2 < _pattern.Length && char.IsAsciiLetter(_pattern[_at + 2]))
            Replace(3, $@"\{next}{{{_pattern[_at + 2]}}}");
        else if (CodePoint.Match(_pattern, _at) is { Success: true } match && match.Index == _at && int.Parse(match.Groups[1].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture) is var point && Rune.IsValid(point))
            Replace(match.Length, string.Concat(new Rune(point).ToString().Select(unit => $@"\u{(int)unit:X4}")));
        else
            Replace(2, _pattern.Substring(_at, 2));
    }

    private void Quoted()
    {
        var end = _pattern.IndexOf(@"\E", _at + 2, StringComparison.Ordinal);
        var text = end < 0 ? _pattern[(_at + 2)..] : _pattern[(_at + 2)..end];
        Replace(end < 0 ? _pattern.Length - _at : end + 2 - _at, Regex.Escape(text));
    }

    private bool Follows(string text) => string.CompareOrdinal(_pattern, _at, text, 0, text.Length) == 0;

    private void Copy() => _result.Append(_pattern[_at++]);

    private void Replace(int length, string replacement)
    {
        _result.Append(replacement);
        _at += length;
    }

    [GeneratedRegex(@"\(\?[a-zA-Z]*m", RegexOptions.CultureInvariant)]
    private static partial Regex MultilineFlag { get; }

    [GeneratedRegex(@"\{(?:\d*,)?(\d+),?\}", RegexOptions.CultureInvariant)]
    private static partial Regex Repeat { get; }

    [GeneratedRegex(@"\\x\{([0-9A-Fa-f]{1,6})\}", RegexOptions.CultureInvariant)]
    private static partial Regex CodePoint { get; }
}
