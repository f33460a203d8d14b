namespace Shop.Contracts;

/// <summary>
/// A fact or a request that services tell each other. It travels as the data of a CloudEvent whose <c>type</c> is <see cref="Type"/>,
/// on the topic <see cref="Topic"/>; consumers route by the type. JSON in camel case, money in cents, times in UTC.
/// </summary>
public interface IShopEvent
{
    /// <summary>The topic that carries it: <see cref="Topics"/>.</summary>
    static abstract string Topic { get; }

    /// <summary>The CloudEvent type, such as <c>order.submitted</c>.</summary>
    static abstract string Type { get; }

    /// <summary>The order it is about. Every type occurs at most once for an order, so both together identify the event.</summary>
    string OrderId { get; }
}

/// <summary>Names of the topics.</summary>
public static class Topics
{
    public const string Orders = "orders";

    public const string Stock = "stock";

    public const string Payments = "payments";
}
