using System.Text;
using System.Text.Json;
using Sidecar.Components.Bindings;
using Sidecar.Components.LocalStorage;
using TestSupport;

namespace Sidecar.Components.Tests.LocalStorage;

public sealed class LocalStorageBindingTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly LocalStorageBinding _binding = new();

    private string Root => _folder.File("root");

    public async ValueTask InitializeAsync() => await _binding.InitAsync(Contexts.For(_folder, metadata: [("rootPath", "root")]), CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await _binding.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("\"hello there\"", "hello there")]
    [InlineData("\"aGVsbG8=\"", "hello")]
    [InlineData("aGVsbG8=", "hello")]
    [InlineData("\"tab\\t\\u00e9\"", "tab\té")]
    [InlineData("{\"a\":1}", "{\"a\":1}")]
    [InlineData("\"\"", "")]
    [InlineData("\"broken\\q\"", "\"broken\\q\"")]
    public async Task A_text_is_kept_without_its_quotes_and_base64_decoded(string data, string expected)
    {
        Assert.Equal("""{"fileName":"sub/a.txt"}""", await TextAsync("create", data, ("fileName", "sub/a.txt")));
        Assert.Equal(expected, await TextAsync("get", "null", ("fileName", "sub/a.txt")));
        Assert.Equal(expected, await File.ReadAllTextAsync(Path.Combine(Root, "sub", "a.txt")));
    }

    [Fact]
    public async Task A_file_without_a_name_gets_one()
    {
        var answer = JsonDocument.Parse((await TextAsync("create", "\"x y\""))!).RootElement;
        Assert.True(Guid.TryParse(answer.GetProperty("fileName").GetString(), out _));
        Assert.Equal("x y", await TextAsync("get", "null", ("fileName", answer.GetProperty("fileName").GetString()!)));
    }

    [Fact]
    public async Task A_folder_is_listed_with_all_below_it_and_an_empty_one_is_null()
    {
        Assert.Equal("null", await TextAsync("list"));
        await TextAsync("create", "\"1 1\"", ("fileName", "b.txt"));
        await TextAsync("create", "\"1 1\"", ("fileName", "sub/a.txt"));

        Assert.Equal([Path.Combine(Root, "b.txt"), Path.Combine(Root, "sub", "a.txt")], JsonSerializer.Deserialize<string[]>((await TextAsync("list"))!)!);
        Assert.Equal([Path.Combine(Root, "sub", "a.txt")], JsonSerializer.Deserialize<string[]>((await TextAsync("list", "null", ("fileName", "sub")))!)!);
        Assert.Equal("folder not found: none", await FailAsync("list", ("fileName", "none")));
        Assert.Equal("'b.txt' is a file, not a folder", await FailAsync("list", ("fileName", "b.txt")));
    }

    [Fact]
    public async Task A_deleted_file_is_gone_and_a_missing_one_is_an_error()
    {
        await TextAsync("create", "\"x y\"", ("fileName", "a"));

        Assert.Null(await _binding.InvokeAsync(Request("delete", "null", ("fileName", "a")), CancellationToken.None));

        Assert.False(File.Exists(Path.Combine(Root, "a")));
        Assert.Equal("file not found: a", await FailAsync("delete", ("fileName", "a")));
        Assert.Equal("file not found: a", await FailAsync("get", ("fileName", "a")));
        Assert.Equal("request metadata 'fileName' is missing", await FailAsync("get"));
        Assert.Equal("request metadata 'fileName' is missing", await FailAsync("delete"));
    }

    [Theory]
    [InlineData("../../outside", "outside")]
    [InlineData("/etc/../../x", "x")]
    [InlineData("sub/../../../y", "y")]
    [InlineData("./a/./b", "a/b")]
    public async Task No_name_leads_out_of_the_root(string name, string relative)
    {
        Assert.Equal($$"""{"fileName":"{{relative}}"}""", await TextAsync("create", "\"in here\"", ("fileName", name)));
        Assert.Equal("in here", await File.ReadAllTextAsync(Path.Combine(Root, relative)));
    }

    [Theory]
    [InlineData("..")]
    [InlineData("/")]
    [InlineData("a/..")]
    public async Task The_root_itself_is_no_file(string name)
    {
        foreach (var operation in new[] { "create", "get", "delete" })
            Assert.Equal($"'{name}' names the folder itself, not a file in it", await FailAsync(operation, ("fileName", name)));
        Assert.True(Directory.Exists(Root));
    }

    [Fact]
    public async Task A_link_leads_to_no_place_outside_the_root()
    {
        _folder.Write("secret/key", "s3cret");
        Directory.CreateSymbolicLink(Path.Combine(Root, "absolute"), _folder.File("secret"));
        Directory.CreateSymbolicLink(Path.Combine(Root, "relative"), "../secret");
        File.CreateSymbolicLink(Path.Combine(Root, "file"), _folder.File("secret/key"));
        Directory.CreateDirectory(Path.Combine(Root, "real"));
        Directory.CreateSymbolicLink(Path.Combine(Root, "inside"), "real");
        Directory.CreateSymbolicLink(Path.Combine(Root, "circle"), "circle");

        foreach (var name in new[] { "absolute/key", "relative/key", "file", "inside/../absolute/key" })
            Assert.Equal($"file not found: {name}", await FailAsync("get", ("fileName", name)));
        await TextAsync("create", "\"mine now\"", ("fileName", "file"));
        await TextAsync("create", "\"mine now\"", ("fileName", "absolute/key"));
        await TextAsync("create", "\"well done\"", ("fileName", "inside/a"));

        Assert.Equal("s3cret", await File.ReadAllTextAsync(_folder.File("secret/key")));
        Assert.Equal("mine now", await TextAsync("get", "null", ("fileName", "file")));
        Assert.Equal("well done", await File.ReadAllTextAsync(Path.Combine(Root, "real", "a")));
        Assert.Equal("'circle/a' goes through too many links", await FailAsync("get", ("fileName", "circle/a")));
    }

    [Theory]
    [InlineData("/proc/self")]
    [InlineData("/sys")]
    [InlineData("/boot/x")]
    [InlineData("/var/run/secrets/x")]
    [InlineData("../../../../../../../../../proc/1")]
    public async Task Some_folders_are_no_root(string path)
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("these are folders of Unix");
        var failure = await Assert.ThrowsAsync<ComponentException>(
            () => new LocalStorageBinding().InitAsync(Contexts.For(_folder, metadata: [("rootPath", path)]), CancellationToken.None));
        Assert.Contains("where no files may be kept", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_to_such_a_folder_is_no_root_either_and_neither_is_a_file()
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("these are folders of Unix");
        Directory.CreateSymbolicLink(_folder.File("way"), "/proc/self");
        _folder.Write("file", "");

        foreach (var path in new[] { "way", "way/fd", "file" })
        {
            await Assert.ThrowsAsync<ComponentException>(
                () => new LocalStorageBinding().InitAsync(Contexts.For(_folder, metadata: [("rootPath", path)]), CancellationToken.None));
        }
    }

    private static BindingRequest Request(string operation, string data, params (string Name, string Value)[] metadata) =>
        new(operation, Encoding.UTF8.GetBytes(data), metadata.ToDictionary(pair => pair.Name, pair => pair.Value));

    private async Task<string?> TextAsync(string operation, string data = "null", params (string Name, string Value)[] metadata) =>
        await _binding.InvokeAsync(Request(operation, data, metadata), CancellationToken.None) is { } reply ? Encoding.UTF8.GetString(reply.Data.Span) : null;

    private async Task<string> FailAsync(string operation, params (string Name, string Value)[] metadata) =>
        (await Assert.ThrowsAsync<ComponentException>(() => TextAsync(operation, "null", metadata))).Message;
}
