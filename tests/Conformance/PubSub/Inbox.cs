using System.Text;
using System.Threading.Channels;
using Sidecar.Components.PubSub;
using TestSupport;

namespace Conformance.PubSub;

/// <summary>A handler that keeps what it gets in order of arrival and answers as it is told.</summary>
public sealed class Inbox
{
    private readonly Channel<PubSubMessage> _arrived = Channel.CreateUnbounded<PubSubMessage>();
    private readonly Func<PubSubMessage, int, CancellationToken, ValueTask<Delivery>> _answer;
    private readonly Dictionary<string, int> _times = [];
    private int _now;

    public Inbox()
        : this((_, _, _) => ValueTask.FromResult(Delivery.Ack))
    {
    }

    /// <param name="answer">Given the message and how often it has arrived by now.</param>
    public Inbox(Func<PubSubMessage, int, CancellationToken, ValueTask<Delivery>> answer) => _answer = answer;

    /// <summary>Most handlers that ran at the same time.</summary>
    public int MostAtOnce { get; private set; }

    public async ValueTask<Delivery> HandleAsync(PubSubMessage message, CancellationToken cancellationToken)
    {
        int times;
        lock (_times)
        {
            times = _times[Text(message)] = _times.GetValueOrDefault(Text(message)) + 1;
            MostAtOnce = Math.Max(MostAtOnce, ++_now);
        }

        try
        {
            _arrived.Writer.TryWrite(message);
            return await _answer(message, times, cancellationToken);
        }
        finally
        {
            lock (_times)
                _now--;
        }
    }

    public async Task<PubSubMessage> NextAsync(string what = "the next message") =>
        await _arrived.Reader.ReadAsync().AsTask().WithinAsync(what);

    public async Task<string> NextTextAsync(string what = "the next message") => Text(await NextAsync(what));

    public async Task<List<string>> NextTextsAsync(int count)
    {
        List<string> texts = [];
        while (texts.Count < count)
            texts.Add(await NextTextAsync($"message {texts.Count + 1} of {count}"));
        return texts;
    }

    /// <summary>What has arrived and was not asked for yet.</summary>
    public List<string> Rest()
    {
        List<string> rest = [];
        while (_arrived.Reader.TryRead(out var message))
            rest.Add(Text(message));
        return rest;
    }

    public static string Text(PubSubMessage message) => Encoding.UTF8.GetString(message.Data.Span);
}
