using System.Text.Json.Nodes;
using Sidecar.Grpc;

namespace Sidecar.Runtime.Errors;

/// <summary>
/// A failure as the API shows it. A slice names each of its failures once, in its <c>…Errors.cs</c>; the HTTP and gRPC
/// fronts only print them. Bodies: contract section 2.1.
/// </summary>
/// <param name="Code">The <c>errorCode</c>: <c>ERR_…</c>.</param>
/// <param name="HttpStatus">HTTP status.</param>
/// <param name="GrpcCode">gRPC status.</param>
/// <param name="Message">The <c>message</c>.</param>
public sealed record DaprError(string Code, int HttpStatus, StatusCode GrpcCode, string Message)
{
    /// <summary>Reason of the ErrorInfo detail; null = a simple error without details.</summary>
    public string? Reason { get; init; }

    /// <summary>Over gRPC an error that is simple over HTTP has an ErrorInfo too, whose reason is the <see cref="Code"/> (contract section 3.5).</summary>
    public bool HasGrpcReason { get; init; }

    /// <summary>Metadata of the ErrorInfo detail.</summary>
    public IReadOnlyDictionary<string, string>? ReasonMetadata { get; init; }

    /// <summary>The same, of an error that has it over HTTP alone (contract section 2.2).</summary>
    public IReadOnlyDictionary<string, string>? HttpReasonMetadata { get; init; }

    public ResourceInfo? Resource { get; init; }

    public IReadOnlyList<(string Field, string Description)>? FieldViolations { get; init; }

    public IReadOnlyList<(string Url, string Description)>? HelpLinks { get; init; }

    /// <summary>The JSON body of the HTTP API.</summary>
    public JsonObject ToJson()
    {
        var body = new JsonObject { ["errorCode"] = Code, ["message"] = Message };
        if (Reason is null)
            return body;

        var metadata = ReasonMetadata ?? HttpReasonMetadata;
        var details = new JsonArray
        {
            new JsonObject
            {
                ["@type"] = "type.googleapis.com/google.rpc.ErrorInfo",
                ["reason"] = Reason,
                ["domain"] = "dapr.io",
                ["metadata"] = metadata is null
                    ? null
                    : new JsonObject(metadata.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))),
            },
        };
        if (Resource is { } resource)
        {
            details.Add(new JsonObject
            {
                ["@type"] = "type.googleapis.com/google.rpc.ResourceInfo",
                ["resource_type"] = resource.Type,
                ["resource_name"] = resource.Name,
                ["owner"] = resource.Owner,
                ["description"] = resource.Description,
            });
        }

        if (FieldViolations is { } violations)
        {
            details.Add(new JsonObject
            {
                ["@type"] = "type.googleapis.com/google.rpc.BadRequest",
                ["field_violations"] = new JsonArray([.. violations.Select(violation =>
                    new JsonObject { ["field"] = violation.Field, ["description"] = violation.Description })]),
            });
        }

        if (HelpLinks is { } links)
        {
            details.Add(new JsonObject
            {
                ["@type"] = "type.googleapis.com/google.rpc.Help",
                ["links"] = new JsonArray([.. links.Select(link =>
                    new JsonObject { ["url"] = link.Url, ["description"] = link.Description })]),
            });
        }

        body["details"] = details;
        return body;
    }
}

public sealed record ResourceInfo(string Type, string Name, string Owner = "", string Description = "");
