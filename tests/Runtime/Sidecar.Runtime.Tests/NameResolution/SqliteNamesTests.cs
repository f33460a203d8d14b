using Microsoft.Data.Sqlite;
using Sidecar.Components.NameResolution;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Tests.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.NameResolution;

/// <summary>Name resolution by the component <c>sqlite</c>, chosen by a Configuration (contract 6.15).</summary>
public sealed class SqliteNamesTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly FakeClock _clock = new();

    public SqliteNamesTests() => _folder.Write("config.yaml", """
        apiVersion: dapr.io/v1alpha1
        kind: Configuration
        metadata:
          name: names
        spec:
          nameResolution:
            component: sqlite
            version: v1
            configuration:
              connectionString: shared.db
              tableName: sidecars
              updateInterval: 10s
              timeout: 2s
        """);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_sidecar_is_in_the_table_while_it_runs_and_renews_its_row_in_time()
    {
        await using (var sidecar = await TestSidecar.StartAsync(_folder, options => options with { Time = _clock }))
        {
            var began = _clock.GetUtcNow().ToUnixTimeSeconds();
            var (id, address, appId, scope, update) = Assert.Single(Rows());
            Assert.True(Guid.TryParse(id, out _));
            Assert.Matches("^127.0.0.1:[0-9]+$", address);
            Assert.Equal(("me", "", began), (appId, scope, update));

            // 10 s, less the 2 s that a renewal may take.
            _clock.Advance(TimeSpan.FromSeconds(8));
            await Eventually.TrueAsync(() => Rows().Single().Update == began + 8);
        }

        Assert.Empty(Rows());
    }

    [Fact]
    public async Task A_sidecar_whose_row_was_taken_over_ends_with_1()
    {
        await using var sidecar = await TestSidecar.StartAsync(_folder, options => options with { Time = _clock });
        Execute("UPDATE sidecars SET registration_id = 'another'");

        var ended = sidecar.Instance.Stopped;
        await Eventually.TrueAsync(
            () =>
            {
                _clock.Advance(TimeSpan.FromSeconds(8));
                return ended.IsCompleted;
            },
            "the end of the sidecar");

        Assert.Equal(1, await ended);
        Assert.Contains(sidecar.Log, line => line.Contains("has taken over the address of me", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Sidecars_of_several_groups_find_each_other_by_the_file()
    {
        await using var app = await TestApp.StartAsync(app => app.On("/x", 200, "found"));
        await using var callee = await TestSidecar.StartAsync(_folder, options => options with { AppId = "callee", AppPort = app.Port });
        await using var caller = await TestSidecar.StartAsync(_folder);

        Assert.Equal((200, "found"), await caller.GetAsync("/v1.0/invoke/callee/method/x"));
    }

    [Fact]
    public void A_row_of_another_runtime_is_live_for_the_interval_and_one_of_a_dead_process_not_at_all()
    {
        var table = new SqliteNameTable(new SqliteNameOptions(_folder.File("shared.db")) { TableName = "sidecars", UpdateInterval = TimeSpan.FromSeconds(5) });
        var now = _clock.GetUtcNow();
        table.Register("mine", "orders", "127.0.0.1:1", now);
        table.Register("dead", "orders", "127.0.0.1:2", now);
        Execute("UPDATE sidecars_processes SET started = 'long ago' WHERE registration_id = 'dead'");
        Execute($"INSERT INTO sidecars (registration_id, address, app_id, namespace, last_update) VALUES ('official', '127.0.0.1:3', 'orders', '', {now.ToUnixTimeSeconds()})");

        Assert.Equal(["127.0.0.1:1", "127.0.0.1:3"], table.Find("orders", now.AddSeconds(4)).Select(entry => entry.Address));
        Assert.Equal(["mine", "official"], Rows().Select(row => row.Id).Order(StringComparer.Ordinal));
        Assert.Empty(table.Find("orders", now.AddSeconds(5)));
        Assert.Equal("1", Scalar("SELECT value FROM metadata WHERE key = 'nr-migrations'"));
    }

    [Fact]
    public void Clean_up_deletes_what_is_old_and_nothing_that_is_renewed()
    {
        var table = new SqliteNameTable(new SqliteNameOptions(_folder.File("shared.db")) { TableName = "sidecars" });
        var now = _clock.GetUtcNow();
        table.Register("old", "orders", "127.0.0.1:1", now.AddHours(-2));
        table.Register("renewed", "orders", "127.0.0.1:2", now.AddHours(-2));

        Assert.True(table.Renew("renewed", now));
        table.Clean(now.AddHours(-1));

        Assert.Equal(["renewed"], Rows().Select(row => row.Id));
        Assert.False(table.Renew("old", now));
        Assert.Equal("1", Scalar("SELECT count(*) FROM sidecars_processes"));
    }

    [Theory]
    [InlineData("updateInterval: 2s", "at least 1s longer than 'timeout'")]
    [InlineData("updateInterval: 5500ms", "whole seconds")]
    [InlineData("timeout: 100ms", "'timeout' must be at least 1s")]
    [InlineData("tableName: 'a;b'", "letters, digits and _")]
    [InlineData("connectionString: ':memory:'", "in memory")]
    public async Task Settings_that_cannot_be_are_logged_and_all_but_names_of_others_works(string setting, string message)
    {
        var fields = setting.StartsWith("connectionString", StringComparison.Ordinal) ? "" : "      connectionString: shared.db\n";
        fields += setting.StartsWith("timeout", StringComparison.Ordinal) || setting.StartsWith("update", StringComparison.Ordinal) && setting.Contains("5500", StringComparison.Ordinal) ? "" : "      timeout: 2s\n";
        if (setting.StartsWith("timeout", StringComparison.Ordinal))
            fields = "      connectionString: shared.db\n";
        _folder.Write("config.yaml", $"apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata:\n  name: names\nspec:\n  nameResolution:\n    component: sqlite\n    configuration:\n{fields}      {setting}\n");
        await using var sidecar = await TestSidecar.StartAsync(_folder);

        Assert.Contains(message, await sidecar.LineAsync("cannot be found, and do not find this one"), StringComparison.Ordinal);
        Assert.Equal(204, (await sidecar.GetAsync("/v1.0/healthz/outbound")).Status);
    }

    [Fact]
    public async Task A_component_that_this_runtime_lacks_is_a_line_and_its_own_registry_serves()
    {
        _folder.Write("config.yaml", "apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata:\n  name: names\nspec:\n  nameResolution:\n    component: consul\n    configuration:\n      client:\n        address: localhost\n");
        await using var app = await TestApp.StartAsync(app => app.On("/x", 200, "found"));
        await using var callee = await TestSidecar.StartAsync(_folder, options => options with { AppId = "callee", AppPort = app.Port, NameRegistryFile = "names.db" });
        await using var caller = await TestSidecar.StartAsync(_folder, options => options with { NameRegistryFile = "names.db" });

        Assert.Equal((200, "found"), await caller.GetAsync("/v1.0/invoke/callee/method/x"));
        Assert.Single(caller.Log, line => line.Contains("'consul' is not in this runtime", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Sidecars_of_one_app_id_in_one_process_take_turns()
    {
        await using var group = new SidecarGroup();
        var apps = new List<TestApp>();
        for (var i = 0; i < 3; i++)
        {
            var name = $"{i}";
            var app = await TestApp.StartAsync(app => app.On("/who", 200, name));
            apps.Add(app);
            await TestSidecar.StartAsync(_folder, options => options with { AppId = "callee", AppPort = app.Port, ConfigPaths = [] }, group);
        }

        await using var caller = await TestSidecar.StartAsync(_folder, options => options with { ConfigPaths = [] }, group);
        var answers = new List<string>();
        for (var call = 0; call < 9; call++)
            answers.Add((await caller.GetAsync("/v1.0/invoke/callee/method/who")).Body);
        foreach (var app in apps)
            await app.DisposeAsync();

        Assert.All(answers.CountBy(answer => answer), count => Assert.Equal(3, count.Value));
        Assert.Equal(3, answers.Distinct().Count());
    }

    private IReadOnlyList<(string Id, string Address, string AppId, string Scope, long Update)> Rows()
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT registration_id, address, app_id, namespace, last_update FROM sidecars";
        using var reader = command.ExecuteReader();
        var rows = new List<(string, string, string, string, long)>();
        while (reader.Read())
            rows.Add((reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), reader.GetInt64(4)));
        return rows;
    }

    private void Execute(string sql)
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private string? Scalar(string sql)
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar()?.ToString();
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection($"Data Source={_folder.File("shared.db")};Pooling=False");
        connection.Open();
        return connection;
    }
}
