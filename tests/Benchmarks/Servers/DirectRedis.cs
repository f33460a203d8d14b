using Microsoft.Extensions.Logging.Abstractions;
using Sidecar.Components;
using Sidecar.Components.Redis;

namespace Benchmarks.Servers;

/// <summary>A stream with a group, and hashes, by the RESP client of the components.</summary>
internal sealed class DirectRedis : IDirectClient
{
    private const string Group = "direct";
    private static readonly RedisRetries NoRetries = new(0, TimeSpan.Zero, TimeSpan.Zero);

    private readonly RedisClient _client;
    private readonly CancellationTokenSource _stopping = new();
    private Task _reading = Task.CompletedTask;

    public DirectRedis(IReadOnlyDictionary<string, string> metadata) =>
        _client = new RedisClient(RedisOptions.Read(new ComponentMetadata(metadata)), TimeProvider.System, NullLogger.Instance);

    public async Task SaveAsync(string key, ReadOnlyMemory<byte> value) =>
        Check(await _client.ExecuteAsync(new RedisCommand("HSET", key, "data", value, "version", "1"), NoRetries, CancellationToken.None));

    public async Task<ReadOnlyMemory<byte>> GetAsync(string key)
    {
        // The pairs come in any order once a value is longer than 64 bytes.
        var items = Check(await _client.ExecuteAsync(RedisCommand.Read("HGETALL", key), NoRetries, CancellationToken.None)).Items;
        for (var index = 0; index < items.Length; index += 2)
        {
            if (items[index].Text == "data")
                return items[index + 1].Bytes;
        }

        throw new InvalidOperationException($"'{key}' has no data");
    }

    public async Task PublishAsync(string topic, ReadOnlyMemory<byte> message) =>
        Check(await _client.ExecuteAsync(new RedisCommand("XADD", topic, "*", "data", message), NoRetries, CancellationToken.None));

    public async Task SubscribeAsync(string topic, Action<ReadOnlySpan<byte>> take)
    {
        Check(await _client.ExecuteAsync(new RedisCommand("XGROUP", "CREATE", topic, Group, "0", "MKSTREAM"), NoRetries, CancellationToken.None));
        _reading = ReadAsync(topic, take);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _client.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task ReadAsync(string topic, Action<ReadOnlySpan<byte>> take)
    {
        await using var connection = await _client.OpenAsync(_stopping.Token);
        var read = new RedisCommand("XREADGROUP", "GROUP", Group, Group, "COUNT", 100, "BLOCK", 1000, "STREAMS", topic, ">") { ServerWaits = TimeSpan.FromSeconds(1) };
        while (!_stopping.IsCancellationRequested)
        {
            var reply = Check(await connection.SendAsync(read).WaitAsync(_stopping.Token));
            if (reply.IsNull)
                continue;
            List<RedisArgument> acknowledge = ["XACK", topic, Group];
            foreach (var entry in reply.Items[0].Items[1].Items)
            {
                take(entry.Items[1].Items[1].Bytes);
                acknowledge.Add(entry.Items[0].Text);
            }

            Check(await _client.ExecuteAsync(new RedisCommand([.. acknowledge]), NoRetries, _stopping.Token));
        }
    }

    private static RespReply Check(RespReply reply) => reply.IsError ? throw RedisErrors.Of(reply) : reply;
}
