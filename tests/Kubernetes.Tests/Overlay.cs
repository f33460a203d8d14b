using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using TestSupport;

namespace Kubernetes.Tests;

/// <summary>An overlay as <c>kubectl kustomize</c> renders it, once for all tests.</summary>
internal sealed class Overlay
{
    /// <summary>Exit status of tools/kubectl where there is no kubectl.</summary>
    private const int Unavailable = 69;

    private static readonly ConcurrentDictionary<string, Lazy<Task<(int Code, string Output)>>> Rendered = new();

    private Overlay(string name, string text) => (Name, Text, All) = (name, text, Yaml.Documents(text));

    public static TheoryData<string> Names { get; } = [.. Directory.GetDirectories(RepositoryRoot.Combine("k8s", "overlays")).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)];

    public string Name { get; }

    public string Text { get; }

    public IReadOnlyList<JsonObject> All { get; }

    public IEnumerable<JsonObject> Deployments => Kind("Deployment");

    /// <summary>Those that run one of the shop's own programs.</summary>
    public IEnumerable<JsonObject> Services => Deployments.Where(deployment => deployment.Text("metadata", "labels", "app.kubernetes.io/component") == "service");

    public IEnumerable<JsonObject> Kind(string kind) => All.Where(document => document.Text("kind") == kind);

    public IEnumerable<string> NamesOf(string kind) => Kind(kind).Select(document => document.Name());

    public static async Task<Overlay> RenderAsync(string name)
    {
        var (code, output) = await Rendered.GetOrAdd(name, static key => new Lazy<Task<(int, string)>>(() => KustomizeAsync(key))).Value;
        if (code == Unavailable)
            Missing.Skip(output.Trim());
        Assert.True(code == 0, output);
        return new Overlay(name, output);
    }

    private static async Task<(int Code, string Output)> KustomizeAsync(string name)
    {
        // What it says besides is of interest only if it fails.
        const string Quietly = "said=$(mktemp); \"$0\" kustomize \"$1\" 2>\"$said\"; code=$?; [ $code -eq 0 ] || cat \"$said\"; rm -f \"$said\"; exit $code";
        await using var kubectl = TestProcess.Start("bash", ["-c", Quietly, RepositoryRoot.Combine("tools", "kubectl"), RepositoryRoot.Combine("k8s", "overlays", name)]);

        // It may be fetched before.
        var code = await kubectl.ExitAsync(TimeSpan.FromMinutes(3));
        return (code, kubectl.Output);
    }
}
