using Sidecar.Components.Local;
using TestSupport;

namespace Sidecar.Components.Tests.Local;

public sealed class LocalFileSecretStoreTests : IDisposable
{
    private const string Document = """
        { "plain": "1", "redis": { "password": "2", "deep": { "er": "3" } }, "list": ["a", { "b": "c" }],
          "yes": true, "no": false, "count": 5, "half": 0.5, "big": 1e20, "bigger": 1.5e21, "tiny": 0.00001, "null": null }
        """;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("plain", "1")]
    [InlineData("redis:password", "2")]
    [InlineData("redis:deep:er", "3")]
    [InlineData("list:0", "a")]
    [InlineData("list:1:b", "c")]
    [InlineData("yes", "%!s(bool=true)")]
    [InlineData("no", "%!s(bool=false)")]
    [InlineData("count", "%!s(float64=5)")]
    [InlineData("half", "%!s(float64=0.5)")]
    [InlineData("big", "%!s(float64=100000000000000000000)")]
    [InlineData("bigger", "%!s(float64=1.5e+21)")]
    [InlineData("tiny", "%!s(float64=1e-05)")]
    [InlineData("null", "%!s(<nil>)")]
    public async Task Nested_values_are_secrets_named_by_their_path(string name, string value)
    {
        var store = await OpenAsync(Document);

        Assert.Equal([KeyValuePair.Create(name, value)], await GetAsync(store, name));
        Assert.Null(await GetAsync(store, "redis"));
    }

    [Fact]
    public async Task The_separator_can_be_chosen()
    {
        var store = await OpenAsync(Document, ("nestedSeparator", "."));

        Assert.NotNull(await GetAsync(store, "redis.deep.er"));
        Assert.Null(await GetAsync(store, "redis:deep:er"));
    }

    [Fact]
    public async Task Multi_valued_makes_an_object_at_the_top_one_secret_and_ignores_what_is_neither_text_nor_object()
    {
        var store = await OpenAsync(Document, ("multiValued", "true"));

        Assert.True(store.HoldsSeveralValues);
        Assert.Equal(new Dictionary<string, string> { ["password"] = "2", ["deep:er"] = "3" }, await GetAsync(store, "redis"));
        Assert.Equal([KeyValuePair.Create("plain", "1")], await GetAsync(store, "plain"));
        var all = await store.GetAllAsync(new Dictionary<string, string>(), CancellationToken.None);
        Assert.Equal(["plain", "redis"], all.Keys.Order());
    }

    [Fact]
    public async Task The_file_is_read_once()
    {
        var store = await OpenAsync("""{ "a": "1" }""");
        _folder.Write("secrets.json", """{ "a": "2" }""");

        Assert.Equal([KeyValuePair.Create("a", "1")], await GetAsync(store, "a"));
    }

    [Theory]
    [InlineData("{ \"a\": ", "not valid JSON")]
    [InlineData("[]", "JSON object")]
    [InlineData(null, "cannot be read")]
    public async Task A_file_that_cannot_be_used_is_named_with_the_reason(string? text, string reason)
    {
        var failure = await Assert.ThrowsAsync<ComponentException>(() => OpenAsync(text));

        Assert.Contains(_folder.File("secrets.json"), failure.Message);
        Assert.Contains(reason, failure.Message);
    }

    private async Task<LocalFileSecretStore> OpenAsync(string? text, params (string, string)[] more)
    {
        if (text is not null)
            _folder.Write("secrets.json", text);
        var store = new LocalFileSecretStore();
        await store.InitAsync(Contexts.For(_folder, metadata: [("secretsFile", "secrets.json"), .. more]), CancellationToken.None);
        return store;
    }

    private static async Task<IReadOnlyDictionary<string, string>?> GetAsync(LocalFileSecretStore store, string name) =>
        await store.GetAsync(name, new Dictionary<string, string>(), CancellationToken.None);
}
