using System.Globalization;
using Microsoft.Extensions.Logging;
using Sidecar.Components.Bindings;
using Sidecar.Components.Scheduling;

namespace Sidecar.Components.Cron;

/// <summary><c>bindings.cron</c>: an event without data whenever its schedule says. An app that is slow gets the next one all the same.</summary>
internal sealed partial class CronBinding : IInputBinding
{
    private ComponentContext _context = null!;
    private CronSchedule _schedule = null!;

    public Task InitAsync(ComponentContext context, CancellationToken cancellationToken)
    {
        _context = context;
        var text = context.Metadata.Required("schedule");
        if (!CronSchedule.TryParse(text, context.Time.LocalTimeZone, out var schedule, out var problem))
            throw new ComponentException($"metadata field 'schedule' is '{text}': {problem}");
        _schedule = schedule;
        if (schedule.Next(context.Time.GetUtcNow()) is null)
            NeverDue(context.Logger, context.Name, text);
        return Task.CompletedTask;
    }

    public Task<IAsyncDisposable> ReadAsync(BindingHandler handler, CancellationToken cancellationToken) =>
        Task.FromResult<IAsyncDisposable>(new Ticking(_schedule, _context.Time, handler));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [LoggerMessage(Level = LogLevel.Warning, Message = "Cron binding {Name} will not fire in the next years: no date matches its schedule '{Schedule}'")]
    private static partial void NeverDue(ILogger logger, string name, string schedule);

    private sealed class Ticking : IAsyncDisposable
    {
        // What a timer takes is limited, and what the machine's clock does meanwhile is to be noticed.
        private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

        private readonly CancellationTokenSource _stopping = new();
        private readonly Task _loop;

        public Ticking(CronSchedule schedule, TimeProvider time, BindingHandler handler) => _loop = RunAsync(schedule, time, handler, _stopping.Token);

        public async ValueTask DisposeAsync()
        {
            await _stopping.CancelAsync().ConfigureAwait(false);
            await _loop.ConfigureAwait(false);
            _stopping.Dispose();
        }

        private static async Task RunAsync(CronSchedule schedule, TimeProvider time, BindingHandler handler, CancellationToken stopping)
        {
            var underWay = new List<Task>();
            try
            {
                while (schedule.Next(time.GetUtcNow()) is { } due)
                {
                    await WaitAsync(due, time, stopping).ConfigureAwait(false);
                    // The end may have been asked for while this was on its way.
                    stopping.ThrowIfCancellationRequested();
                    underWay.RemoveAll(static task => task.IsCompleted);
                    underWay.Add(handler(EventAt(time.GetUtcNow()), CancellationToken.None).AsTask());
                }
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                // Nobody wants more.
            }

            await Task.WhenAll(underWay).ConfigureAwait(false);
        }

        private static async Task WaitAsync(DateTimeOffset due, TimeProvider time, CancellationToken stopping)
        {
            while (due - time.GetUtcNow() is var wait && wait > TimeSpan.Zero)
            {
                // A timer may be early by less than its own step of a millisecond.
                wait = wait < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : wait;
                await Task.Delay(wait < LongestWait ? wait : LongestWait, time, stopping).ConfigureAwait(false);
            }
        }

        // As Go prints them.
        private static BindingEvent EventAt(DateTimeOffset now) => new(
            ReadOnlyMemory<byte>.Empty,
            new Dictionary<string, string>
            {
                ["timeZone"] = "Local",
                ["readTimeUTC"] = now.ToString("yyyy-MM-dd HH:mm:ss.FFFFFFF '+0000 UTC'", CultureInfo.InvariantCulture),
            });
    }
}
