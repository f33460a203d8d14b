namespace Sidecar.Cli.Processes;

/// <summary>How long to wait before a process that has died is started again: twice as long each time, and anew after one that lived.</summary>
internal sealed class RestartPauses(TimeSpan first, TimeSpan longest)
{
    /// <summary>A process that lived this long starts the pauses anew.</summary>
    private static readonly TimeSpan Stable = TimeSpan.FromSeconds(30);

    private TimeSpan _last;

    /// <summary>Starts in a row of processes that did not live.</summary>
    public int Attempt { get; private set; }

    /// <param name="lived">Time from the start of the process to its death.</param>
    public TimeSpan Next(TimeSpan lived)
    {
        if (lived > Stable)
            Attempt = 0;
        _last = Attempt++ == 0 ? first : _last * 2 < longest ? _last * 2 : longest;
        return _last;
    }
}
