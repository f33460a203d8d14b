using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Resiliency;

internal enum BreakerState
{
    Closed,
    HalfOpen,
    Open,
}

/// <summary>What a breaker counts, since it took its state or since its interval began anew; a trip expression sees exactly these.</summary>
internal readonly record struct BreakerCounts(int Requests, int TotalSuccesses, int TotalFailures, int ConsecutiveSuccesses, int ConsecutiveFailures);

/// <summary>A change of state, for whoever tells of it.</summary>
/// <param name="Counts">What it was decided by.</param>
internal readonly record struct BreakerTurn(BreakerState From, BreakerState To, BreakerCounts Counts);

/// <summary>
/// Counts the calls of one target and keeps them back when its trip condition holds (contract section 4.4). Closed: all pass; the
/// counts start anew every <see cref="CircuitBreakerPolicy.Interval"/>. Open: none passes until
/// <see cref="CircuitBreakerPolicy.Timeout"/> is over. Half-open: <see cref="CircuitBreakerPolicy.MaxRequests"/> pass; so many
/// successes close it, one failure opens it. A call that ends in another state than it began in is not counted. Safe from many threads.
/// </summary>
/// <param name="turned">Told of each change of state, outside of any lock.</param>
internal sealed class CircuitBreaker(CircuitBreakerPolicy policy, TripCondition trip, TimeProvider time, Action<BreakerTurn> turned)
{
    private readonly Lock _lock = new();
    private BreakerState _state;
    private BreakerCounts _counts;
    private int _generation;
    private long _since = time.GetTimestamp();

    /// <summary>As it is now: an open one whose time is over is half-open.</summary>
    public BreakerState State
    {
        get
        {
            BreakerTurn? turn;
            BreakerState state;
            lock (_lock)
            {
                turn = Follow();
                state = _state;
            }

            Tell(turn);
            return state;
        }
    }

    /// <summary>Begins a call; null with the reason when it must not be made. What it returns goes to <see cref="Leave"/>.</summary>
    public int? Enter(out string? refusal)
    {
        refusal = null;
        BreakerTurn? turn;
        int? generation = null;
        lock (_lock)
        {
            turn = Follow();
            if (_state == BreakerState.Open)
                refusal = "circuit breaker is open";
            else if (_state == BreakerState.HalfOpen && _counts.Requests >= policy.MaxRequests)
                refusal = "too many requests";
            else
            {
                _counts = _counts with { Requests = _counts.Requests + 1 };
                generation = _generation;
            }
        }

        Tell(turn);
        return generation;
    }

    /// <summary>Ends a call.</summary>
    /// <param name="isSuccess">null: it says nothing about the target, such as one whose caller went away.</param>
    public void Leave(int generation, bool? isSuccess)
    {
        BreakerTurn? turn;
        BreakerTurn? second = null;
        lock (_lock)
        {
            turn = Follow();
            if (generation == _generation)
                second = Count(isSuccess);
        }

        Tell(turn);
        Tell(second);
    }

    private BreakerTurn? Count(bool? isSuccess)
    {
        switch (isSuccess)
        {
            case null:
                _counts = _counts with { Requests = _counts.Requests - 1 };
                return null;
            case true:
                _counts = _counts with { TotalSuccesses = _counts.TotalSuccesses + 1, ConsecutiveSuccesses = _counts.ConsecutiveSuccesses + 1, ConsecutiveFailures = 0 };
                return _state == BreakerState.HalfOpen && _counts.ConsecutiveSuccesses >= policy.MaxRequests ? Turn(BreakerState.Closed) : null;
            default:
                _counts = _counts with { TotalFailures = _counts.TotalFailures + 1, ConsecutiveFailures = _counts.ConsecutiveFailures + 1, ConsecutiveSuccesses = 0 };
                return _state == BreakerState.HalfOpen || trip.Holds(_counts) ? Turn(BreakerState.Open) : null;
        }
    }

    /// <summary>What the time that has passed makes of the state.</summary>
    private BreakerTurn? Follow()
    {
        switch (_state)
        {
            case BreakerState.Closed when policy.Interval > TimeSpan.Zero && time.GetElapsedTime(_since) > policy.Interval:
                Begin(BreakerState.Closed);
                return null;
            case BreakerState.Open when time.GetElapsedTime(_since) > policy.Timeout:
                return Turn(BreakerState.HalfOpen);
            default:
                return null;
        }
    }

    private BreakerTurn Turn(BreakerState next)
    {
        var turn = new BreakerTurn(_state, next, _counts);
        Begin(next);
        return turn;
    }

    private void Begin(BreakerState state)
    {
        (_state, _counts, _since) = (state, default, time.GetTimestamp());
        _generation++;
    }

    private void Tell(BreakerTurn? turn)
    {
        if (turn is { } happened)
            turned(happened);
    }
}
