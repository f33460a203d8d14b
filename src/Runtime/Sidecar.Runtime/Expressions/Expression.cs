using Sidecar.Runtime.Expressions.Syntax;

namespace Sidecar.Runtime.Expressions;

/// <summary>
/// An expression of the Common Expression Language, as routing rules and breaker trips use it: all operators, literals, lists
/// and maps, field selection, <c>has</c>, the list macros, text functions and conversions. Not here: timestamps, durations,
/// bytes and messages. Immutable; evaluation is safe from many threads.
/// </summary>
internal sealed class Expression
{
    public const int MaxLength = 8 * 1024;

    private readonly ExpressionNode _root;

    private Expression(string text, ExpressionNode root)
    {
        Text = text;
        _root = root;
    }

    public string Text { get; }

    /// <param name="error">What is wrong and at which 1-based column, when the result is false.</param>
    public static bool TryParse(string text, out Expression? expression, out string? error)
    {
        expression = null;
        if (text.Length > MaxLength)
        {
            error = $"longer than {MaxLength} characters";
            return false;
        }

        try
        {
            expression = new Expression(text, Parser.Parse(text));
            error = null;
            return true;
        }
        catch (ExpressionSyntaxException failure)
        {
            error = failure.Message;
            return false;
        }
    }

    /// <summary>
    /// Evaluates over the variables, whose values may be .NET scalars, lists and maps, or JSON elements (their numbers are
    /// doubles, as everywhere in Dapr). What goes wrong is in the result, never an exception.
    /// </summary>
    public EvaluationResult Evaluate(IReadOnlyDictionary<string, object?> variables)
    {
        var value = _root.Evaluate(new Scope(variables));
        return value is ExpressionError error ? new EvaluationResult(null, error.Message) : new EvaluationResult(value, null);
    }
}

/// <summary>What an expression came to.</summary>
/// <param name="Value">null, bool, long, ulong, double, string, a list or a map.</param>
/// <param name="Error">null = it has a value.</param>
internal readonly record struct EvaluationResult(object? Value, string? Error)
{
    public bool IsError => Error is not null;

    /// <summary>The boolean it came to; null after an error or for a value of another type.</summary>
    public bool? Bool => Value as bool?;
}
