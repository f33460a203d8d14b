namespace Sidecar.Runtime.Expressions;

internal sealed class Expression
{
    public static bool TryParse(string text, out Expression? expression, out string? error)
    {
        expression = new Expression();
        error = null;
        return true;
    }
}
