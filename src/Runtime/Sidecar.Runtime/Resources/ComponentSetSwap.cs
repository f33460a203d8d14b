using Sidecar.Runtime.Resources.Yaml;

namespace Sidecar.Runtime.Resources;

/// <summary>The template with the chosen set, or the error of the command line.</summary>
/// <param name="Notice">A line for each folder of sets to tell what was replaced; null when nothing was.</param>
public sealed record ComponentSetChoice(RunTemplate? Template, string? Notice, string? Error);

/// <summary>Runs a template on another backend by replacing its folder of components.</summary>
public static class ComponentSetSwap
{
    /// <summary>
    /// Replaces every resources path that is a folder directly in <see cref="ComponentSets.Folder"/> by the one named
    /// <paramref name="setName"/>, or the template's default set when that is null. A template without the key is never changed.
    /// </summary>
    public static ComponentSetChoice WithComponentSet(this RunTemplate template, string? setName)
    {
        if (template.ComponentSets.Count == 0 && setName is not null)
            return new ComponentSetChoice(null, null, $"{string.Join(" and ", template.Files)} ha{(template.Files.Count > 1 ? "ve" : "s")} no key componentSets, so there is no component set '{setName}' to choose");

        var notices = new List<string>();
        foreach (var sets in template.ComponentSets)
        {
            var name = setName ?? sets.Default;
            if (!sets.Names.Contains(name, StringComparer.Ordinal))
                return new ComponentSetChoice(null, null, $"there is no component set '{name}' in {sets.Folder}{Spelling.Hint(name, sets.Names)}; it has: {sets.NameList}");

            var replaced = new HashSet<string>(StringComparer.Ordinal);
            template = template with { Apps = [.. template.Apps.Select(app => app with { ResourcesPaths = Swap(app.ResourcesPaths, sets, Path.Combine(sets.Folder, name), replaced) })] };
            if (replaced.Count > 0)
                notices.Add($"components: {string.Join(", ", replaced.Order(StringComparer.Ordinal))} -> {name} (in {sets.Folder})");
        }

        return new ComponentSetChoice(template, notices.Count == 0 ? null : string.Join('\n', notices), null);
    }

    private static IReadOnlyList<string> Swap(IReadOnlyList<string> paths, ComponentSets sets, string target, HashSet<string> replaced)
    {
        var result = new List<string>();
        foreach (var path in paths)
        {
            var isSet = Path.GetDirectoryName(path) == sets.Folder;
            if (isSet && path != target)
                replaced.Add(Path.GetFileName(path));
            var chosen = isSet ? target : path;
            if (!result.Contains(chosen, StringComparer.Ordinal))
                result.Add(chosen);
        }

        return result;
    }
}
