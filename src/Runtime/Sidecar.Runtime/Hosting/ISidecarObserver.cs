namespace Sidecar.Runtime.Hosting;

/// <summary>
/// Is told what a sidecar has done (<see cref="SidecarOptions.Observer"/>), for tests that await it. Called on the thread that
/// did it, from several at once: return quickly, do not throw, and keep no bytes without a copy.
/// </summary>
public interface ISidecarObserver
{
    /// <summary>The broker has taken a message.</summary>
    /// <param name="topic">As the app knows it.</param>
    /// <param name="data">As the broker has it: a CloudEvent, or a raw payload.</param>
    void Published(string pubsubName, string topic, ReadOnlyMemory<byte> data)
    {
    }

    /// <summary>The app has been asked, or could not be asked, and this is what becomes of the message; the broker hears of it next.</summary>
    /// <param name="status"><c>SUCCESS</c>, <c>RETRY</c> or <c>DROP</c> (contract 2.7).</param>
    /// <param name="reason">Why it is no success; null when it is one.</param>
    void Delivered(string pubsubName, string topic, ReadOnlyMemory<byte> data, string status, string? reason)
    {
    }

    /// <summary>The broker has taken a message that finally failed on its dead letter topic.</summary>
    void DeadLettered(string pubsubName, string topic, string deadLetterTopic, ReadOnlyMemory<byte> data)
    {
    }

    /// <summary>The store has a new value, written alone or by a transaction.</summary>
    /// <param name="key">As the app knows it.</param>
    void StateSaved(string store, string key, ReadOnlyMemory<byte> value)
    {
    }

    /// <summary>The store has been told to forget a key, which may not have been there.</summary>
    void StateDeleted(string store, string key)
    {
    }

    /// <summary>The app answers and all its subscriptions run; or its health checks say that it changed (contract 2.17).</summary>
    void AppHealthChanged(bool isHealthy)
    {
    }
}
