using System.Text.Json;
using Sidecar.Cli.Tests.Run;
using Sidecar.Components;

namespace Sidecar.Cli.Tests.Commands;

public sealed class ComponentsTests : RunFixture
{
    [Fact]
    public async Task Every_type_of_this_runtime_is_listed_with_what_it_needs()
    {
        var (code, output) = await DaprCli.RunAsync(Folder, "components");

        Assert.Equal(0, code);
        var rows = output.Split('\n').Select(line => line.Split("  ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).ToArray();
        Assert.All(ComponentCatalog.Default.Types, type => Assert.Contains(rows, row => row.Take(3).SequenceEqual([type.Kind, type.Type, type.Version])));
        Assert.Contains("connectionString", rows.Single(row => row.Contains("state.sqlite"))[^1]);
    }

    [Fact]
    public async Task A_type_is_shown_with_its_fields_by_any_of_its_names()
    {
        var (code, output) = await DaprCli.RunAsync(Folder, "components", "STATE.SQLITE3");

        Assert.Equal(0, code);
        var field = output.Split('\n').Single(line => line.StartsWith("busyTimeout ", StringComparison.Ordinal));
        Assert.Contains("2s", field);
        Assert.Contains("yes", output.Split('\n').Single(line => line.StartsWith("connectionString ", StringComparison.Ordinal)));
        Assert.Single(output.Split('\n'), line => line.StartsWith("keyPrefix ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_kind_and_a_single_field_can_be_asked_for_and_read_as_json()
    {
        var kind = await DaprCli.RunAsync(Folder, "components", "secretstores", "-o", "json");
        var field = await DaprCli.RunAsync(Folder, "components", "state.sqlite", "url", "-o", "json");

        var types = JsonDocument.Parse(kind.Output).RootElement.EnumerateArray().ToArray();
        Assert.All(types, type => Assert.Equal("secretstores", type.GetProperty("kind").GetString()));
        Assert.Equal(ComponentCatalog.Default.Types.Count(type => type.Kind == "secretstores"), types.Length);
        var found = JsonDocument.Parse(field.Output).RootElement[0].GetProperty("fields").EnumerateArray().Single();
        Assert.Equal(("connectionString", true), (found.GetProperty("name").GetString(), found.GetProperty("required").GetBoolean()));
    }

    [Theory]
    [InlineData("state.sqllite", "did you mean 'state.sqlite'?")]
    [InlineData("stat", "did you mean 'state'?")]
    [InlineData("state.sqlite busyTimout", "state.sqlite has no field 'busyTimout' (it has connectionString, ")]
    [InlineData("state.sqlite busyTimout", "did you mean 'busyTimeout'?")]
    [InlineData("-k", "is for Kubernetes")]
    public async Task What_is_misspelt_is_told_with_what_was_meant(string arguments, string told)
    {
        var (code, output) = await DaprCli.RunAsync(Folder, ["components", .. arguments.Split(' ')]);

        Assert.Equal(1, code);
        Assert.Contains(told, output);
    }
}
