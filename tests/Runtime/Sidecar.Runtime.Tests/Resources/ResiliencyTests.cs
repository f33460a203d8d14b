using Sidecar.Runtime.Resources;
using TestSupport;
using static Sidecar.Runtime.Tests.Resources.ResourceFiles;

namespace Sidecar.Runtime.Tests.Resources;

/// <summary><c>kind: Resiliency</c> is read whole (contract 4.4), although most of its policies do nothing yet.</summary>
public sealed class ResiliencyTests
{
    private const string Head = "apiVersion: dapr.io/v1alpha1\nkind: Resiliency\nmetadata: { name: shop }\n";

    private const string Policies = Head + """
        spec:
          policies:
            timeouts: { fast: 500ms, number: 250, text: "1m" }
            retries:
              defaults: {}
              often:
                policy: Exponential
                duration: 2s
                maxInterval: 15s
                maxRetries: 10
                matching: { httpStatusCodes: "429,500-599", gRPCStatusCodes: 1-4 }
            circuitBreakers:
              defaults: {}
              quick: { maxRequests: 3, interval: 8s, timeout: 45s, trip: consecutiveFailures >= 3 }

        """;

    [Fact]
    public void Every_policy_is_read_and_what_is_not_given_has_its_default()
    {
        using var files = new ResourceFiles().Add("r.yaml", Policies);

        var resiliency = Assert.Single(files.LoadWell().Resiliencies);

        Assert.Equal("shop", resiliency.Name);
        Assert.Equal([("fast", 500), ("number", 250), ("text", 60_000)], resiliency.Timeouts.Select(pair => (pair.Key, (int)pair.Value.TotalMilliseconds)));
        Assert.Equal(new RetryPolicy(), resiliency.Retries["defaults"]);
        var often = resiliency.Retries["often"];
        Assert.Equal((true, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(15), 10), (often.IsExponential, often.Duration, often.MaxInterval, often.MaxRetries));
        Assert.Equal([429, 500, 599], new[] { 428, 429, 430, 499, 500, 599, 600 }.Where(often.HttpStatusCodes!.Contains));
        Assert.Equal([1, 4], new[] { 0, 1, 4, 5 }.Where(often.GrpcStatusCodes!.Contains));
        Assert.Equal(new CircuitBreakerPolicy { MaxRequests = 1, Interval = TimeSpan.Zero, Timeout = TimeSpan.FromSeconds(60), Trip = "consecutiveFailures > 5" }, resiliency.CircuitBreakers["defaults"]);
        Assert.Equal(
            new CircuitBreakerPolicy { MaxRequests = 3, Interval = TimeSpan.FromSeconds(8), Timeout = TimeSpan.FromSeconds(45), Trip = "consecutiveFailures >= 3" },
            resiliency.CircuitBreakers["quick"]);
    }

    [Fact]
    public void Every_target_is_read()
    {
        using var files = new ResourceFiles().Add("r.yaml", Policies + """
              targets:
                apps:
                  orders: { timeout: fast, retry: often, circuitBreaker: quick, circuitBreakerCacheSize: 7 }
                  carts: {}
                actors:
                  cart: { timeout: fast, circuitBreaker: quick, circuitBreakerScope: both }
                components:
                  pubsub:
                    outbound: { retry: DaprBuiltInServiceRetries }
                    inbound: { circuitBreaker: quick }
            """);

        var resiliency = Assert.Single(files.LoadWell().Resiliencies);

        Assert.Equal(new AppTarget(new PolicyNames("fast", "often", "quick")) { CircuitBreakerCacheSize = 7 }, resiliency.Apps["orders"]);
        Assert.Equal(100, resiliency.Apps["carts"].CircuitBreakerCacheSize);
        Assert.Equal(new ActorTarget(new PolicyNames("fast", null, "quick")) { CircuitBreakerScope = "both", CircuitBreakerCacheSize = 5000 }, resiliency.Actors["cart"]);
        Assert.Equal(new ComponentTarget(new PolicyNames(null, "DaprBuiltInServiceRetries", null), new PolicyNames(null, null, "quick")), resiliency.Components["pubsub"]);
    }

