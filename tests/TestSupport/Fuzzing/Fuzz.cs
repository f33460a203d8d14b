using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;
using Xunit;

namespace TestSupport;

/// <summary>
/// Runs a property over generated input: the same cases on every run, unless <c>FUZZ_SEED</c> names another seed and <c>FUZZ_CASES</c>
/// another number of cases than ten thousand. A failure tells the seed, and the smallest case that still fails. A case that does not end,
/// or that takes more memory than it may, fails too.
/// </summary>
/// <remarks>Compiled into each project that has FsCheck, so that TestSupport itself, and with it all others, need not.</remarks>
internal static class Fuzz
{
    /// <summary>Of each parser and front; properties whose cases are expensive name fewer.</summary>
    public const int Cases = 10_000;

    /// <summary>What one case may allocate, garbage included.</summary>
    public const long Memory = 64 << 20;

    private const int ShrinkingTries = 300;

    // As pool threads have it, on which all of this runs in a sidecar.
    private const int StackSize = 3 << 19;

    /// <param name="shrink">Smaller cases to try in place of one that fails; texts and bytes need none.</param>
    /// <param name="name">Of the property; its seed hangs on it.</param>
    public static void Check<T>(
        Gen<T> inputs, Func<T, bool> holds, int cases = Cases, long memory = Memory, Func<T, IEnumerable<T>>? shrink = null, [CallerMemberName] string name = "", [CallerFilePath] string file = "")
    {
        var run = new Run<T>(holds, memory);
        var (seed, count) = (SeedOf(name, file), Scaled(cases));
        var config = Config.QuickThrowOnFailure.WithMaxTest(count).WithQuietOnSuccess(true)
            .WithReplay(FSharpOption<Replay>.Some(new Replay(new Rnd(seed), FSharpOption<int>.None)));
        var property = Prop.ForAll(Arb.From(inputs, shrink ?? Shrinking.Of<T>()), run.Holds);
        if (OnOwnThread(() => FsCheck.Check.One(config, property), run) is { } failure)
            Assert.Fail(Told(name, seed, count, failure is TimeoutException ? run.Current : run.Failed, failure));
    }

    /// <summary>As <see cref="Check"/>, for cases that are sent to a server, several at a time.</summary>
    /// <param name="holds">Throws where the case fails.</param>
    public static async Task CheckAsync<T>(
        Gen<T> inputs, Func<T, Task> holds, int cases = Cases, int parallel = 8, int size = 30, Func<T, IEnumerable<T>>? shrink = null, [CallerMemberName] string name = "", [CallerFilePath] string file = "")
    {
        var (seed, count) = (SeedOf(name, file), Scaled(cases));
        using var over = new CancellationTokenSource();
        (T Input, Exception Failure)? first = null;
        var done = 0;
        try
        {
            await Parallel.ForEachAsync(inputs.Sample(count, new Rnd(seed), size), new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = over.Token }, async (input, _) =>
            {
                if (await FailureAsync(holds, input) is { } failure)
                {
                    first ??= (input, failure);
                    await over.CancelAsync();
                }

                Interlocked.Increment(ref done);
            });
        }
        catch (OperationCanceledException) when (first is not null)
        {
            // There is a case to tell of.
        }

        if (first is not var (failed, reason))
        {
            Assert.Equal(count, done);
            return;
        }

        (failed, reason) = await SmallestAsync(holds, failed, reason, shrink ?? Shrinking.Of<T>());
        Assert.Fail(Told(name, seed, count, failed, reason));
    }

    private static ulong SeedOf(string name, string file) =>
        ulong.TryParse(Environment.GetEnvironmentVariable("FUZZ_SEED"), CultureInfo.InvariantCulture, out var seed) ? seed : Hash($"{Path.GetFileNameWithoutExtension(file.Replace('\\', '/'))}.{name}");

    /// <summary>FNV-1a: the same in every process, which <see cref="string.GetHashCode()"/> is not.</summary>
    private static ulong Hash(string text) =>
        Encoding.UTF8.GetBytes(text).Aggregate(14695981039346656037UL, (hash, value) => (hash ^ value) * 1099511628211UL);

    /// <summary><c>FUZZ_CASES</c> stands for ten thousand; what has fewer gets its share.</summary>
    private static int Scaled(int cases) =>
        int.TryParse(Environment.GetEnvironmentVariable("FUZZ_CASES"), CultureInfo.InvariantCulture, out var wanted) ? (int)Math.Max(1, (long)cases * wanted / Cases) : cases;

    private static string Told(string name, ulong seed, int cases, object? input, Exception failure) =>
        $"{name} fails (FUZZ_SEED={seed}, {cases} cases) for\n{Printing.Of(input)}\n{failure}";

    /// <summary>A thread of the usual size, which can be given up: a test that hangs would tell nothing of its case.</summary>
    private static Exception? OnOwnThread(Action check, IProgress run)
    {
        Exception? thrown = null;
        var thread = new Thread(
            () =>
            {
                try
                {
                    check();
                }
                catch (Exception failure)
                {
                    thrown = failure;
                }
            },
            StackSize)
        { IsBackground = true };
        thread.Start();
        for (var before = -1; !thread.Join(Eventually.Patience); before = run.Begun)
        {
            if (run.Begun == before)
                return new TimeoutException($"it has not ended after {Eventually.Patience.TotalSeconds:0} s");
        }

        return thrown;
    }

    private static async Task<Exception?> FailureAsync<T>(Func<T, Task> holds, T input)
    {
        try
        {
            await holds(input);
            return null;
        }
        catch (Exception failure)
        {
            return failure;
        }
    }

    private static async Task<(T Input, Exception Failure)> SmallestAsync<T>(Func<T, Task> holds, T failed, Exception reason, Func<T, IEnumerable<T>> shrink)
    {
        for (var (tries, isSmaller) = (0, true); isSmaller;)
        {
            isSmaller = false;
            foreach (var smaller in shrink(failed))
            {
                if (++tries > ShrinkingTries)
                    return (failed, reason);
                if (await FailureAsync(holds, smaller) is not { } failure)
                    continue;
                (failed, reason, isSmaller) = (smaller, failure, true);
                break;
            }
        }

        return (failed, reason);
    }

    private interface IProgress
    {
        /// <summary>How many cases have been begun.</summary>
        int Begun { get; }
    }

    private sealed class Run<T>(Func<T, bool> holds, long memory) : IProgress
    {
        private int _begun;

        public int Begun => Volatile.Read(ref _begun);

        public T? Current { get; private set; }

        /// <summary>The last case that failed: FsCheck tries ever smaller ones.</summary>
        public T? Failed { get; private set; }

        public bool Holds(T input)
        {
            Current = input;
            Interlocked.Increment(ref _begun);
            try
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                Assert.True(holds(input));
                var taken = GC.GetAllocatedBytesForCurrentThread() - before;
                return taken <= memory ? true : throw new InsufficientMemoryException($"it took {taken:N0} bytes, and may take {memory:N0}");
            }
            catch
            {
                Failed = input;
                throw;
            }
        }
    }
}
