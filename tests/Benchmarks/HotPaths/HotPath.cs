namespace Benchmarks.HotPaths;

/// <summary>A piece of work that is done for every request, ready to be done again and again on one thread.</summary>
/// <param name="Run">Ends before it returns.</param>
internal sealed record HotPath(string Name, Action Run)
{
    public override string ToString() => Name;
}
