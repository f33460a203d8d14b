using System.Text.Json;

namespace Shop.Orders;

/// <summary>
/// Reads the body of <c>POST /orders</c> and collects everything that is wrong with it, each under the path of its field
/// (<c>customerId</c>, <c>lines[0].sku</c>). Types are checked by hand, because a binder gives up at the first wrong one.
/// </summary>
internal sealed class OrderForm
{
    public const int MaxLines = 50;
    public const int MaxQuantity = 1000;
    public const int MaxText = 200;

    private readonly Dictionary<string, string[]> _errors = [];
    private readonly List<(int Index, string Sku)> _skus = [];
    private readonly Dictionary<string, int> _quantities = [];
    private string? _customerId;
    private string? _paymentToken;

    private OrderForm()
    {
    }

    /// <summary>What is wrong, by field.</summary>
    public IDictionary<string, string[]> Errors => _errors;

    /// <summary>Every sku that is well-formed, once, in the order of appearance.</summary>
    public IEnumerable<string> Skus => _skus.Select(line => line.Sku).Distinct();

    public static OrderForm Read(JsonElement body)
    {
        var form = new OrderForm();
        if (body.ValueKind != JsonValueKind.Object)
        {
            form.Wrong("", "The body must be a JSON object.");
            return form;
        }

        form._customerId = form.ReadText(body, "customerId", "customerId");
        form._paymentToken = form.ReadText(body, "paymentToken", "paymentToken");
        form.ReadLines(body);
        return form;
    }

    /// <summary>Marks the lines whose product nobody sells.</summary>
    public void RefuseUnknown(IReadOnlyDictionary<string, long> prices)
    {
        foreach (var (index, sku) in _skus)
        {
            if (!prices.ContainsKey(sku))
                Wrong($"lines[{index}].sku", $"There is no product '{sku}'.");
        }
    }

    /// <returns>Null as long as there are <see cref="Errors"/>.</returns>
    public OrderRequest? ToRequest() =>
        _errors.Count == 0 && _customerId is not null && _paymentToken is not null
            ? new OrderRequest(_customerId, [.. Skus.Select(sku => new RequestedLine(sku, _quantities[sku]))], _paymentToken)
            : null;

    private void ReadLines(JsonElement body)
    {
        if (!body.TryGetProperty("lines", out var lines) || lines.ValueKind != JsonValueKind.Array)
        {
            Wrong("lines", "A list of lines, each with sku and quantity, is required.");
            return;
        }

        if (lines.GetArrayLength() is < 1 or > MaxLines)
        {
            Wrong("lines", $"An order has 1 to {MaxLines} lines.");
            return;
        }

        var index = 0;
        foreach (var line in lines.EnumerateArray())
            ReadLine(line, index++);
    }

    private void ReadLine(JsonElement line, int index)
    {
        if (line.ValueKind != JsonValueKind.Object)
        {
            Wrong($"lines[{index}]", "A line is an object with sku and quantity.");
            return;
        }

        var sku = ReadText(line, "sku", $"lines[{index}].sku");
        var quantity = ReadQuantity(line, $"lines[{index}].quantity");
        if (sku is null)
            return;

        _skus.Add((index, sku));
        var sum = _quantities.GetValueOrDefault(sku) + quantity;
        _quantities[sku] = sum;
        if (quantity > 0 && sum > MaxQuantity)
            Wrong($"lines[{index}].quantity", $"The lines of '{sku}' add up to {sum}; {MaxQuantity} is the most.");
    }

    /// <returns>0 when wrong.</returns>
    private int ReadQuantity(JsonElement line, string path)
    {
        if (line.TryGetProperty("quantity", out var value)
            && value.ValueKind == JsonValueKind.Number
            && value.TryGetInt32(out var quantity)
            && quantity is >= 1 and <= MaxQuantity)
        {
            return quantity;
        }

        Wrong(path, $"A whole number from 1 to {MaxQuantity} is required.");
        return 0;
    }

    private string? ReadText(JsonElement parent, string name, string path)
    {
        if (!parent.TryGetProperty(name, out var value) || value.ValueKind is JsonValueKind.Null)
        {
            Wrong(path, "A value is required.");
            return null;
        }

        var text = value.ValueKind == JsonValueKind.String ? TextOf(value) : null;
        if (text is null)
            Wrong(path, "A text is required.");
        else if (string.IsNullOrWhiteSpace(text))
            Wrong(path, "A value is required.");
        else if (text.Length > MaxText)
            Wrong(path, $"{MaxText} characters are the most.");
        else
            return text;
        return null;
    }

    private static string? TextOf(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair: valid as JSON, but no text.
            return null;
        }
    }

    private void Wrong(string path, string message) => _errors[path] = [message];
}
