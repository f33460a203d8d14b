namespace Sidecar.Components.Kafka;

/// <summary>A thread of its own for calls of librdkafka that wait, so that no thread of the pool does.</summary>
internal sealed class KafkaThread
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private KafkaThread()
    {
    }

    /// <summary>Completes when the thread is through; fails with what it threw.</summary>
    public Task Ended => _ended.Task;

    public static KafkaThread Start(string name, Action work)
    {
        var started = new KafkaThread();
        new Thread(() =>
        {
            try
            {
                work();
                started._ended.TrySetResult();
            }
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                started._ended.TrySetException(failure);
            }
        })
        {
            IsBackground = true,
            Name = name,
        }.Start();
        return started;
    }

    public static async Task<T> RunAsync<T>(string name, Func<T> work)
    {
        T result = default!;
        await Start(name, () => result = work()).Ended.ConfigureAwait(false);
        return result;
    }
}
