namespace Sidecar.Runtime.Resources;

/// <summary>What a load found: the result, or null when there are errors; and every problem, warnings included.</summary>
public sealed record Loaded<T>(T? Value, IReadOnlyList<ResourceProblem> Problems)
    where T : class
{
    /// <summary>What was read in spite of errors, good only to look for further ones; null when too little was.</summary>
    public T? Draft { get; init; }

    public IEnumerable<ResourceProblem> Errors => Problems.Where(problem => !problem.IsWarning);
}
