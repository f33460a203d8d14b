using Sidecar.Components;

namespace Sidecar.Components.Tests;

public sealed class ComponentMetadataTests
{
    [Fact]
    public void Names_are_matched_without_regard_to_case() => Assert.Equal("1", Of(("TableName", "1")).Find("tablename"));

    [Fact]
    public void The_first_name_with_a_value_counts() => Assert.Equal("2", Of(("a", ""), ("b", "2"), ("c", "3")).Find("a", "b", "c"));

    [Fact]
    public void The_last_of_several_entries_of_a_name_counts() => Assert.Equal("2", Of(("a", "1"), ("A", "2")).Find("a"));

    [Fact]
    public void A_missing_required_field_is_named()
    {
        var failure = Assert.Throws<ComponentException>(() => Of().Required("connectionString", "url"));
        Assert.Contains("connectionString", failure.Message);
    }

    [Theory]
    [InlineData("many", "expected an integer from 1 to 10")]
    [InlineData("11", "expected an integer from 1 to 10")]
    [InlineData("0", "expected an integer from 1 to 10")]
    public void An_integer_out_of_its_range_is_told_with_the_range(string text, string expected)
    {
        var failure = Assert.Throws<ComponentException>(() => Of(("n", text)).Integer("n", 5, 1, 10));
        Assert.Contains(expected, failure.Message);
        Assert.Contains("'n'", failure.Message);
    }

    [Fact]
    public void An_absent_field_has_its_default()
    {
        Assert.Equal(5, Of().Integer("n", 5, 1, 10));
        Assert.Equal("x", Of().Text("t", "x"));
        Assert.True(Of().Flag("f", defaultValue: true));
        Assert.Equal(TimeSpan.FromSeconds(3), Of().Duration("d", TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1)));
    }

    [Theory]
    [InlineData("5", 5)]
    [InlineData("1m", 60)]
    [InlineData("0", 0)]
    public void A_duration_may_be_a_bare_number_of_its_unit(string text, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Of(("d", text)).Duration("d", default, TimeSpan.FromSeconds(1)));

    [Theory]
    [InlineData("soon")]
    [InlineData("9999999999999999")]
    public void A_duration_that_is_none_or_too_long_names_the_field(string text)
    {
        var failure = Assert.Throws<ComponentException>(() => Of(("d", text)).Duration("d", default, TimeSpan.FromSeconds(1)));
        Assert.Contains("'d'", failure.Message);
    }

    [Theory]
    [InlineData("a-long-secret", "a-long-secret-and-more")]
    [InlineData("a-long-secret-and-more", "a-long-secret")]
    public void Nothing_of_a_secret_is_told_when_another_begins_it(params string[] secrets)
    {
        var metadata = new ComponentMetadata([], secrets);

        Assert.Equal("(a secret) and (a secret) are wrong", metadata.Conceal("a-long-secret-and-more and 'a-long-secret' are wrong"));
    }

    private static ComponentMetadata Of(params (string Name, string Value)[] values) =>
        new(values.Select(pair => KeyValuePair.Create(pair.Name, pair.Value)));
}