    [Fact]
    public void Strictly_every_mistake_is_told_at_once_with_line_and_field()
    {
        using var files = new ResourceFiles().Add("r.yaml", Head + """
            spec:
              policies:
                timeouts: { slow: later }
                retries:
                  again: { policy: constnt, maxRetry: 3, duration: -5s, matching: { httpStatusCodes: "500, 600", gRPCStatusCodes: 9-3 } }
                circuitBreakers:
                  odd: { trip: "consecutiveFailures >", maxRequests: many }
                  list: []
              targets:
                actors:
                  cart: { circuitBreaker: odd }
                components:
                  statestore: { outbond: { retry: again } }
            """);

        var errors = Told(files.Load(strict: true).Errors).ToList();

        Assert.Equal(
            [
                "6 spec.policies.timeouts.slow: expected a duration such as 500ms, 5s or 1m30s, or a number of milliseconds, found 'later'",
                "8 spec.policies.retries.again.policy: expected constant or exponential, found 'constnt'; did you mean 'constant'?",
                "8 spec.policies.retries.again.duration: expected a duration such as 500ms, 5s or 1m30s, or a number of milliseconds, found '-5s'",
                "8 spec.policies.retries.again.matching.httpStatusCodes: expected codes and ranges from 100 to 599 without blanks, such as 100,101-599, found '500, 600'",
                "8 spec.policies.retries.again.matching.gRPCStatusCodes: expected codes and ranges from 0 to 16 without blanks, such as 0,1-16, found '9-3'",
                "8 spec.policies.retries.again.maxRetry: unknown field",
                "10 spec.policies.circuitBreakers.odd.maxRequests: expected an integer of at least 0, found the text 'many'",
            ],
            errors.Take(7));
        Assert.StartsWith("10 spec.policies.circuitBreakers.odd.trip: not a valid expression: ", errors[7], StringComparison.Ordinal);
        Assert.Equal(
            [
                "11 spec.policies.circuitBreakers.list: expected a map, found a list",
                "14 spec.targets.actors.cart.circuitBreakerScope: expected type, id or both; a circuit breaker of actors needs it",
                "16 spec.targets.components.statestore.outbond: unknown field; did you mean 'outbound'?",
            ],
            errors.Skip(8));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_policy_that_no_file_of_the_app_has_is_told(bool strict)
    {
        using var files = new ResourceFiles().Add("a.yaml", Policies).Add("b.yaml", Head.Replace("shop", "targets") + """
            spec:
              targets:
                apps:
                  orders: { timeout: fast, retry: oftn, circuitBreaker: slow }
            """);

        var problems = files.Load(strict).Problems.Where(problem => problem.Message.StartsWith("there is no", StringComparison.Ordinal)).ToList();

        Assert.All(problems, problem => Assert.Equal(strict, !problem.IsWarning));
        Assert.Equal(
            [
                "7 spec.targets.apps.orders.retry: there is no retry policy 'oftn'; did you mean 'often'?; none is applied",
                "7 spec.targets.apps.orders.circuitBreaker: there is no circuitBreaker policy 'slow'; none is applied",
            ],
            Told(problems));
    }

    [Fact]
    public void Daprd_skips_one_that_is_wrong()
    {
        using var files = new ResourceFiles()
            .Add("a.yaml", Policies)
            .Add("b.yaml", Head.Replace("shop", "wrong") + "spec: { policies: { timeouts: { a: b } } }")
            .Add("c.yaml", Head.Replace("shop", "other") + "scopes: [carts]");

        var loaded = files.Load(strict: false);

        Assert.Equal("shop", Assert.Single(loaded.Value!.Resiliencies).Name);
        Assert.Equal(
            [
                "4 spec.policies.timeouts.a: expected a duration such as 500ms, 5s or 1m30s, or a number of milliseconds, found 'b'; this document is skipped",
            ],
            Told(loaded.Problems));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_has_no_effect_yet_is_told(bool strict)
    {
        using var files = new ResourceFiles().Add("pubsub.yaml", Component("pubsub", "pubsub.in-memory")).Add("cron.yaml", Component("tick", "bindings.cron")).Add("r.yaml", Head + """
            spec:
              policies:
                timeouts: { fast: 1s, DefaultTimeoutPolicy: 2s }
                retries:
                  often: {}
                  DefaultRetryPolicy: {}
                  DefaultPubsubComponentInboundRetryPolicy: {}
                  DefaultComponentOutboundRetryPolicy: {}
                circuitBreakers:
                  quick: {}
              targets:
                apps: { orders: { retry: often } }
                actors: { cart: { timeout: fast } }
                components:
                  pubsub:
                    outbound: { retry: often }
                    inbound: { retry: often, circuitBreaker: quick }
                  tick: { inbound: { retry: often } }
                  elsewhere: { inbound: { retry: often } }
            """);

        var loaded = files.Load(strict);

        Assert.NotNull(loaded.Value);
        Assert.All(loaded.Problems, problem => Assert.Contains("has no effect here in this runtime yet", problem.Message, StringComparison.Ordinal));
        Assert.Equal(
            ["16 spec.targets.actors.cart.timeout"],
            loaded.Problems.Select(problem => $"{problem.Line} {problem.Field}"));
    }

    [Fact]
    public void The_shops_own_policies_are_valid_and_have_their_effect()
    {
        var config = RepositoryRoot.Combine("config");

        var loaded = ResourceLoader.Load(new ResourceLoadOptions("orders", null, [config], [], new Dictionary<string, string>(), Strict: true));

        Assert.Empty(loaded.Problems);
        var shop = Assert.Single(loaded.Value!.Resiliencies);
        var inbound = shop.Retries[shop.Components["pubsub"].Inbound.Retry!];
        Assert.Equal((-1, false), (inbound.MaxRetries, inbound.IsExponential));
    }

    private static string Component(string name, string type) =>
        $"apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {{ name: {name} }}\nspec: {{ type: {type}, version: v1 }}\n";

    [Fact]
    public void Only_the_first_document_of_a_file_may_be_one()
    {
        using var files = new ResourceFiles().Add("a.yaml", $"apiVersion: apps/v1\nkind: Deployment\n---\n{Policies}");

        Assert.Empty(files.LoadWell(strict: false).Resiliencies);
        Assert.Equal(["5 kind: ignored: a Resiliency is read only where it is the first document of its file"], Told(files.Load(strict: true).Errors));
    }
}
