namespace Sidecar.Runtime.Resources.Yaml;

/// <summary>The problems of one document, in the order they were found.</summary>
/// <param name="file">File the document is in.</param>
/// <param name="strict">What is merely odd (an unknown field) is an error; otherwise a warning, as it is to daprd.</param>
/// <param name="anyCase">Field names match without regard to case, as in Go's JSON; the official spelling is asked for in a warning.</param>
internal sealed class DocumentProblems(string file, bool strict, bool anyCase)
{
    private readonly List<ResourceProblem> _all = [];

    public string File => file;

    public bool IsStrict => strict;

    public bool AnyCase => anyCase;

    public IReadOnlyList<ResourceProblem> All => _all;

    public bool HasErrors => _all.Any(problem => !problem.IsWarning);

    /// <summary>The document cannot be used as it is.</summary>
    public void Error(int line, string field, string message) => _all.Add(new ResourceProblem(file, line, field, message));

    public void Warning(int line, string field, string message) => _all.Add(new ResourceProblem(file, line, field, message, IsWarning: true));

    /// <summary>Dapr would go on without a word.</summary>
    public void Odd(int line, string field, string message) => _all.Add(new ResourceProblem(file, line, field, message, IsWarning: !strict));
}
