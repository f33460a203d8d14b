namespace Benchmarks.Servers;

/// <summary>What a program does that uses the server's client library itself: one connection for all its callers, as such libraries advise.</summary>
internal interface IDirectClient : IAsyncDisposable
{
    Task SaveAsync(string key, ReadOnlyMemory<byte> value);

    Task<ReadOnlyMemory<byte>> GetAsync(string key);

    /// <summary>Done when the server has it.</summary>
    Task PublishAsync(string topic, ReadOnlyMemory<byte> message);

    /// <summary>Hands every message to <paramref name="take"/> and acknowledges it, until disposal.</summary>
    Task SubscribeAsync(string topic, Action<ReadOnlySpan<byte>> take);
}
