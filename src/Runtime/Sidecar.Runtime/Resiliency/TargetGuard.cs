using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace Sidecar.Runtime.Resiliency;

/// <summary>
/// Makes calls of one target under its policies: retry( breaker( timeout( call ))), as contract section 4.4 nests them. Without a policy a
/// call is made as if there were no guard.
/// </summary>
internal sealed class TargetGuard
{
    private static readonly ResiliencePropertyKey<IGuardedRun> RunKey = new("run");

    private readonly ResiliencePipeline? _retry;
    private readonly ResiliencePipeline? _timeout;

    /// <param name="breakerCache">How many endpoints of the target have a breaker of their own at a time.</param>
    public TargetGuard(GuardTarget target, TargetPolicies policies, int breakerCache, PolicyEvents events, TimeProvider time)
    {
        (Target, Policies, Events, Time) = (target, policies, events, time);
        if (policies.Breaker is { } breaker)
            Breakers = new LruCache<CircuitBreaker>(breakerCache, endpoint => new CircuitBreaker(breaker.Policy, breaker.Trip, time, turn => events.BreakerTurned(this, breaker, endpoint, turn)));
        if (policies.Retry is not null)
            _retry = new ResiliencePipelineBuilder { TimeProvider = time }.AddRetry(Retries()).Build();
        if (policies.Timeout is { } timeout)
            _timeout = new ResiliencePipelineBuilder { TimeProvider = time }.AddTimeout(new TimeoutStrategyOptions { TimeoutGenerator = _ => new(timeout.Limit) }).Build();
    }

    public GuardTarget Target { get; }

    public TargetPolicies Policies { get; }

    /// <summary>null = there is no breaker policy.</summary>
    public LruCache<CircuitBreaker>? Breakers { get; }

    private PolicyEvents Events { get; }

    private TimeProvider Time { get; }

    /// <param name="endpoint">What of the target is called, where each endpoint has a breaker of its own; else empty.</param>
    /// <param name="isLimited">The timeout policy counts, if there is one.</param>
    /// <exception cref="PolicyException">A policy has ended it.</exception>
    public ValueTask<T> RunAsync<T>(IGuardedCall<T> call, string endpoint, CancellationToken cancellationToken, bool isLimited = true) =>
        Policies.IsEmpty ? call.AttemptAsync(cancellationToken) : RunAsync(call, endpoint, cancellationToken, cancellationToken, isLimited);

    /// <param name="attempts">Ends an attempt that is under way.</param>
    /// <param name="pauses">Ends the wait for another attempt.</param>
    /// <inheritdoc cref="RunAsync{T}(IGuardedCall{T}, string, CancellationToken, bool)"/>
    public ValueTask<T> RunAsync<T>(IGuardedCall<T> call, string endpoint, CancellationToken attempts, CancellationToken pauses, bool isLimited = true)
    {
        Events.Used(this);
        var run = new GuardedRun<T>(this, call, endpoint, attempts, hasBreaker: true, isLimited);
        return _retry is null ? run.AttemptAsync() : RetryAsync(run, pauses);
    }

    /// <summary>One attempt, by breaker and timeout alone: what is retried is a part of the call.</summary>
    /// <inheritdoc cref="RunAsync{T}(IGuardedCall{T}, string, CancellationToken, bool)"/>
    public ValueTask<T> AttemptAsync<T>(IGuardedCall<T> call, string endpoint, CancellationToken cancellationToken) =>
        new GuardedRun<T>(this, call, endpoint, cancellationToken, hasBreaker: true, isLimited: true).AttemptAsync();

    /// <summary>Retries alone: breaker and timeout stand before another call, of which this one is a part.</summary>
    /// <inheritdoc cref="RunAsync{T}(IGuardedCall{T}, string, CancellationToken, CancellationToken, bool)"/>
    public ValueTask<T> RetryAsync<T>(IGuardedCall<T> call, string endpoint, CancellationToken attempts, CancellationToken pauses)
    {
        Events.Used(this);
        var run = new GuardedRun<T>(this, call, endpoint, attempts, hasBreaker: false, isLimited: false);
        return _retry is null ? run.AttemptAsync() : RetryAsync(run, pauses);
    }

