using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace TestSupport;

/// <summary>Awaits events with a timeout whose message names what was awaited. Tests never sleep.</summary>
public static class Eventually
{
    /// <summary>Generous, because machines are noisy; a passing test never waits for it.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(60);

    /// <summary>Awaits the task, or fails naming <paramref name="what"/>.</summary>
    public static async Task<T> WithinAsync<T>(this Task<T> task, string what, TimeSpan? patience = null)
    {
        try
        {
            return await task.WaitAsync(patience ?? Patience);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"Waited {(patience ?? Patience).TotalSeconds:0} s in vain for: {what}");
        }
    }

    /// <inheritdoc cref="WithinAsync{T}"/>
    public static Task WithinAsync(this Task task, string what, TimeSpan? patience = null) =>
        AsResult(task).WithinAsync(what, patience);

    /// <summary>
    /// Asks <paramref name="probe"/> until it returns a value other than null, for things that raise no event here: another
    /// process's HTTP answer, a file. An exception of the probe counts as not yet, and is told if time runs out; a
    /// <see cref="HopelessException"/> ends the wait at once.
    /// </summary>
    public static async Task<T> GetAsync<T>(Func<Task<T?>> probe, string what, TimeSpan? patience = null)
        where T : class
    {
        var started = Stopwatch.GetTimestamp();
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(25));
        Exception? last = null;
        do
        {
            try
            {
                if (await probe() is { } value)
                    return value;
                last = null;
            }
            catch (Exception failure) when (failure is not HopelessException)
            {
                last = failure;
            }

            await pause.WaitForNextTickAsync();
        }
        while (Stopwatch.GetElapsedTime(started) < (patience ?? Patience));

        throw new TimeoutException($"Waited {(patience ?? Patience).TotalSeconds:0} s in vain for: {what}", last);
    }

    /// <summary>As <see cref="GetAsync{T}"/>, for a condition.</summary>
    public static Task TrueAsync(Func<Task<bool>> probe, string what, TimeSpan? patience = null) =>
        GetAsync(async () => await probe() ? "" : null, what, patience);

    /// <inheritdoc cref="TrueAsync(Func{Task{bool}}, string, TimeSpan?)"/>
    public static Task TrueAsync(Func<bool> probe, [CallerArgumentExpression(nameof(probe))] string what = "", TimeSpan? patience = null) =>
        TrueAsync(() => Task.FromResult(probe()), what, patience);

    /// <summary>
    /// Does something until it has shown what is awaited, and answers with all that came of it: at least one. For calls whose time
    /// may be over before they have come in, which shows nothing where they went to.
    /// </summary>
    public static async Task<IReadOnlyList<T>> RepeatAsync<T>(Func<Task<T>> act, Func<bool> shown, string what)
    {
        List<T> results = [];
        await TrueAsync(
            async () =>
            {
                if (results.Count > 0 && shown())
                    return true;
                results.Add(await act());
                return shown();
            },
            what);
        return results;
    }

    /// <summary>What is awaited will never come, so nobody need wait for it.</summary>
    public sealed class HopelessException(string message) : Exception(message);

    private static async Task<bool> AsResult(Task task)
    {
        await task;
        return true;
    }
}
