using Sidecar.Components;
using Sidecar.Runtime.PubSub;
using TestSupport;

namespace Sidecar.Runtime.Tests.PubSub;

/// <summary>Which topics an app may use (contract section 2.6, "Topic permissions"); the app is called shop.</summary>
[Contract(36, 37)]
public sealed class TopicPermissionTests
{
    [Theory]
    [InlineData("", "", "", true)]
    [InlineData("orders", "", "", true)]
    [InlineData(" stock , orders ", "", "", true)]
    [InlineData("stock", "", "", false)]
    [InlineData("stock", "", "shop=orders", false)]
    [InlineData("", "orders", "", false)]
    [InlineData("", "stock, orders", "other=orders", false)]
    [InlineData("", "orders", "shop=orders", true)]
    [InlineData("", "orders", "shop=stock", false)]
    [InlineData("", "stock", "", true)]
    [InlineData("", "", "shop=orders", true)]
    [InlineData("", "", "shop=stock", false)]
    [InlineData("", "", "other=stock", true)]
    [InlineData("", "", " other = stock ; shop = stock , orders ;", true)]
    [InlineData("", "", "shop=", false)]
    [InlineData("", "", "shop= ; shop=orders", true)]
    [InlineData("", "", "shop", true)]
    [InlineData("", "", "SHOP=stock", true)]
    [InlineData("", "", "shop=Orders", false)]
    [InlineData("orders", "orders", "shop=orders", true)]
    public void A_topic_must_be_allowed_not_protected_and_in_the_scope_of_an_app_that_has_one(string allowed, string @protected, string scopes, bool may)
    {
        Assert.Equal(may, Read(allowed, @protected, publishing: scopes).MayPublish("orders"));
        Assert.Equal(may, Read(allowed, @protected, subscribing: scopes).MaySubscribe("orders"));
    }

    [Fact]
    public void Scopes_of_publishing_and_subscribing_are_apart()
    {
        var permissions = Read(publishing: "shop=orders", subscribing: "shop=stock");

        Assert.Equal((true, false), (permissions.MayPublish("orders"), permissions.MaySubscribe("orders")));
        Assert.Equal((false, true), (permissions.MayPublish("stock"), permissions.MaySubscribe("stock")));
    }

    private static TopicPermissions Read(string allowed = "", string @protected = "", string publishing = "", string subscribing = "") => TopicPermissions.Read(
        new ComponentMetadata(new Dictionary<string, string>
        {
            ["ALLOWEDTOPICS"] = allowed,
            ["protectedTopics"] = @protected,
            ["publishingscopes"] = publishing,
            ["subscriptionScopes"] = subscribing,
        }),
        "shop");
}
