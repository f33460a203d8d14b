using System.Diagnostics;
using System.Globalization;
using System.Text;
using Sidecar.Components.PubSub;
using Sidecar.Components.Redis;
using TestSupport;
using TestSupport.Brokers;

namespace Sidecar.Components.Tests.Redis;

/// <summary>Components on a real server, looked at from outside with <c>redis-cli</c>.</summary>
public abstract class RealRedisTest : IAsyncLifetime
{
    private protected static readonly Dictionary<string, string> Nothing = [];

    private readonly TempFolder _folder = new();
    private readonly List<IAsyncDisposable> _open = [];

    private protected static CancellationToken None => CancellationToken.None;

    /// <summary>Stands before keys and topics, because tests share the server.</summary>
    private protected string Prefix { get; } = $"{Guid.NewGuid():N}-";

    private protected BrokerServer Server { get; private set; } = null!;

    public virtual async ValueTask InitializeAsync() => Server = await BrokerServer.SharedAsync(BrokerKind.Redis);

    public async ValueTask DisposeAsync()
    {
        for (var index = _open.Count - 1; index >= 0; index--)
            await _open[index].DisposeAsync();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>A server that the test may stop.</summary>
    private protected async Task UseOwnServerAsync(params (string, string?)[] environment)
    {
        Server = await BrokerServer.StartAsync(BrokerKind.Redis, environment.ToDictionary(pair => pair.Item1, pair => pair.Item2));
        _open.Add(Server);
    }

    /// <summary>What <c>redis-cli</c> prints, without the line end behind it.</summary>
    private protected async Task<string> CliAsync(params string[] words)
    {
        var start = new ProcessStartInfo("redis-cli", ["-p", Server.Port.ToString(CultureInfo.InvariantCulture), "--no-auth-warning", .. words])
        {
            RedirectStandardOutput = true,
            StandardOutputEncoding = Encoding.UTF8,
            Environment = { ["REDISCLI_AUTH"] = Server.Password },
        };
        using var cli = Process.Start(start)!;
        var output = await cli.StandardOutput.ReadToEndAsync();
        await cli.WaitForExitAsync();
        return output.TrimEnd('\n');
    }

    /// <summary>A component as if in a process of its own.</summary>
    private protected async Task<T> OpenAsync<T>(T component, params (string Name, string Value)[] metadata)
        where T : IComponent
    {
        _open.Add(component);
        var all = Server.Metadata.Select(pair => (pair.Key, pair.Value)).Where(pair => metadata.All(given => given.Name != pair.Key)).Concat(metadata);
        await component.InitAsync(Contexts.For(_folder, metadata: [.. all]), None);
        return component;
    }

    private protected T Dispose<T>(T disposable)
        where T : IAsyncDisposable
    {
        _open.Add(disposable);
        return disposable;
    }

    private protected async Task<IAsyncDisposable> SubscribeAsync(RedisPubSub pubSub, string topic, PubSubHandler handler) =>
        Dispose(await pubSub.SubscribeAsync(new PubSubSubscription(Prefix + topic, Nothing), handler, None));

    private protected PubSubMessage Message(string topic, string text, params (string, string)[] metadata) =>
        new(Prefix + topic, Encoding.UTF8.GetBytes(text), null, metadata.ToDictionary(pair => pair.Item1, pair => pair.Item2));

    private protected Task<string> PendingAsync(string topic) => CliAsync("XPENDING", Prefix + topic, "app", "-", "+", "100");
}
