namespace Polyglot;

/// <summary>What is asked of the scripts before they are played, with or without Node.</summary>
public sealed class ScriptTests
{
    [Theory]
    [InlineData("client", "http")]
    [InlineData("client", "grpc")]
    [InlineData("server", "http")]
    [InlineData("server", "grpc")]
    [InlineData("tokens", "http")]
    [InlineData("tokens", "grpc")]
    [InlineData("proxy", "grpc")]
    public void Each_check_has_a_name_of_its_own_that_tells_what_it_is_about(string script, string protocol)
    {
        var names = Scripts.Named(script, protocol);

        Assert.NotEmpty(names);
        Assert.Equal(names.Distinct(StringComparer.Ordinal), names);
        Assert.All(names, name => Assert.Equal(2, name.Split(": ").Length));
    }

    [Theory]
    [InlineData("client")]
    [InlineData("server")]
    [InlineData("tokens")]
    [InlineData("proxy")]
    public void No_check_is_written_so_that_the_tests_overlook_it(string script)
    {
        var written = Scripts.Sources(script).Sum(source => source.Split('\n').Count(line => line.TrimStart().StartsWith("check(", StringComparison.Ordinal)));
        string[] seen = [.. Scripts.Named(script, "http"), .. Scripts.Named(script, "grpc")];

        Assert.Equal(written, seen.Distinct(StringComparer.Ordinal).Count());
    }
}
