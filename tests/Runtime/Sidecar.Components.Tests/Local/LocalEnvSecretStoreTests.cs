using Sidecar.Components.Local;
using TestSupport;

namespace Sidecar.Components.Tests.Local;

public sealed class LocalEnvSecretStoreTests : IDisposable
{
    private static readonly Dictionary<string, string> Variables = new()
    {
        ["SHOP_PASSWORD"] = "1",
        ["SHOP_"] = "2",
        ["OTHER"] = "3",
        ["DAPR_API_TOKEN"] = "hidden",
        ["APP_API_TOKEN"] = "hidden",
    };

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("DAPR_API_TOKEN")]
    [InlineData("dapr_api_token")]
    [InlineData("APP_API_TOKEN")]
    [InlineData("NOT_SET")]
    public async Task The_sidecars_own_variables_look_as_if_they_were_not_set(string name)
    {
        var store = await OpenAsync();

        Assert.Equal([KeyValuePair.Create(name, "")], await GetAsync(store, name));
    }

    [Fact]
    [Contract(112)]
    public async Task Listing_leaves_the_sidecars_own_variables_out()
    {
        var store = await OpenAsync();
        var all = await store.GetAllAsync(new Dictionary<string, string>(), CancellationToken.None);

        Assert.Equal(["OTHER", "SHOP_", "SHOP_PASSWORD"], all.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_prefix_is_added_on_the_way_in_and_taken_off_on_the_way_out()
    {
        var store = await OpenAsync(("prefix", "SHOP_"));
        var all = await store.GetAllAsync(new Dictionary<string, string>(), CancellationToken.None);

        Assert.Equal([KeyValuePair.Create("PASSWORD", "1")], await GetAsync(store, "PASSWORD"));
        Assert.Equal([KeyValuePair.Create("PASSWORD", "1")], Assert.Single(all).Value);
    }

    [Fact]
    public async Task A_prefix_opens_no_way_to_what_is_hidden()
    {
        var store = await OpenAsync(("prefix", "DAPR_"));

        Assert.Equal([KeyValuePair.Create("API_TOKEN", "")], await GetAsync(store, "API_TOKEN"));
        Assert.Empty(await store.GetAllAsync(new Dictionary<string, string>(), CancellationToken.None));
    }

    private async Task<LocalEnvSecretStore> OpenAsync(params (string, string)[] metadata)
    {
        var store = new LocalEnvSecretStore();
        var context = Contexts.For(_folder, metadata: metadata) with
        {
            Environment = name => Variables.GetValueOrDefault(name.ToUpperInvariant()),
            AllEnvironment = () => Variables,
        };
        await store.InitAsync(context, CancellationToken.None);
        return store;
    }

    private static async Task<IReadOnlyDictionary<string, string>> GetAsync(LocalEnvSecretStore store, string name) =>
        (await store.GetAsync(name, new Dictionary<string, string>(), CancellationToken.None))!;
}
