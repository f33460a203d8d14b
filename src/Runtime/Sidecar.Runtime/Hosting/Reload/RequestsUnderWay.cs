using Microsoft.AspNetCore.Http;

namespace Sidecar.Runtime.Hosting.Reload;

/// <summary>
/// Counts requests, so that a component that was taken out of the registry is closed when those that may have found it there are
/// done. Requests count in generations: to wait for all of now, a new generation begins and the old one empties.
/// </summary>
internal sealed class RequestsUnderWay
{
    private volatile Generation _present = new();

    /// <summary>A request begins; call <see cref="Generation.Leave"/> on the result when it ends.</summary>
    public Generation Enter()
    {
        while (true)
        {
            var generation = _present;
            if (generation.TryEnter())
                return generation;
        }
    }

    /// <summary>A request that stays for as long as its client likes is waited for no more: it lets go of a component by itself.</summary>
    public static void LeaveEarly(HttpContext context)
    {
        if (context.Features.Get<Generation>() is not { } generation)
            return;
        context.Features.Set<Generation>(null);
        generation.Leave();
    }

    /// <summary>Completes when every request that is under way now has ended.</summary>
    public Task EndOfPresentAsync()
    {
        var past = Interlocked.Exchange(ref _present, new Generation());
        past.Leave();
        return past.Ended;
    }

    internal sealed class Generation
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>The generation being the present one counts as one, so that it does not end while more may enter.</summary>
        private int _count = 1;

        public Task Ended => _ended.Task;

        /// <summary>false when it has ended: a new one is there by now.</summary>
        public bool TryEnter()
        {
            var count = Volatile.Read(ref _count);
            while (count > 0)
            {
                var seen = Interlocked.CompareExchange(ref _count, count + 1, count);
                if (seen == count)
                    return true;
                count = seen;
            }

            return false;
        }

        public void Leave()
        {
            if (Interlocked.Decrement(ref _count) == 0)
                _ended.TrySetResult();
        }
    }
}
