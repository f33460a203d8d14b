using Sidecar.Components;

namespace Sidecar.Components.Tests;

public sealed class ComponentCatalogTests
{
    [Theory]
    [InlineData("state.in-memory", "v1")]
    [InlineData("state.sqlite", "")]
    [InlineData("state.sqlite3", "v1")]
    [InlineData("State.SQLite", "V1")]
    [InlineData("pubsub.in-memory", "v1")]
    [InlineData("pubsub.sqlite", "v1")]
    [InlineData("pubsub.kafka", "v1")]
    [InlineData("secretstores.local.file", "v1")]
    [InlineData("secretstores.local.env", "v1")]
    [InlineData("pubsub.rabbitmq", "v1")]
    [InlineData("state.postgresql", "")]
    [InlineData("state.postgres", "v2")]
    [InlineData("bindings.cron", "v1")]
    [InlineData("bindings.http", "v1")]
    [InlineData("bindings.localstorage", "v1")]
    public void A_known_type_is_found(string type, string version) => Assert.NotNull(ComponentCatalog.Default.Find(type, version));

    [Theory]
    [InlineData("state.sqlite", "v2")]
    [InlineData("state.nothing", "v1")]
    [InlineData("sqlite", "v1")]
    public void An_unknown_type_or_version_is_not_found(string type, string version) => Assert.Null(ComponentCatalog.Default.Find(type, version));

    [Fact]
    public void Fields_are_named_once_per_type_and_say_what_they_do() => Assert.All(ComponentCatalog.Default.Types, type =>
    {
        var names = type.Fields.SelectMany(field => field.Aliases.Append(field.Name)).ToList();
        Assert.Equal(names.Count, names.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.All(type.Fields, field => Assert.NotEqual("", field.Description));
    });
}
