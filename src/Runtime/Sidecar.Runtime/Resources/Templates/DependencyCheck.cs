using Sidecar.Runtime.Resources.Yaml;

namespace Sidecar.Runtime.Resources.Templates;

/// <summary>Whether the apps of a template can be started in the order that <c>dependsOn</c> asks for.</summary>
internal static class DependencyCheck
{
    private const string Field = "dependsOn";

    public static void Check(IReadOnlyList<TemplateApp> apps)
    {
        // Of two apps with one id, which is reported already, the first stands for both.
        var byId = apps.GroupBy(app => app.AppId, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.First(), StringComparer.Ordinal);
        foreach (var app in apps)
        {
            foreach (var unknown in app.Extras.DependsOn.Where(id => !byId.ContainsKey(id)))
                Report(app, unknown, $"expected the id of an app of this template, found '{unknown}'{Spelling.Hint(unknown, byId.Keys)}");
        }

        var done = new HashSet<TemplateApp>();
        foreach (var app in apps)
            Follow(app, byId, done);
    }

    /// <summary>Depth first, with a stack of its own: a chain may be as long as the template.</summary>
    /// <param name="done">Apps whose dependencies have been followed to their ends, so that each circle is told once.</param>
    private static void Follow(TemplateApp first, Dictionary<string, TemplateApp> byId, HashSet<TemplateApp> done)
    {
        var path = new List<(TemplateApp App, Queue<string> Left)>();
        var onPath = new HashSet<TemplateApp>();
        Push(first);
        while (path.Count > 0)
        {
            var (app, left) = path[^1];
            if (!left.TryDequeue(out var id))
            {
                path.RemoveAt(path.Count - 1);
                onPath.Remove(app);
                done.Add(app);
            }
            else if (onPath.Contains(byId[id]))
            {
                var circle = path.Select(step => step.App).SkipWhile(step => step != byId[id]).Select(step => step.AppId);
                Report(app, id, $"goes round in a circle: {string.Join(" -> ", circle)} -> {id}");
            }
            else
            {
                Push(byId[id]);
            }
        }

        void Push(TemplateApp app)
        {
            if (done.Contains(app))
                return;
            path.Add((app, new Queue<string>(app.Extras.DependsOn.Distinct(StringComparer.Ordinal).Where(byId.ContainsKey))));
            onPath.Add(app);
        }
    }

    private static void Report(TemplateApp app, string id, string message)
    {
        var items = ((YamlList)app.Fields.Node(Field)!).Items;
        var line = items.OfType<YamlScalar>().FirstOrDefault(item => item.Text == id)?.Line ?? app.Fields.LineOf(Field);
        app.Fields.Problems.Error(line, app.Fields.PathOf(Field), message);
    }
}
