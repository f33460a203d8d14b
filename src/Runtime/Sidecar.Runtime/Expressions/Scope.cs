namespace Sidecar.Runtime.Expressions;

/// <summary>The variables that an expression sees: those of the caller, and one for each list macro around it.</summary>
internal sealed class Scope
{
    /// <summary>Bounds nested list macros over large lists.</summary>
    private const int MaxSteps = 100_000;

    /// <summary>
    /// Bounds what one evaluation looks at and builds, in elements and characters: a few macros can double a text until the memory is
    /// full, and an event of a few megabytes can be compared with itself for hours.
    /// </summary>
    private const long MaxWork = 10_000_000;

    private const int CharactersAtOnce = 8;

    private readonly IReadOnlyDictionary<string, object?> _variables;
    private readonly Scope? _outer;
    private readonly string? _name;
    private readonly Spent _spent;

    public Scope(IReadOnlyDictionary<string, object?> variables)
    {
        _variables = variables;
        _spent = new Spent();
    }

    private Scope(Scope outer, string name)
    {
        _variables = outer._variables;
        _spent = outer._spent;
        _outer = outer;
        _name = name;
    }

    /// <summary>The present element of the macro that owns this scope.</summary>
    public object? Element { get; set; }

    public Scope Inner(string name) => new(this, name);

    public static ExpressionError TooMuchWork { get; } = new("what it looks at is too large for this expression");

    public bool TakeStep() => ++_spent.Steps <= MaxSteps;

    public bool TakeWork(long amount) => (_spent.Work += amount) <= MaxWork;

    /// <summary>For a value that is made of JSON or handed to a function: texts are gone through from end to end.</summary>
    public bool TakeText(object? value) => value is not string text || TakeWork(text.Length / CharactersAtOnce);

    public object? Find(string name)
    {
        for (var scope = this; scope is not null; scope = scope._outer)
        {
            if (scope._name == name)
                return scope.Element;
        }

        return _variables.TryGetValue(name, out var value) ? Values.Adapt(value) : new ExpressionError($"no such variable: {name}");
    }

    private sealed class Spent
    {
        public int Steps { get; set; }

        public long Work { get; set; }
    }
}
