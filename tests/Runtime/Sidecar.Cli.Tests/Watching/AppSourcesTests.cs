using Sidecar.Cli.Watching;
using Sidecar.Runtime.Resources;
using TestSupport;

namespace Sidecar.Cli.Tests.Watching;

/// <summary>Which files an app is made of, as its command and its template tell.</summary>
public sealed class AppSourcesTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public AppSourcesTests()
    {
        Project("src/Orders/Orders.csproj", "<ProjectReference Include=\"..\\Contracts\\Contracts.csproj\" /><ProjectReference Include=\"$(Nowhere)/x.csproj\" />");
        Project("src/Contracts/Contracts.csproj", "<ProjectReference Include=\"../Base/Base.csproj\" />");
        Project("src/Base/Base.csproj", "<ProjectReference Include=\"../Contracts/Contracts.csproj\" />");
        Project("src/Payments/Payments.fsproj", "", "<AssemblyName>pay</AssemblyName>");
        _folder.Write("scripts/app.py", "");
        _folder.Write("scripts/main.cs", "");
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("dotnet artifacts/bin/Orders/release/Orders.dll", "dotnet build {src/Orders/Orders.csproj} -c Release")]
    [InlineData("dotnet artifacts/bin/Payments/debug_net10.0/pay.dll --urls x", "dotnet build {src/Payments/Payments.fsproj} -c Debug")]
    [InlineData("dotnet exec src/Orders/bin/Release/net10.0/Orders.dll", "dotnet build {src/Orders/Orders.csproj} -c Release")]
    [InlineData("src/Orders/bin/Debug/net10.0/Orders", "dotnet build {src/Orders/Orders.csproj} -c Debug")]
    [InlineData("dotnet run --project src/Orders", "dotnet build {src/Orders/Orders.csproj}")]
    [InlineData("dotnet run -c Release --project=src/Orders/Orders.csproj -- -c x", "dotnet build {src/Orders/Orders.csproj} -c Release")]
    [InlineData("dotnet run scripts/main.cs", "dotnet build {scripts/main.cs}")]
    public void A_dotnet_command_is_built_from_its_project(string command, string build)
    {
        _folder.Write("src/Orders/bin/Debug/net10.0/Orders.dll", "");

        var words = Sources(command)!.Build!.Words;

        Assert.StartsWith(build.Replace("{", _folder.Path + "/", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal), string.Join(' ', words));
    }

    [Fact]
    public void A_project_is_made_of_its_sources_and_those_of_all_it_refers_to()
    {
        var sources = Sources("dotnet artifacts/bin/Orders/release/Orders.dll")!;

        Assert.Equal(["src/Base", "src/Contracts", "src/Orders"], sources.Folders.Select(folder => Path.GetRelativePath(_folder.Path, folder.Path)).Order(StringComparer.Ordinal));
        foreach (var file in (string[])["src/Orders/Program.cs", "src/Base/Deep/X.cs", "src/Contracts/Contracts.csproj", "src/Orders/appsettings.json"])
            Assert.True(sources.Hold(_folder.File(file)), file);
        foreach (var file in (string[])["src/Orders/data.json", "src/Orders2/Program.cs", "src/Payments/Program.cs", "scripts/app.py"])
            Assert.False(sources.Hold(_folder.File(file)), file);
    }

    [Fact]
    public void Outputs_hidden_folders_and_what_editors_leave_are_no_sources()
    {
        foreach (var file in (string[])["a.cs", "b/c.cs", "bin/d.cs", "obj/e.cs", ".git/f.cs", "node_modules/g.cs", "h.txt", ".#i.cs", "j.cs~"])
            _folder.Write($"mix/{file}", "");

        string[] Files(params string[] endings) =>
            [.. new SourceFolder(_folder.File("mix"), endings).Files().Select(file => Path.GetRelativePath(_folder.File("mix"), file.Path)).Order(StringComparer.Ordinal)];
        Assert.Equal(["a.cs", "b/c.cs"], Files(".cs"));
        Assert.Equal(["a.cs", "b/c.cs", "h.txt"], Files());
        Assert.Empty(new SourceFolder(_folder.File("nowhere"), []).Files());
    }

    [Fact]
    public void A_script_is_watched_with_its_neighbours_and_not_built()
    {
        var sources = Sources("python3 scripts/app.py --port 1")!;

        Assert.Null(sources.Build);
        Assert.True(sources.Hold(_folder.File("scripts/other.py")));
        Assert.False(sources.Hold(_folder.File("scripts/main.cs")));
    }

    [Fact]
    public void The_template_has_the_last_word()
    {
        var app = App("dotnet artifacts/bin/Orders/release/Orders.dll") with { Watch = [_folder.File("scripts")] };

        var sources = AppSources.Of(app, _folder.Path)!;
        Assert.Equal([_folder.File("scripts")], sources.Folders.Select(folder => folder.Path));
        Assert.Equal("dotnet", sources.Build!.Words[0]);
        Assert.Equal(["make"], AppSources.Of(app with { Build = ["make"] }, _folder.Path)!.Build!.Words);
        Assert.Null(AppSources.Of(app with { Command = ["go", "run", "."] }, _folder.Path)!.Build);
    }

    [Theory]
    [InlineData("npm start")]
    [InlineData("dotnet artifacts/bin/Nobody/release/Nobody.dll")]
    [InlineData("dotnet run --project nowhere")]
    [InlineData("python3 nowhere.py")]
    [InlineData("dotnet artifacts/bin/Twin/release/Twin.dll")]
    public void What_cannot_be_told_is_not_guessed(string command)
    {
        Project("one/Twin.csproj", "");
        Project("two/Twin.csproj", "");

        Assert.Null(Sources(command));
    }

    [Fact]
    public void Every_service_of_this_repository_is_found()
    {
        var template = RunTemplateLoader.Load(RepositoryRoot.Path).Value!;
        foreach (var app in template.Apps.Where(app => app.Command.Count > 0))
        {
            var sources = AppSources.Of(app, RepositoryRoot.Path)!;
            Assert.True(sources.Hold(RepositoryRoot.Combine("src", "Services", "ServiceDefaults", "ShopProblems.cs")), app.AppId);
            Assert.True(sources.Hold(RepositoryRoot.Combine("src", "Sdk", "Dapr.Client", "DaprClient.cs")), app.AppId);
            Assert.False(sources.Hold(RepositoryRoot.Combine("src", "Runtime", "Sidecar.Cli", "Program.cs")), app.AppId);
            Assert.Equal("Release", sources.Build!.Words[sources.Build.Words.ToList().IndexOf("-c") + 1]);
        }
    }

    private AppSources? Sources(string command) => AppSources.Of(App(command), _folder.Path);

    private RunApp App(string command) => new("a", _folder.Path) { Command = command.Split(' ') };

    private void Project(string file, string items, string properties = "") =>
        _folder.Write(file, $"<Project Sdk=\"Microsoft.NET.Sdk\"><PropertyGroup>{properties}</PropertyGroup><ItemGroup>{items}</ItemGroup></Project>");
}
