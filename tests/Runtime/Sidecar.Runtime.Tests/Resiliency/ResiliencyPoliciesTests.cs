using Microsoft.Extensions.Logging.Abstractions;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Resiliency;
using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Tests.Resiliency;

/// <summary>Which policy applies to what a component hands to the app (contract 4.4).</summary>
public sealed class ResiliencyPoliciesTests
{
    private static readonly string[] DefaultsInOrder =
        ["DefaultPubsubComponentInboundRetryPolicy", "DefaultComponentInboundRetryPolicy", "DefaultComponentRetryPolicy", "DefaultRetryPolicy"];

    [Fact]
    public void The_policy_that_the_target_names_applies()
    {
        Assert.Equal("named", Applied(Document(["named", "other"], ("pubsub", "named"))));
        Assert.Null(Applied(Document(["named"], ("elsewhere", "named"))));
        Assert.Null(Applied());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Without_a_target_the_most_special_default_applies(int first)
    {
        Assert.Equal(DefaultsInOrder[first], Applied(Document([.. DefaultsInOrder[first..].Reverse()])));
    }

    [Theory]
    [InlineData("DefaultAppRetryPolicy")]
    [InlineData("DefaultComponentOutboundRetryPolicy")]
    [InlineData("DefaultPubsubComponentOutboundRetryPolicy")]
    [InlineData("DefaultBindingComponentInboundRetryPolicy")]
    [InlineData("DefaultPubsubComponentRetryPolicy")]
    public void Defaults_of_others_do_not_apply(string name)
    {
        Assert.Null(Applied(Document([name])));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("missing")]
    public void A_target_without_a_policy_that_exists_has_none_not_even_a_default(string? named)
    {
        Assert.Null(Applied(Document(["DefaultRetryPolicy"], ("pubsub", named))));
    }

    [Fact]
    public void Several_documents_are_one_and_the_later_wins()
    {
        var first = Document(["named", "other"], ("pubsub", "other"));
        var second = Document([], ("pubsub", "named"));
        var third = first with { Retries = new Dictionary<string, RetryPolicy> { ["named"] = new() { MaxRetries = 7 } }, Components = new Dictionary<string, ComponentTarget>() };

        var applied = Policies(first, second, third).Component("pubsub", ComponentBlocks.Pubsub, FlowDirection.Inbound).Policies.Retry;

        Assert.Equal(new AppliedRetry("named", new RetryPolicy { MaxRetries = 7 }), applied);
    }

    [Theory]
    [InlineData("DaprBuiltInServiceRetries", 3)]
    [InlineData("DaprBuiltInActorNotFoundRetries", 5)]
    public void A_target_may_name_a_built_in_policy(string name, int retries)
    {
        Assert.Equal(new RetryPolicy { Duration = TimeSpan.FromSeconds(1), MaxRetries = retries }, Policies(Document([], ("pubsub", name))).Component("pubsub", ComponentBlocks.Pubsub, FlowDirection.Inbound).Policies.Retry!.Policy);
    }

    [Theory]
    [InlineData("DaprBuiltInServiceRetries", 1, 3)]
    [InlineData("DaprBuiltInServiceRetries", 9, 9)]
    [InlineData("DaprBuiltInServiceRetries", -1, 3)]
    [InlineData("DaprBuiltInActorNotFoundRetries", 9, 5)]
    [InlineData("mine", 1, 1)]
    public void A_built_in_policy_that_is_defined_anew_keeps_its_fewest_retries(string name, int given, int expected)
    {
        var document = Document([], ("pubsub", name)) with { Retries = new Dictionary<string, RetryPolicy> { [name] = new() { MaxRetries = given } } };

        Assert.Equal(expected, Policies(document).Component("pubsub", ComponentBlocks.Pubsub, FlowDirection.Inbound).Policies.Retry!.Policy.MaxRetries);
    }

    [Fact]
    public void A_reload_counts_at_once()
    {
        var live = new LiveResources(new ResourceSet { Resiliencies = [Document(["a"], ("pubsub", "a"))] });
        var policies = New(live);
        Assert.Equal("a", policies.Component("pubsub", ComponentBlocks.Pubsub, FlowDirection.Inbound).Policies.Retry?.Name);

        live.Replace(new ResourceSet { Resiliencies = [Document(["b"], ("pubsub", "b"))] });
        Assert.Equal("b", policies.Component("pubsub", ComponentBlocks.Pubsub, FlowDirection.Inbound).Policies.Retry?.Name);
        live.Replace(new ResourceSet());
        Assert.Null(policies.Component("pubsub", ComponentBlocks.Pubsub, FlowDirection.Inbound).Policies.Retry);
    }

    private static string? Applied(params ResiliencyResource[] documents) => Policies(documents).Component("pubsub", ComponentBlocks.Pubsub, FlowDirection.Inbound).Policies.Retry?.Name;

    private static ResiliencyPolicies Policies(params ResiliencyResource[] documents) => New(new LiveResources(new ResourceSet { Resiliencies = documents }));

    private static ResiliencyPolicies New(LiveResources live) =>
        new(live, new PolicyEvents(new SidecarOptions { AppId = "me" }, NullLogger<PolicyEvents>.Instance), TimeProvider.System);

    private static ResiliencyResource Document(string[] retries, params (string Component, string? Retry)[] inbound) => new(new ResourceOrigin("resiliency.yaml", 1), "shop")
    {
        Retries = retries.ToDictionary(name => name, _ => new RetryPolicy()),
        Components = inbound.ToDictionary(target => target.Component, target => new ComponentTarget(new PolicyNames(null, null, null), new PolicyNames(null, target.Retry, null))),
    };
}
