using Sidecar.Runtime.Resources.Yaml;

namespace Sidecar.Runtime.Resources;

/// <summary>A kind of resource that Dapr knows.</summary>
internal sealed record ResourceKind(string ApiVersion, string Name)
{
    private const string V1 = "dapr.io/v1alpha1";

    public static ResourceKind Component { get; } = new(V1, "Component");

    public static ResourceKind HttpEndpoint { get; } = new(V1, "HTTPEndpoint");

    public static ResourceKind SubscriptionV2 { get; } = new("dapr.io/v2alpha1", "Subscription");

    public static ResourceKind Resiliency { get; } = new(V1, "Resiliency");

    public static IReadOnlyList<ResourceKind> All { get; } =
    [
        Component,
        new(V1, "Subscription"),
        SubscriptionV2,
        new(V1, "Configuration"),
        Resiliency,
        HttpEndpoint,
        new(V1, "MCPServer"),
        new(V1, "WorkflowAccessPolicy"),
    ];
}

/// <summary>What every resource begins with: apiVersion, kind and metadata.</summary>
internal sealed record ResourceHeader(ResourceKind Kind, ResourceOrigin Origin, string Name, string? Namespace)
{
    private const string DaprGroup = "dapr.io";

    /// <summary>The header, or null when the document is not a resource of Dapr's (then it is somebody else's) or names a kind wrongly.</summary>
    public static ResourceHeader? Read(YamlFields fields)
    {
        var apiVersion = fields.Text("apiVersion");
        var kindName = fields.Text("kind");
        if (FindKind(fields, apiVersion, kindName) is not { } kind)
            return null;
        fields.Allow("status");
        var origin = new ResourceOrigin(fields.Problems.File, fields.Line);
        if (fields.Object("metadata") is not { } metadata)
        {
            fields.Problems.Error(fields.LineOf("metadata"), "metadata.name", "expected a text; this field is required");
            return null;
        }

        metadata.Allow(
            "labels", "annotations", "generateName", "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp",
            "deletionGracePeriodSeconds", "finalizers", "ownerReferences", "managedFields", "selfLink");
        var name = metadata.RequiredText("name");
        if (name is "." or ".." || name.AsSpan().ContainsAny('/', '%'))
            fields.Problems.Error(metadata.LineOf("name"), "metadata.name", $"expected a name without '/' and '%' that is not '.' or '..', found '{name}'");
        var header = new ResourceHeader(kind, origin, name, metadata.Text("namespace"));
        metadata.RefuseUnknown();
        return header;
    }

    private static ResourceKind? FindKind(YamlFields fields, string? apiVersion, string? kindName)
    {
        if (ResourceKind.All.FirstOrDefault(kind => kind.ApiVersion == apiVersion && kind.Name == kindName) is { } known)
            return known;
        var problems = fields.Problems;
        if (string.IsNullOrEmpty(apiVersion) || string.IsNullOrEmpty(kindName))
        {
            var missing = string.IsNullOrEmpty(apiVersion) ? "apiVersion" : "kind";
            problems.Odd(fields.LineOf(missing), missing, "expected a text; this field is required");
            return null;
        }

        var versions = ResourceKind.All.Where(kind => kind.Name == kindName).Select(kind => kind.ApiVersion).ToList();
        var isDapr = apiVersion.Split('/')[0] == DaprGroup;
        if (versions.Count > 0 && (isDapr || Spelling.Nearest(apiVersion, versions) is not null))
            problems.Odd(fields.LineOf("apiVersion"), "apiVersion", $"expected {string.Join(" or ", versions)}, found '{apiVersion}'; the document is ignored");
        else if (isDapr)
            problems.Odd(fields.LineOf("kind"), "kind", $"unknown kind '{kindName}'{Spelling.Hint(kindName, ResourceKind.All.Select(kind => kind.Name))}; the document is ignored");
        return null;
    }
}
