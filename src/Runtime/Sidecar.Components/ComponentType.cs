namespace Sidecar.Components;

/// <summary>A kind of component that can be named in <c>spec.type</c>, with the metadata fields it knows.</summary>
public sealed record ComponentType(string Type, string Version, Func<IComponent> Create)
{
    /// <summary>Other names for the same type, for example <c>state.sqlite3</c>.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    public IReadOnlyList<ComponentField> Fields { get; init; } = [];

    /// <summary>Building block, the part of the type before the first dot.</summary>
    public string Kind => Type[..Type.IndexOf('.', StringComparison.Ordinal)];

    public bool Answers(string type, string version) =>
        string.Equals(version.Length == 0 ? "v1" : version, Version, StringComparison.OrdinalIgnoreCase) &&
        (string.Equals(type, Type, StringComparison.OrdinalIgnoreCase) || Aliases.Contains(type, StringComparer.OrdinalIgnoreCase));
}

/// <summary>A metadata field of a component type.</summary>
/// <param name="Name">Official spelling; matched without regard to case.</param>
/// <param name="Description">What it does, with its unit.</param>
/// <param name="Default">Value when the field is absent; null = none.</param>
public sealed record ComponentField(string Name, string Description, string? Default = null, bool Required = false)
{
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>Given by secretKeyRef and in no other way.</summary>
    public bool IsSecret { get; init; }
}
