using Sidecar.Components;

namespace Sidecar.Runtime.Resources;

/// <summary>What to load, and for whom.</summary>
/// <param name="AppId">Resources with <c>scopes</c> that do not name it are left out.</param>
/// <param name="Namespace">NAMESPACE of the sidecar. Resources of another namespace are left out; null or empty = all load.</param>
/// <param name="ResourcesPaths">Folders, absolute or relative to the current directory; read in order, not recursively.</param>
/// <param name="ConfigPaths">Configuration files; values of later ones win.</param>
/// <param name="Environment">Variables for <c>$VAR</c> in Configuration files.</param>
/// <param name="Strict">
/// false: as daprd, what cannot be read is skipped with a warning. true: as <c>dapr</c> before a run, everything wrong or
/// unknown is an error, and all errors of all files are reported at once.
/// </param>
public sealed record ResourceLoadOptions(
    string AppId,
    string? Namespace,
    IReadOnlyList<string> ResourcesPaths,
    IReadOnlyList<string> ConfigPaths,
    IReadOnlyDictionary<string, string> Environment,
    bool Strict)
{
    /// <summary>With it, types and metadata fields of components are compared with those it knows. null: a sidecar does that when it starts them.</summary>
    public ComponentCatalog? Catalog { get; init; }

    /// <summary>
    /// What was loaded before; null: nothing. With it (a reload), a file with a document that cannot be read gives what it gave
    /// before, so that a slip of the editor takes nothing away.
    /// </summary>
    public ResourceSet? LastGood { get; init; }
}
