using Sidecar.Runtime.Resources.Yaml;

namespace Sidecar.Runtime.Resources.Templates;

/// <summary>The top-level key <c>componentSets</c>, which is ours: the official command line ignores it.</summary>
internal static class ComponentSetReader
{
    public static ComponentSets? Read(YamlFields fields, TemplatePaths paths, string templateDirectory)
    {
        fields.RequiredText("folder", TextForm.AsWritten);
        var folder = paths.Folder(fields, "folder", templateDirectory);
        var name = fields.RequiredText("default", TextForm.AsWritten);
        fields.RefuseUnknown();
        if (folder is null || name.Length == 0)
            return null;
        var sets = new ComponentSets(folder, name);
        if (!sets.Names.Contains(name, StringComparer.Ordinal))
            fields.Problems.Error(fields.LineOf("default"), fields.PathOf("default"), $"expected one of the folders in '{folder}' ({sets.NameList}), found '{name}'{Spelling.Hint(name, sets.Names)}");
        return sets;
    }
}
