using System.Threading.Channels;
using Sidecar.Components.PubSub;
using TestSupport;

namespace Sidecar.Components.Tests.Kafka;

/// <summary>A handler that keeps what it gets, in order, and answers as it is told.</summary>
internal sealed class Mailbox(Func<PubSubMessage, CancellationToken, ValueTask<Delivery>>? answer = null)
{
    private readonly Channel<PubSubMessage> _arrived = Channel.CreateUnbounded<PubSubMessage>();

    public ValueTask<Delivery> HandleAsync(PubSubMessage message, CancellationToken cancellationToken)
    {
        _arrived.Writer.TryWrite(message);
        return answer?.Invoke(message, cancellationToken) ?? ValueTask.FromResult(Delivery.Ack);
    }

    public Task<PubSubMessage> NextAsync(string what) => _arrived.Reader.ReadAsync().AsTask().WithinAsync(what);

    public async Task<string> NextTextAsync(string what) => System.Text.Encoding.UTF8.GetString((await NextAsync(what)).Data.Span);

    public async Task<List<string>> NextTextsAsync(int count)
    {
        List<string> texts = [];
        while (texts.Count < count)
            texts.Add(await NextTextAsync($"message {texts.Count + 1} of {count}, after {string.Join(' ', texts)}"));
        return texts;
    }

    /// <summary>What has arrived and was not asked for.</summary>
    public List<string> Rest()
    {
        List<string> rest = [];
        while (_arrived.Reader.TryRead(out var message))
            rest.Add(System.Text.Encoding.UTF8.GetString(message.Data.Span));
        return rest;
    }
}
