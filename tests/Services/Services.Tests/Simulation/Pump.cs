namespace Services.Tests.Simulation;

/// <summary>Runs everything that awaits on the thread of the test, so that a seed decides the order of things alone.</summary>
internal sealed class Pump : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _work = [];
    private readonly int _thread = Environment.CurrentManagedThreadId;

    public override void Post(SendOrPostCallback d, object? state)
    {
        if (Environment.CurrentManagedThreadId != _thread)
            throw new InvalidOperationException("Something left the thread of the simulation, which is no longer repeatable.");
        _work.Enqueue((d, state));
    }

    /// <summary>Runs until everything waits for the simulation.</summary>
    public void RunUntilIdle()
    {
        while (_work.TryDequeue(out var work))
            work.Callback(work.State);
    }

    /// <summary>Runs the action with this context in place.</summary>
    public void Install(Action action)
    {
        var before = Current;
        SetSynchronizationContext(this);
        try
        {
            action();
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }
}
