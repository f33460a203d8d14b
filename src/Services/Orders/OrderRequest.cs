using System.Security.Cryptography;
using System.Text.Json;
using Shop.Contracts;

namespace Shop.Orders;

/// <param name="Sku">Each sku occurs once in a request; quantities of repeated lines are summed.</param>
internal sealed record RequestedLine(string Sku, int Quantity);

/// <summary>An order as a customer wants it, with nothing wrong in its form.</summary>
internal sealed record OrderRequest(string CustomerId, IReadOnlyList<RequestedLine> Lines, string PaymentToken)
{
    /// <summary>Tells requests apart by what they ask for; spelling (blanks, member order, split lines) makes no difference.</summary>
    public string Fingerprint() =>
        Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(this, JsonSerializerOptions.Web)));

    /// <summary>Fixes the prices.</summary>
    /// <returns>Null when the total would be beyond <see cref="MaxTotal"/>.</returns>
    public (IReadOnlyList<OrderLine> Lines, long Total)? Price(IReadOnlyDictionary<string, long> prices)
    {
        var lines = new List<OrderLine>(Lines.Count);
        Int128 total = 0;
        foreach (var line in Lines)
        {
            lines.Add(new OrderLine(line.Sku, line.Quantity, prices[line.Sku]));
            total += (Int128)line.Quantity * prices[line.Sku];
        }

        return total <= MaxTotal ? (lines, (long)total) : null;
    }

    /// <summary>The largest integer that survives every JSON reader on the way.</summary>
    public const long MaxTotal = 9_007_199_254_740_991;
}
