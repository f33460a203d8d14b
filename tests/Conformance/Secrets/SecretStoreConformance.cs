using Sidecar.Components.Secrets;

namespace Conformance.Secrets;

/// <summary>
/// The rules of <see cref="ISecretStore"/>. A driver joins by deriving a class that passes its <see cref="SecretStoreTarget"/>.
/// </summary>
public abstract class SecretStoreConformance(SecretStoreTarget target) : IAsyncLifetime
{
    private static readonly Dictionary<string, string> NoMetadata = [];

    private static readonly Dictionary<string, string> Provided = new()
    {
        ["password"] = "s3cret",
        ["ODD_ONE"] = "ä=\"1\" 🔑 \t",
        ["empty"] = "",
    };

    private readonly ComponentHost _host = new();
    private ISecretStore _store = null!;

    public async ValueTask InitializeAsync() => _store = await _host.OpenAsync<ISecretStore>(
        target.Type, target.Provide(_host.Folder, Provided), environment: target.Environment?.Invoke(Provided));

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData("password")]
    [InlineData("ODD_ONE")]
    [InlineData("empty")]
    public async Task A_secret_is_one_value_under_its_own_name(string name)
    {
        var secret = await _store.GetAsync(name, NoMetadata, CancellationToken.None);

        Assert.Equal([KeyValuePair.Create(name, Provided[name])], secret!);
    }

    [Fact]
    public async Task A_secret_that_does_not_exist_is_told_from_one_that_does()
    {
        var secret = await _store.GetAsync("nothing", NoMetadata, CancellationToken.None);

        if (target.AbsentIsEmpty)
            Assert.Equal([KeyValuePair.Create("nothing", "")], secret!);
        else
            Assert.Null(secret);
    }

    [Fact]
    public async Task All_secrets_are_listed_with_their_values()
    {
        var all = await _store.GetAllAsync(NoMetadata, CancellationToken.None);

        Assert.Equal(
            Provided.OrderBy(pair => pair.Key, StringComparer.Ordinal),
            all.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => KeyValuePair.Create(pair.Key, Assert.Single(pair.Value).Value)));
        Assert.All(all, pair => Assert.Equal(pair.Key, Assert.Single(pair.Value).Key));
    }

    [Fact]
    public void One_value_under_each_name_unless_told_otherwise() => Assert.False(_store.HoldsSeveralValues);
}
