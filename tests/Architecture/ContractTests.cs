using System.Globalization;
using System.Text.RegularExpressions;
using TestSupport;

namespace Architecture;

/// <summary>
/// Which numbered behaviour of Dapr's contract is shown by which tests: <c>contract.tsv</c> names the behaviours,
/// <see cref="ContractAttribute"/> marks the tests. The list is written where <c>./test --contract</c> prints it.
/// </summary>
public sealed partial class ContractTests
{
    [Fact]
    public async Task Every_behaviour_of_the_blocks_that_are_here_has_a_test()
    {
        var behaviours = Behaviours();
        var tests = MarkedTests().ToLookup(marked => marked.Number, marked => marked.Test);
        await File.WriteAllLinesAsync(Path.Combine(Directory.CreateDirectory(Path.Combine(RepositoryRoot.Path, "artifacts", "tests")).FullName, "contract.txt"), Listing(behaviours, tests));

        Assert.Empty(behaviours.Where(behaviour => behaviour.NotYet is null && !tests.Contains(behaviour.Number)).Select(behaviour => $"{behaviour.Number} {behaviour.Title}"));
    }

    [Fact]
    public void A_test_names_only_behaviours_that_there_are()
    {
        var known = Behaviours().Select(behaviour => behaviour.Number).ToHashSet();
        Assert.Equal(Enumerable.Range(1, known.Count), known.Order());
        Assert.Empty(MarkedTests().Where(marked => !known.Contains(marked.Number)).Select(marked => $"{marked.Test}: {marked.Number}"));
    }

    private static IEnumerable<string> Listing(IReadOnlyCollection<Behaviour> behaviours, ILookup<int, string> tests)
    {
        foreach (var block in behaviours.GroupBy(behaviour => behaviour.Block))
        {
            yield return block.Key;
            foreach (var behaviour in block)
            {
                yield return $"  {behaviour.Number,3}  {behaviour.Title}{(behaviour.NotYet is { } reason && !tests.Contains(behaviour.Number) ? $"  [not here: {reason}]" : "")}";
                foreach (var test in tests[behaviour.Number].Order(StringComparer.Ordinal))
                    yield return $"         {test}";
            }
        }

        yield return $"{behaviours.Count(behaviour => tests.Contains(behaviour.Number))} of {behaviours.Count} numbered behaviours have tests";
    }

    private static List<Behaviour> Behaviours() =>
        [.. File.ReadLines(Path.Combine(RepositoryRoot.Path, "tests", "Architecture", "contract.tsv"))
            .Where(line => !line.StartsWith('#'))
            .Select(line => line.Split('\t'))
            .Select(cells => new Behaviour(int.Parse(cells[0], CultureInfo.InvariantCulture), cells[1], cells[2], cells.Length > 3 ? cells[3] : null))];

    // Sources are read, rather than assemblies, so that the list needs no build of every test project.
    private static IEnumerable<(int Number, string Test)> MarkedTests()
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Path, "tests"), "*.cs", SearchOption.AllDirectories))
        {
            var (type, marks) = ("", new List<int>());
            foreach (var line in File.ReadLines(file))
            {
                var text = line.TrimStart();
                if (text.StartsWith('['))
                {
                    marks.AddRange(Mark().Matches(text).SelectMany(mark => mark.Groups[1].Value.Split(',')).Select(number => int.Parse(number, CultureInfo.InvariantCulture)));
                    continue;
                }

                if (Declaration().Match(text) is not { Success: true } declaration)
                    continue;
                var isType = declaration.Groups["type"].Success;
                type = isType ? declaration.Groups["type"].Value : type;
                foreach (var number in marks)
                    yield return (number, isType ? $"{type}, all" : $"{type}.{declaration.Groups["method"].Value}");
                marks.Clear();
            }
        }
    }

    [GeneratedRegex(@"\bContract\(([\d, ]+)\)")]
    private static partial Regex Mark();

    [GeneratedRegex(@"^public\b.*?(?:\bclass (?<type>\w+)|\b(?<method>\w+)(?:<\w+>)?\()")]
    private static partial Regex Declaration();

    private sealed record Behaviour(int Number, string Block, string Title, string? NotYet);
}
