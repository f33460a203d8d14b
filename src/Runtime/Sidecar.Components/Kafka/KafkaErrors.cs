using Microsoft.Extensions.Logging;
using Sidecar.Components.Kafka.Native;

namespace Sidecar.Components.Kafka;

/// <summary>Keeps and logs what a client says of its brokers: a reason is told once, until another comes.</summary>
internal sealed class KafkaErrors(ILogger logger)
{
    private string? _last;

    /// <summary>The last thing that went wrong.</summary>
    public string? Last => Volatile.Read(ref _last);

    /// <summary>Why credentials were refused; null = they were not.</summary>
    public string? Refusal { get; private set; }

    /// <summary>Why the client cannot go on at all; null = it can.</summary>
    public string? Fatal { get; private set; }

    public void Add(int code, string reason)
    {
        if (KafkaFault.IsRefusal(code))
            Refusal = reason;
        if (code == KafkaCode.Fatal)
            Fatal = reason;

        // It follows the reason why each of them is down.
        if (code == KafkaCode.AllBrokersDown && Last is not null)
            return;
        if (Interlocked.Exchange(ref _last, reason) is { } before && SameFault(before, reason))
            KafkaLog.ClientErrorAgain(logger, reason);
        else
            KafkaLog.ClientError(logger, reason);
    }

    public void Log(int level, string text)
    {
        if (logger.IsEnabled(LogLevel.Debug))
            KafkaLog.Library(logger, text);
    }

    // A reason ends with how long things took: '… (after 0ms in state CONNECT)'.
    private static bool SameFault(string one, string other) => Head(one) == Head(other);

    private static string Head(string reason) => reason.IndexOf(" (after", StringComparison.Ordinal) is var end and >= 0 ? reason[..end] : reason;
}
