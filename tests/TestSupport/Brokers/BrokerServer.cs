using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace TestSupport.Brokers;

/// <summary>
/// A real server on a free port, with its files in a temporary folder, run by <c>tools/brokers</c>; gone at the end of the
/// test, and of the test process however that ends.
/// </summary>
public sealed partial class BrokerServer : IAsyncDisposable
{
    private static readonly ConcurrentDictionary<BrokerKind, Lazy<Task<BrokerServer>>> Shared = new();
    private static readonly ConcurrentDictionary<BrokerKind, Lazy<bool>> Here = new();

    private readonly TempFolder _folder = new();
    private readonly IReadOnlyDictionary<string, string?> _environment;
    private TestProcess? _process;

    private BrokerServer(BrokerKind kind, IReadOnlyDictionary<string, string?>? environment)
    {
        (Kind, Port) = (kind, FreePorts.Next());
        _environment = new Dictionary<string, string?>(environment ?? new Dictionary<string, string?>())
        {
            ["BROKER_PASSWORD"] = Password,
            ["RABBITMQ_DIST"] = Text(FreePorts.Next()),
            ["RABBITMQ_EPMD"] = Text(FreePorts.Next()),
        };
    }

    /// <summary>For the start and the end of a server: RabbitMQ alone may need a minute on a machine that has other work.</summary>
    public static TimeSpan StartPatience { get; } = TimeSpan.FromMinutes(3);

    public BrokerKind Kind { get; }

    public int Port { get; private set; }

    /// <summary>Of Redis's default user, RabbitMQ's guest and PostgreSQL's postgres; Kafka asks for none.</summary>
    public string Password { get; } = $"test-{Guid.NewGuid():N}";

    public string Folder => _folder.Path;

    /// <summary>Process id of the server itself.</summary>
    public int Pid { get; private set; }

    public string Address => $"127.0.0.1:{Port}";

    /// <summary>Metadata by which a component finds this server, with patience for a process that the machine lets stand still.</summary>
    public Dictionary<string, string> Metadata => Kind switch
    {
        BrokerKind.Redis => new() { ["redisHost"] = Address, ["redisPassword"] = Password, ["readTimeout"] = "60s", ["dialTimeout"] = "60s" },
        BrokerKind.RabbitMq => new() { ["connectionString"] = $"amqp://guest:{Password}@{Address}" },
        BrokerKind.Postgres => new() { ["connectionString"] = $"host=127.0.0.1 port={Port} user=postgres password={Password} dbname=postgres" },
        _ => new() { ["brokers"] = Address, ["authType"] = "none" },
    };

    /// <summary>Skips the test where the server cannot be had; where CI=true it fails instead.</summary>
    public static void SkipUnlessHere(BrokerKind kind)
    {
        if (IsHere(kind))
            return;
        var reason = $"this test needs {kind}; tools/brokers install {Name(kind)}";
        if (string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase))
            throw new InvalidOperationException($"{reason}. CI=true forbids to skip it");
        Assert.Skip(reason);
    }

    /// <summary>The server that all tests of this process have in common; who stops or cuts it has one of its own.</summary>
    public static async Task<BrokerServer> SharedAsync(BrokerKind kind)
    {
        SkipUnlessHere(kind);
        return await Shared.GetOrAdd(kind, static key => new Lazy<Task<BrokerServer>>(() => StartAsync(key))).Value;
    }

    /// <param name="environment">Settings of <c>tools/brokers run</c>, for example REDIS_APPENDFSYNC.</param>
    public static async Task<BrokerServer> StartAsync(BrokerKind kind, IReadOnlyDictionary<string, string?>? environment = null)
    {
        SkipUnlessHere(kind);
        var server = new BrokerServer(kind, environment);
        try
        {
            await server.StartAgainAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it at the port and with the data it had.</summary>
    public async Task StartAgainAsync()
    {
        _process = TestProcess.Start("bash", [RepositoryRoot.Combine("tools", "brokers"), "run", Name(Kind), Folder, Text(Port)], environment: _environment);
        var ready = ReadyLine().Match(await _process.LineAsync(line => ReadyLine().IsMatch(line), "a server that is ready", StartPatience));
        Port = int.Parse(ready.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        Pid = ready.Groups[2].Success ? int.Parse(ready.Groups[2].ValueSpan, CultureInfo.InvariantCulture) : _process.Id;
    }

    /// <summary>SIGKILL to the server and whatever belongs to it. Kafka, which has nothing on disk, is cut off instead.</summary>
    public async Task KillAsync()
    {
        if (Kind == BrokerKind.Kafka)
        {
            await TellAsync("down");
            return;
        }

        await EndAsync();
    }

    /// <summary>
    /// What was declared is on disk. Killed a moment after it was given a binding, RabbitMQ 3.10 may come back without it, answer a
    /// declaration of it, and still confirm messages that it then gives to nobody.
    /// </summary>
    public Task SettleAsync() => Kind == BrokerKind.RabbitMq ? AskAsync("eval", "mnesia:dump_log().") : Task.CompletedTask;

    /// <summary>Kills and starts it.</summary>
    public async Task RestartAsync()
    {
        await KillAsync();
        await (Kind == BrokerKind.Kafka ? TellAsync("up") : StartAgainAsync());
    }

    /// <summary>A command of <c>tools/kafka-mock.py</c>.</summary>
    public Task TellAsync(string command) => _process!.TellAsync(command, $"ok {command}");

    /// <summary>What rabbitmqctl, or psql, says: the view from outside.</summary>
    public async Task<string> AskAsync(params string[] arguments)
    {
        await using var question = TestProcess.Start(
            "bash", [RepositoryRoot.Combine("tools", "brokers"), "ctl", Name(Kind), Folder, Text(Port), .. arguments], environment: _environment);
        return await question.ExitAsync(StartPatience) == 0
            ? question.Output
            : throw new InvalidOperationException($"{Kind} does not answer {string.Join(' ', arguments)}: {question.Output}");
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _folder.Dispose();
    }

    internal static async Task DisposeSharedAsync()
    {
        foreach (var server in Shared.Values)
        {
            try
            {
                await (await server.Value).DisposeAsync();
            }
            catch (InvalidOperationException)
            {
                // It never started, which the tests that wanted it have told.
            }
        }
    }

    /// <summary>With its standard input gone, the script kills all that it has started.</summary>
    private async Task EndAsync()
    {
        if (_process is null)
            return;
        _process.CloseInput();
        await _process.ExitAsync(StartPatience);
        await _process.DisposeAsync();
        _process = null;
    }

    private static bool IsHere(BrokerKind kind) => Here.GetOrAdd(kind, static key => new Lazy<bool>(() =>
    {
        using var question = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("bash", [RepositoryRoot.Combine("tools", "brokers"), "missing", Name(key)]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        question.WaitForExit();
        return question.ExitCode == 0;
    })).Value;

    private static string Name(BrokerKind kind) => kind switch
    {
        BrokerKind.Redis => "redis",
        BrokerKind.RabbitMq => "rabbitmq",
        BrokerKind.Postgres => "postgres",
        _ => "kafka",
    };

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^ready \S+ \S+:(\d+)(?: pid (\d+))?")]
    private static partial Regex ReadyLine();
}

/// <summary>Ends the servers that the tests of an assembly shared: <c>[assembly: AssemblyFixture(typeof(SharedBrokers))]</c>.</summary>
public sealed class SharedBrokers : IAsyncDisposable
{
    public async ValueTask DisposeAsync() => await BrokerServer.DisposeSharedAsync();
}
