using FsCheck;
using FsCheck.Fluent;
using TestSupport;
using static Sidecar.Runtime.Tests.Hosting.Reload.ReloadSetup;

namespace Sidecar.Runtime.Tests.Hosting.Reload;

/// <summary>Whatever files go through, reloads end where a start with the same files would begin.</summary>
public sealed class ReloadPropertyTests
{
    private static readonly string?[] Texts =
    [
        null,
        "",
        "# only a comment",
        Component("one", "1"),
        Component("one", "2"),
        Component("one", "1", "state.other"),
        Component("one", "bad"),
        Component("one", "1", "state.nowhere"),
        $"{Component("one", "1")}---\n{Component("two", "1")}",
        $"{Component("two", "2")}---\nkind: [unclosed",
        $"{Component("two", "2")}---\n{Subscription("s", "t")}",
        Component("two", "3", extra: "  initTimeout: soon\n"),
        Component("three", "1", extra: "scopes: [somebody-else]\n"),
        Component("three", "{podName}"),
        Subscription("s", "other"),
        "apiVersion: dapr.io/v1alpha1\nkind: Resiliency\nmetadata: { name: r }\nspec: { policies: { timeouts: { a: 1s } } }",
        "apiVersion: dapr.io/v1alpha1\nkind: Resiliency\nmetadata: { name: r }\nspec: { policies: { timeouts: { a: b } } }",
        "\0",
    ];

    private static readonly Gen<(string File, string? Text)> Step =
        from file in Gen.Elements("a.yaml", "b.yaml", "c.yml")
        from text in Gen.Elements(Texts)
        select (file, text);

    [Fact]
    public async Task Reloads_end_where_a_start_would_begin_and_close_exactly_what_is_gone()
    {
        var paths = from steps in Step.ArrayOf() from last in Gen.Elements("1", "2") select (steps, last);

        await Fuzz.CheckAsync(paths, async path =>
        {
            var probes = new List<Probe>();
            await using var reloaded = new ReloadSetup { OnInit = Note };
            await reloaded.StartAsync();
            foreach (var (file, text) in path.steps)
                await reloaded.With(file, text).ReloadAsync();

            // A name given twice and a file that cannot be read leave what was, so the end is one without either.
            await With(reloaded, path.last).ReloadAsync();
            await using var fresh = await With(new ReloadSetup(), path.last).StartAsync();

            Assert.Equal(Described(fresh).Order(), Described(reloaded).Order());
            Assert.Equal(fresh.Live.Current.Subscriptions.Select(one => one.Definition), reloaded.Live.Current.Subscriptions.Select(one => one.Definition));
            Assert.Equal(fresh.Live.Current.Resiliencies.Count, reloaded.Live.Current.Resiliencies.Count);
            var running = reloaded.Registry.All.Select(loaded => loaded.Component).ToHashSet();
            Assert.All(probes, probe => Assert.Equal(running.Contains(probe), !probe.IsClosed));

            Task Note(Probe probe)
            {
                probes.Add(probe);
                return Task.CompletedTask;
            }
        }, cases: 150, parallel: 1);
    }

    private static ReloadSetup With(ReloadSetup setup, string value) => setup
        .With("a.yaml", $"{Component("one", value)}---\n{Subscription("s", "end")}").With("b.yaml", Component("two", "2", "state.other")).With("c.yml", null);

    private static IEnumerable<string> Described(ReloadSetup setup) =>
        setup.Registry.All.Select(loaded => $"{loaded.Name} {loaded.Type.Type} {((Probe)loaded.Component).Value}");
}
