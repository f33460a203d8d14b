using Sidecar.Runtime.Resources;
using TestSupport;

namespace Sidecar.Runtime.Tests.Resources;

public sealed class ComponentSetSwapTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public ComponentSetSwapTests()
    {
        foreach (var name in (string[])["components/redis", "components/embedded", "components/kafka/sub", "config", "app"])
            Directory.CreateDirectory(_folder.File(name));
    }

    public void Dispose() => _folder.Dispose();

    private Loaded<RunTemplate> Load(string? sets)
    {
        _folder.Write("dapr.yaml", $"""
            version: 1
            {sets}
            common:
              resourcesPaths: [./config, ./components/redis, ./components/kafka/sub]
            apps:
            - appDirPath: app
            """);
        return RunTemplateLoader.Load(_folder.Path, _folder.Path);
    }

    [Theory]
    [InlineData(null, "embedded", "redis -> embedded")]
    [InlineData("kafka", "kafka", "redis -> kafka")]
    [InlineData("redis", "redis", null)]
    public void The_set_replaces_folders_directly_in_its_parent(string? name, string expected, string? notice)
    {
        var choice = Load("componentSets: { folder: ./components, default: embedded }").Value!.WithComponentSet(name);

        Assert.Null(choice.Error);
        Assert.Equal(
            [_folder.File("config"), _folder.File($"components/{expected}"), _folder.File("components/kafka/sub")],
            Assert.Single(choice.Template!.Apps).ResourcesPaths);
        Assert.Equal(notice is null ? null : $"components: {notice} (in {_folder.File("components")})", choice.Notice);
    }

    [Fact]
    public void An_unknown_set_is_an_error_that_lists_the_sets() =>
        Assert.Equal(
            $"there is no component set 'kafak' in {_folder.File("components")}; did you mean 'kafka'?; it has: embedded, kafka, redis",
            Load("componentSets: { folder: ./components, default: embedded }").Value!.WithComponentSet("kafak").Error);

    [Fact]
    public void Without_the_key_nothing_is_swapped_and_a_name_is_an_error()
    {
        var template = Load(null).Value!;

        Assert.Same(template, template.WithComponentSet(null).Template);
        Assert.Equal($"{_folder.File("dapr.yaml")} has no key componentSets, so there is no component set 'redis' to choose", template.WithComponentSet("redis").Error);
    }

    [Theory]
    [InlineData("componentSets: { folder: ./component, default: embedded }", "2 componentSets.folder: expected a folder: '{0}/component' does not exist")]
    [InlineData("componentSets: { folder: ./components, default: embeded }", "2 componentSets.default: expected one of the folders in '{0}/components' (embedded, kafka, redis), found 'embeded'; did you mean 'embedded'?")]
    [InlineData("componentSets: { folder: ./components }", "2 componentSets.default: expected a text; this field is required")]
    public void A_wrong_key_is_told(string sets, string expected) =>
        Assert.Equal(string.Format(null, expected, _folder.Path), Assert.Single(ResourceFiles.Told(Load(sets).Errors)));
}
