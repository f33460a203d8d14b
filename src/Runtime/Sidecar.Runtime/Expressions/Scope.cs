namespace Sidecar.Runtime.Expressions;

/// <summary>The variables that an expression sees: those of the caller, and one for each list macro around it.</summary>
internal sealed class Scope
{
    /// <summary>Bounds nested list macros over large lists.</summary>
    private const int MaxSteps = 100_000;

    private readonly IReadOnlyDictionary<string, object?> _variables;
    private readonly Scope? _outer;
    private readonly string? _name;
    private readonly int[] _steps;

    public Scope(IReadOnlyDictionary<string, object?> variables)
    {
        _variables = variables;
        _steps = new int[1];
    }

    private Scope(Scope outer, string name)
    {
        _variables = outer._variables;
        _steps = outer._steps;
        _outer = outer;
        _name = name;
    }

    /// <summary>The present element of the macro that owns this scope.</summary>
    public object? Element { get; set; }

    public Scope Inner(string name) => new(this, name);

    public bool TakeStep() => ++_steps[0] <= MaxSteps;

    public object? Find(string name)
    {
        for (var scope = this; scope is not null; scope = scope._outer)
        {
            if (scope._name == name)
                return scope.Element;
        }

        return _variables.TryGetValue(name, out var value) ? Values.Adapt(value) : new ExpressionError($"no such variable: {name}");
    }
}
