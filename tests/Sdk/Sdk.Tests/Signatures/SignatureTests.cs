using Dapr.AspNetCore;
using Dapr.Client;
using Dapr.Extensions.Configuration;

namespace Sdk.Tests.Signatures;

public sealed class SignatureTests
{
    private static readonly Type[] Ours =
    [
        .. typeof(DaprClient).Assembly.GetExportedTypes(),
        .. typeof(DaprAuthenticationOptions).Assembly.GetExportedTypes(),
        .. typeof(DaprSecretDescriptor).Assembly.GetExportedTypes(),
    ];

    [Fact]
    public void EverythingPublicIsOfficialAndHasExactlyTheOfficialSignature()
    {
        var differences = SignatureComparison.Differences(Ours, OfficialListing.Load()).ToList();
        Assert.True(differences.Count == 0, string.Join(Environment.NewLine, differences));
    }

    [Fact]
    public void TheComparisonSeesTheWholeSurface()
    {
        // Against an empty listing every type is foreign; that none is missing shows that all are looked at.
        Assert.Equal(Ours.Length, SignatureComparison.Differences(Ours, new Dictionary<string, OfficialType>()).Count());
        Assert.Contains(typeof(DaprClient), Ours);
    }

    [Theory]
    [InlineData("class Sample", "  Sample(string name)", "  string Name { get; }", "  Task GetAsync(string key, CancellationToken cancellationToken = null)")]
    public void Comparison_OfMatchingSignatures_FindsNothing(params string[] listing) => Assert.Empty(DifferencesOfSample(listing));

    [Theory]
    [InlineData("sealed class Sample", "  Sample(string name)", "  string Name { get; }", "  Task GetAsync(string key, CancellationToken cancellationToken = default)")]
    [InlineData("class Sample : IDisposable", "  Sample(string name)", "  string Name { get; }", "  Task GetAsync(string key, CancellationToken cancellationToken = default)")]
    [InlineData("class Sample", "  Sample(string title)", "  string Name { get; }", "  Task GetAsync(string key, CancellationToken cancellationToken = default)")]
    [InlineData("class Sample", "  Sample(string name)", "  string Name { get; set; }", "  Task GetAsync(string key, CancellationToken cancellationToken = default)")]
    [InlineData("class Sample", "  Sample(string name)", "  string Name { get; }", "  Task GetAsync(string key, CancellationToken cancellationToken)")]
    [InlineData("class Sample", "  Sample(string name)", "  string Name { get; }", "  Task<int> GetAsync(string key, CancellationToken cancellationToken = default)")]
    [InlineData("class Sample", "  Sample(string name)", "  string Name { get; }")]
    public void Comparison_OfAnyDeviation_FindsExactlyThat(params string[] listing) => Assert.Single(DifferencesOfSample(listing));

    private static List<string> DifferencesOfSample(string[] listing) =>
        [.. SignatureComparison.Differences([typeof(Sample)], OfficialListing.Parse(["namespace Sdk.Tests.Signatures", .. listing]))];
}

/// <summary>Stands for a type of the SDK in the tests of the comparison.</summary>
public class Sample(string name)
{
    public string Name { get; } = name;

    public Task GetAsync(string key, CancellationToken cancellationToken = default) => Task.FromResult((key, cancellationToken));
}
