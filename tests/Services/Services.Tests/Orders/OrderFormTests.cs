using System.Text.Json;
using Shop.Orders;

namespace Services.Tests.Orders;

public sealed class OrderFormTests
{
    private static readonly Dictionary<string, long> Prices = new() { ["tea"] = 450, ["mug"] = 1290 };

    [Fact]
    public void EveryWrongField_IsNamedAtOnce()
    {
        var form = Read("""
            {"customerId":"  ","lines":[{"sku":"tea","quantity":0},{"quantity":2},{"sku":7,"quantity":"2"},5,{"sku":"unicorn","quantity":1}]}
            """);
        form.RefuseUnknown(Prices);

        Assert.Equal(
            ["customerId", "lines[0].quantity", "lines[1].sku", "lines[2].quantity", "lines[2].sku", "lines[3]", "lines[4].sku", "paymentToken"],
            form.Errors.Keys.Order(StringComparer.Ordinal));
        Assert.Null(form.ToRequest());
    }

    [Theory]
    [InlineData("[]", "")]
    [InlineData("null", "")]
    [InlineData("""{"customerId":"c","paymentToken":"t"}""", "lines")]
    [InlineData("""{"customerId":"c","paymentToken":"t","lines":[]}""", "lines")]
    [InlineData("""{"customerId":"c","paymentToken":"t","lines":{}}""", "lines")]
    [InlineData("""{"customerId":null,"paymentToken":"t","lines":[{"sku":"tea","quantity":1}]}""", "customerId")]
    [InlineData("""{"customerId":"c","paymentToken":"","lines":[{"sku":"tea","quantity":1}]}""", "paymentToken")]
    [InlineData("""{"customerId":"c","paymentToken":"t","lines":[{"sku":"tea","quantity":1001}]}""", "lines[0].quantity")]
    [InlineData("""{"customerId":"c","paymentToken":"t","lines":[{"sku":"tea","quantity":1.5}]}""", "lines[0].quantity")]
    [InlineData("""{"customerId":"c","paymentToken":"t","lines":[{"sku":"tea","quantity":99999999999999999999}]}""", "lines[0].quantity")]
    [InlineData("""{"customerId":"c","paymentToken":"t","lines":[{"sku":"tea","quantity":600},{"sku":"tea","quantity":600}]}""", "lines[1].quantity")]
    [InlineData("""{"customerId":"\ud800","paymentToken":"t","lines":[{"sku":"tea","quantity":1}]}""", "customerId")]
    public void OneWrongField_IsNamed(string body, string field) => Assert.Equal([field], Read(body).Errors.Keys);

    [Theory]
    [InlineData(50, true)]
    [InlineData(51, false)]
    public void Lines_AreAtMostFifty(int count, bool accepted)
    {
        var lines = string.Join(',', Enumerable.Repeat("""{"sku":"tea","quantity":1}""", count));
        var form = Read($$"""{"customerId":"c","paymentToken":"t","lines":[{{lines}}]}""");
        Assert.Equal(accepted, form.ToRequest() is not null);
    }

    [Fact]
    public void Texts_AreAtMostTwoHundredCharacters()
    {
        Assert.Empty(Read(Body(new string('c', 200))).Errors);
        Assert.Equal(["customerId"], Read(Body(new string('c', 201))).Errors.Keys);
    }

    [Fact]
    public void RepeatedSkus_AreSummedInTheirFirstPlace()
    {
        var request = Read("""
            {"customerId":"c","paymentToken":"t","lines":[{"sku":"tea","quantity":2},{"sku":"mug","quantity":1},{"sku":"tea","quantity":3}]}
            """).ToRequest();
        Assert.Equal([new RequestedLine("tea", 5), new RequestedLine("mug", 1)], request!.Lines);
    }

    [Fact]
    public void Fingerprint_HeedsWhatIsAskedForAndNotHowItIsSpelled()
    {
        var one = Fingerprint("""{"customerId":"c","paymentToken":"t","lines":[{"sku":"tea","quantity":5}]}""");
        Assert.Equal(one, Fingerprint("""{ "lines": [{"quantity":2,"sku":"tea"}, {"sku":"tea","quantity":3}], "paymentToken":"t", "customerId":"c", "note":1 }"""));
        Assert.NotEqual(one, Fingerprint("""{"customerId":"c","paymentToken":"t","lines":[{"sku":"tea","quantity":6}]}"""));
        Assert.NotEqual(one, Fingerprint("""{"customerId":"d","paymentToken":"t","lines":[{"sku":"tea","quantity":5}]}"""));
        Assert.NotEqual(one, Fingerprint("""{"customerId":"c","paymentToken":"u","lines":[{"sku":"tea","quantity":5}]}"""));
    }

    [Fact]
    public void Price_SumsCentsAndRefusesWhatOverflows()
    {
        var request = Read(Body("c")).ToRequest()!;
        Assert.Equal(2 * 450, request.Price(Prices)!.Value.Total);
        Assert.NotNull(request.Price(new Dictionary<string, long> { ["tea"] = OrderRequest.MaxTotal / 2 }));
        Assert.Null(request.Price(new Dictionary<string, long> { ["tea"] = (OrderRequest.MaxTotal / 2) + 1 }));
        Assert.Null(request.Price(new Dictionary<string, long> { ["tea"] = long.MaxValue }));
    }

    private static string Body(string customerId) =>
        $$"""{"customerId":"{{customerId}}","paymentToken":"t","lines":[{"sku":"tea","quantity":2}]}""";

    private static string Fingerprint(string body) => Read(body).ToRequest()!.Fingerprint();

    private static OrderForm Read(string body)
    {
        using var json = JsonDocument.Parse(body);
        return OrderForm.Read(json.RootElement);
    }
}