    private async ValueTask<T> RetryAsync<T>(GuardedRun<T> run, CancellationToken pauses)
    {
        var context = ResilienceContextPool.Shared.Get(continueOnCapturedContext: false, pauses);
        context.Properties.Set(RunKey, run);
        try
        {
            var result = await _retry!.ExecuteAsync(static (_, run) => run.AttemptAsync(), context, run).ConfigureAwait(false);
            run.TellRecovery();
            return result;
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private static IGuardedRun RunOf(ResilienceContext context) => context.Properties.GetValue(RunKey, null!);

    private static RetryStrategyOptions Retries() => new()
    {
        MaxRetryAttempts = int.MaxValue,
        ShouldHandle = args => new(RunOf(args.Context).MayGoOn()),
        DelayGenerator = args => new(RunOf(args.Context).Pause),
        OnRetry = args =>
        {
            RunOf(args.Context).TellRetry();
            return default;
        },
    };

    private interface IGuardedRun
    {
        TimeSpan? Pause { get; }

        /// <summary>Whether the attempt that has ended is followed by another, after <see cref="Pause"/>.</summary>
        bool MayGoOn();

        void TellRetry();
    }

    /// <summary>The attempts of one call.</summary>
    /// <param name="hasBreaker">The breaker stands before each attempt.</param>
    /// <param name="isLimited">And the timeout.</param>
    private sealed class GuardedRun<T>(TargetGuard guard, IGuardedCall<T> call, string endpoint, CancellationToken cancellationToken, bool hasBreaker, bool isLimited) : IGuardedRun
    {
        private RetryRun? _schedule;
        private CallFailure? _failure;
        private bool _isRefused;

        public TimeSpan? Pause { get; private set; }

        public async ValueTask<T> AttemptAsync()
        {
            var breaker = hasBreaker ? guard.Breakers?.For(endpoint) : null;
            var generation = breaker is null ? 0 : Enter(breaker);
            bool? isSuccess = null;
            try
            {
                var result = isLimited && guard._timeout is { } timeout
                    ? await timeout.ExecuteAsync(static (call, token) => call.AttemptAsync(token), call, cancellationToken).ConfigureAwait(false)
                    : await call.AttemptAsync(cancellationToken).ConfigureAwait(false);
                _failure = call.Judge(result);
                isSuccess = _failure is null;
                return result;
            }
            catch (TimeoutRejectedException)
            {
                isSuccess = false;
                guard.Events.TimedOut(guard, call.Subject);
                var late = new PolicyTimeoutException(guard.Policies.Timeout!);
                _failure = new CallFailure(late.Message);
                throw late;
            }
            catch (Exception failure)
            {
                _failure = cancellationToken.IsCancellationRequested ? null : call.Judge(failure);
                isSuccess = _failure is null ? null : false;
                throw;
            }
            finally
            {
                breaker?.Leave(generation, isSuccess);
            }
        }

        public bool MayGoOn()
        {
            var retry = guard.Policies.Retry!;
            if (_isRefused || _failure is not { } failure || !call.CanBeRepeated || !retry.Policy.Matches(failure.HttpStatus, failure.GrpcStatus))
                return false;
            _schedule ??= new RetryRun(retry.Policy, guard.Time);
            Pause = _schedule.Next();
            return Pause is not null;
        }

        public void TellRetry() => guard.Events.Retrying(guard.Target, guard.Policies.Retry!.Name, call.Subject, _failure!.Value.Reason, Pause!.Value, _schedule!.Count);

        public void TellRecovery()
        {
            if (_failure is null && _schedule is { Count: > 0 and var count })
                guard.Events.Recovered(guard, call.Subject, count);
        }

        private int Enter(CircuitBreaker breaker)
        {
            if (breaker.Enter(out var refusal) is { } generation)
                return generation;
            _isRefused = true;
            guard.Events.KeptBack(guard, call.Subject, refusal!);
            throw new BreakerOpenException(refusal!, guard.Policies.Breaker!);
        }
    }
}
