namespace Sidecar.Runtime.Expressions.Syntax;

internal enum TokenKind
{
    /// <summary>After the last token.</summary>
    End,
    Identifier,
    Symbol,

    /// <summary>A literal whose <see cref="Token.Value"/> is a ulong magnitude that stands for an int.</summary>
    Integer,

    /// <summary>Any other literal.</summary>
    Literal,
}

/// <param name="Column">1-based.</param>
internal readonly record struct Token(TokenKind Kind, string Text, object? Value, int Column)
{
    public bool Is(string symbol) => Kind == TokenKind.Symbol && Text == symbol;

    public string Describe() => Kind == TokenKind.End ? "the end" : $"'{(Text.Length > 40 ? Text[..40] + "…" : Text)}'";
}

/// <summary>The text is no expression; the message names the column.</summary>
internal sealed class ExpressionSyntaxException(int column, string message) : Exception($"column {column}: {message}");
