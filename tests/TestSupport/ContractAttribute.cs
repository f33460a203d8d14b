using System.Globalization;
using Xunit.v3;

namespace TestSupport;

/// <summary>The numbered behaviours of Dapr's contract that a test shows; <c>./test --contract</c> lists them.</summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class, AllowMultiple = true)]
public sealed class ContractAttribute(params int[] numbers) : Attribute, ITraitAttribute
{
    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() =>
        [.. numbers.Select(number => KeyValuePair.Create("Contract", number.ToString(CultureInfo.InvariantCulture)))];
}
