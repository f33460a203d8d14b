namespace Services.Tests.Simulation;

/// <summary>A customer with one order; with an Idempotency-Key it insists until the order is accepted, without one it asks once.</summary>
internal sealed class Client(string body, string? key)
{
    private static readonly string[] Skus = ["tea", "mug", "kettle"];

    public string Body => body;

    public string? Key => key;

    public int InFlight { get; set; }

    public bool IsDone { get; private set; }

    /// <summary>The id that the shop answered; null when it accepted nothing.</summary>
    public string? OrderId { get; private set; }

    public static Client Random(int index, Random random)
    {
        var skus = Skus.OrderBy(_ => random.Next()).Take(random.Next(1, 4));
        var lines = string.Join(',', skus.Select(sku => $$"""{"sku":"{{sku}}","quantity":{{random.Next(1, 3)}}}"""));
        var token = random.Next(10) switch { 0 => "tok_silent", 1 or 2 => "tok_slow", 3 => "tok_broke", _ => "tok_ok" };
        return new Client(
            $$"""{"customerId":"c{{index}}","lines":[{{lines}}],"paymentToken":"{{token}}"}""",
            random.Next(3) == 0 ? null : $"key-{index}");
    }

    public void Answered(string? id)
    {
        InFlight--;
        IsDone |= id is not null || key is null;
        if (id is null)
            return;
        Assert.True(OrderId is null || OrderId == id, $"One key was answered with two orders, {OrderId} and {id}.");
        OrderId = id;
    }

    public void Lost()
    {
        InFlight--;
        IsDone |= key is null;
    }
}
