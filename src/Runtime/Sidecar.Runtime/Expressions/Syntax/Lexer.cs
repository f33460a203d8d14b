using System.Globalization;

namespace Sidecar.Runtime.Expressions.Syntax;

/// <summary>Cuts a text into tokens.</summary>
internal sealed class Lexer(string text)
{
    private static readonly string[] Symbols =
    [
        "&&", "||", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ".", ",", "(", ")", "[", "]", "{", "}",
    ];

    private int _at;

    public Token Next()
    {
        SkipBlanks();
        if (_at >= text.Length)
            return new Token(TokenKind.End, "", null, text.Length + 1);
        var start = _at;
        if (TextLiteral.TryRead(text, ref _at, out var value))
            return new Token(TokenKind.Literal, text[start.._at], value, start + 1);
        var character = text[_at];
        if (char.IsAsciiLetter(character) || character == '_')
            return Identifier();
        if (char.IsAsciiDigit(character) || (character == '.' && IsDigitAt(_at + 1)))
            return Number();
        foreach (var symbol in Symbols)
        {
            if (string.CompareOrdinal(text, _at, symbol, 0, symbol.Length) == 0)
            {
                _at += symbol.Length;
                return new Token(TokenKind.Symbol, symbol, null, start + 1);
            }
        }

        throw new ExpressionSyntaxException(start + 1, $"unexpected character '{character}'");
    }

    private void SkipBlanks()
    {
        while (_at < text.Length)
        {
            if (text[_at] is ' ' or '\t' or '\r' or '\n' or '\f')
                _at++;
            else if (string.CompareOrdinal(text, _at, "//", 0, 2) == 0)
                _at = text.IndexOf('\n', _at) is >= 0 and var end ? end : text.Length;
            else
                return;
        }
    }

    private Token Identifier()
    {
        var start = _at;
        while (_at < text.Length && (char.IsAsciiLetterOrDigit(text[_at]) || text[_at] == '_'))
            _at++;
        return new Token(TokenKind.Identifier, text[start.._at], null, start + 1);
    }

    private Token Number()
    {
        var start = _at;
        var isHexadecimal = text[_at] == '0' && _at + 1 < text.Length && text[_at + 1] is 'x' or 'X';
        var isDouble = false;
        if (isHexadecimal)
        {
            _at += 2;
            while (_at < text.Length && char.IsAsciiHexDigit(text[_at]))
                _at++;
        }
        else
        {
            isDouble = SkipDecimal();
        }

        var digits = text.AsSpan(start, _at - start);
        var isUnsigned = !isDouble && _at < text.Length && text[_at] is 'u' or 'U';
        if (isUnsigned)
            _at++;
        if (_at < text.Length && (char.IsAsciiLetterOrDigit(text[_at]) || text[_at] == '_'))
            throw new ExpressionSyntaxException(_at + 1, $"unexpected '{text[_at]}' after a number");
        var written = text[start.._at];
        if (isDouble)
            return new Token(TokenKind.Literal, written, double.Parse(digits, NumberStyles.Float, CultureInfo.InvariantCulture), start + 1);
        if (!ulong.TryParse(isHexadecimal ? digits[2..] : digits, isHexadecimal ? NumberStyles.AllowHexSpecifier : NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            throw new ExpressionSyntaxException(start + 1, $"'{written}' is not an integer of 64 bits");
        return new Token(isUnsigned ? TokenKind.Literal : TokenKind.Integer, written, number, start + 1);
    }

    /// <summary>Digits, fraction and exponent; true when it has one of the latter two.</summary>
    private bool SkipDecimal()
    {
        SkipDigits();
        var isDouble = false;
        if (_at < text.Length && text[_at] == '.' && IsDigitAt(_at + 1))
        {
            isDouble = true;
            _at++;
            SkipDigits();
        }

        if (_at < text.Length && text[_at] is 'e' or 'E')
        {
            var sign = _at + 1 < text.Length && text[_at + 1] is '+' or '-' ? 1 : 0;
            if (IsDigitAt(_at + 1 + sign))
            {
                isDouble = true;
                _at += 1 + sign;
                SkipDigits();
            }
        }

        return isDouble;
    }

    private void SkipDigits()
    {
        while (IsDigitAt(_at))
            _at++;
    }

    private bool IsDigitAt(int index) => index < text.Length && char.IsAsciiDigit(text[index]);
}
