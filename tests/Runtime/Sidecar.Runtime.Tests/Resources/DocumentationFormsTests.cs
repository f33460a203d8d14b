using Sidecar.Components;
using Sidecar.Runtime.Resources;
using static Sidecar.Runtime.Tests.Resources.ResourceFiles;

namespace Sidecar.Runtime.Tests.Resources;

/// <summary>A folder as somebody has it who learned from Dapr's documentation: all kinds, comments, quotes, several documents, anchors.</summary>
public sealed class DocumentationFormsTests : IDisposable
{
    private readonly ResourceFiles _files = new ResourceFiles { AppId = "orders", Environment = { ["OTEL"] = "localhost:4317" } }
        .Add("statestore.yaml", """
            # A Redis that "dapr init" has started.
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata:
              name: statestore
              namespace: default          # counts on Kubernetes
            spec:
              type: state.redis
              version: v1
              initTimeout: 1m
              ignoreErrors: false
              metadata:
                # host and password
                - name: redisHost
                  value: "localhost:6379"
                - name: redisPassword
                  secretKeyRef:
                    name: redis-secret
                    key: password
                - name: actorStateStore
                  value: "true"
                - name: maxRetries
                  value: 3
                - name: enableTLS
                  value: false
            auth:
              secretStore: local-secrets
            scopes:
              - orders
              - carts
            """)
        .Add("pubsub.yaml", """
            ---
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: &shared
              name: pubsub
              labels: { team: "shop" }
            spec:
              type: pubsub.kafka
              version: v1
              metadata:
              - { name: brokers, value: "a:9092,b:9092" }
              - { name: authType, value: none }
              - name: consumerGroup
                value: '{namespace}'
            ---
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata:
              <<: *shared
              name: cron
            spec:
              type: bindings.cron
              version: v1
              metadata:
              - name: schedule
                value: "@every 15m"
              - name: direction
                value: "input"
            ---
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata:
              name: cron
            spec:
              type: bindings.cron
              version: v1
              metadata:
              - name: schedule
                value: "@every 15m"
            """)
        .Add("secrets.yml", """
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata:
              name: local-secrets
            spec:
              type: secretstores.local.file
              version: v1
              metadata:
              - name: secretsFile
                value: ./secrets.json
              - name: nestedSeparator
                value: ":"
            """)
        .Add("subscriptions.yaml", """
            apiVersion: dapr.io/v2alpha1
            kind: Subscription
            metadata:
              name: order
            spec:
              topic: orders
              routes:
                rules:
                  - match: event.type == "widget"
                    path: /widgets
                  - match: 'has(event.data.important) && event.data.important == true'
                    path: /important
                default: /checkout
              pubsubname: pubsub
            scopes:
            - orders
            ---
            apiVersion: dapr.io/v1alpha1
            kind: Subscription
            metadata:
              name: order-old
            spec:
              topic: payments
              route: /payments
              pubsubname: pubsub
              deadLetterTopic: poison
              bulkSubscribe:
                enabled: false
                maxMessagesCount: 100
                maxAwaitDurationMs: 40
            """)
        .Add("resiliency.yaml", """
            apiVersion: dapr.io/v1alpha1
            kind: Resiliency
            metadata:
              name: myresiliency
            # Absent means every app of the namespace.
            scopes:
              - orders
            spec:
              policies:
                timeouts:
                  general: 5s
                  important: 60s
                retries:
                  pubsubRetry:
                    policy: constant
                    duration: 5s
                    maxRetries: 10
                  retryForever:
                    policy: exponential
                    maxInterval: 15s
                    maxRetries: -1 # Retry indefinitely
                circuitBreakers:
                  simpleCB:
                    maxRequests: 1
                    timeout: 30s
                    trip: consecutiveFailures >= 5
              targets:
                apps:
                  carts:
                    timeout: general
                    retry: retryForever
                    circuitBreaker: simpleCB
                actors:
                  myActorType:
                    timeout: general
                    circuitBreaker: simpleCB
                    circuitBreakerScope: both
                    circuitBreakerCacheSize: 5000
                components:
                  statestore:
                    outbound:
                      timeout: general
                      retry: retryForever
                  pubsub:
                    inbound:
                      retry: pubsubRetry
            """)
        .Add("endpoint.yaml", """
            apiVersion: dapr.io/v1alpha1
            kind: HTTPEndpoint
            metadata:
              name: github
            spec:
              version: v1alpha1
              baseUrl: https://api.github.com
              headers:
              - name: "Accept-Language"
                value: "en-US"
              - name: "Authorization"
                secretKeyRef: { name: github, key: token }
            auth:
              secretStore: local-secrets
            """)
        .AddConfig("config.yaml", """
            apiVersion: dapr.io/v1alpha1
            kind: Configuration
            metadata:
              name: daprConfig
            spec:
              tracing:
                samplingRate: "1"
                otel:
                  endpointAddress: $OTEL
                  isSecure: false
                  protocol: grpc
              features:
                - name: HotReload
                  enabled: true
              secrets:
                scopes:
                  - storeName: local-secrets
                    defaultAccess: deny
                    allowedSecrets: ["redis-secret"]
              httpPipeline:
                handlers:
                  - name: oauth2
                    type: middleware.http.oauth2
              nameResolution:
                component: "sqlite"
                configuration:
                  connectionString: "./names.db"
            """);

    public void Dispose() => _files.Dispose();

    [Fact]
    public void It_loads_as_written()
    {
        // Each document is parsed apart, as Dapr does: an anchor of another one is unknown, and its document is skipped.
        var resources = _files.LoadWell(strict: false);

        Assert.Equal(
            ["pubsub pubsub.kafka", "cron bindings.cron", "local-secrets secretstores.local.file", "statestore state.redis"],
            resources.Components.Select(component => $"{component.Name} {component.Type}"));
        Assert.Equal(["localhost:6379", null, "true", "3", "false"], resources.Components[^1].Metadata.Select(item => item.Value));
        Assert.Equal(["event.type == \"widget\"", "has(event.data.important) && event.data.important == true"], resources.Subscriptions[0].Rules.Select(rule => rule.Match));
        Assert.Equal(("/checkout", "/payments", "poison"), (resources.Subscriptions[0].DefaultRoute, resources.Subscriptions[1].DefaultRoute, resources.Subscriptions[1].DeadLetterTopic));
        Assert.Equal((-1, true), (Assert.Single(resources.Resiliencies).Retries["retryForever"].MaxRetries, resources.Resiliencies[0].Retries["retryForever"].IsExponential));
        Assert.Equal(["redis-secret"], Assert.Single(resources.Configuration.SecretScopes).AllowedSecrets);
        Assert.True(resources.Configuration.HotReload);
        Assert.Contains("localhost:4317", resources.Configuration.Parts["tracing"], StringComparison.Ordinal);
        Assert.EndsWith(
            ": alias '*shared' refers to no anchor before it; this document is skipped",
            Assert.Single(resources.Problems, problem => problem.File.EndsWith("pubsub.yaml", StringComparison.Ordinal)).ToString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Before_a_run_nothing_is_wrong_with_it_but_the_alias()
    {
        _files.Catalog = ComponentCatalog.Default;

        var errors = Told(_files.Load(strict: true).Errors);

        Assert.EndsWith("alias '*shared' refers to no anchor before it", Assert.Single(errors), StringComparison.Ordinal);
    }
}
