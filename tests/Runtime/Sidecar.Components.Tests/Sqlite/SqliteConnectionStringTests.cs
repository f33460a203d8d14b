using Sidecar.Components.Sqlite;
using TestSupport;

namespace Sidecar.Components.Tests.Sqlite;

public sealed class SqliteConnectionStringTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("data.db", "data.db")]
    [InlineData("./sub/../data.db", "data.db")]
    [InlineData("file:data.db", "data.db")]
    [InlineData("file:data.db?_txlock=immediate&cache=shared", "data.db")]
    [InlineData("data.db?mode=rwc", "data.db")]
    [InlineData("file:with%20blank.db", "with blank.db")]
    [InlineData("file:///var/data.db", "/var/data.db")]
    [InlineData("file://localhost/var/data.db", "/var/data.db")]
    [InlineData("/var/data.db", "/var/data.db")]
    public void A_file_is_found_relative_to_the_apps_folder(string text, string expected)
    {
        var options = Read(text);

        Assert.Equal(Path.GetFullPath(expected, _folder.Path), options.Path);
        Assert.False(options.IsInMemory);
    }

    [Theory]
    [InlineData(":memory:")]
    [InlineData("file::memory:?cache=shared")]
    [InlineData("file:name?mode=memory")]
    public void A_database_in_memory_has_no_path(string text) => Assert.True(Read(text).IsInMemory);

    [Fact]
    public void Pragmas_are_taken_over() =>
        Assert.Equal(["cache_size=-2000", "temp_store=memory"], Read("data.db?_pragma=cache_size(-2000)&_pragma=temp_store%3Dmemory").Pragmas);

    [Theory]
    [InlineData("data.db?_pragma=busy_timeout(100)", "busy_timeout")]
    [InlineData("data.db?_pragma=journal_mode(DELETE)", "journal_mode")]
    [InlineData("data.db?_pragma=foreign_keys(1)", "foreign_keys")]
    [InlineData("data.db?_pragma=x;drop", "expected name(value)")]
    [InlineData("file:", "names no file")]
    [InlineData("", "connectionString")]
    public void What_is_not_allowed_is_told(string text, string expected)
    {
        var failure = Assert.Throws<ComponentException>(() => Read(text));
        Assert.Contains(expected, failure.Message);
    }

    [Fact]
    public void Components_share_a_writer_only_if_they_want_the_same_of_the_file()
    {
        Assert.Equal(Read("data.db").Key, Read("file:./data.db").Key);
        Assert.NotEqual(Read("data.db").Key, (Read("data.db") with { SynchronousFull = true }).Key);
    }

    private SqliteFileOptions Read(string text) => SqliteConnectionString.Read(Contexts.For(_folder, metadata: ("connectionString", text)));
}
