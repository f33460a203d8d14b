using Google.Protobuf;
using Google.Rpc;
using Sidecar.Grpc;

namespace Sidecar.Runtime.Errors;

/// <summary>Prints <see cref="DaprError"/> on the gRPC API (contract section 3.5).</summary>
internal static class GrpcErrors
{
    private const string Domain = "dapr.io";

    /// <summary>Ends the call with the error.</summary>
    public static TResponse Fail<TResponse>(this ServerCall call, DaprError error) => call.Fail<TResponse>(error.ToGrpc());

    public static GrpcStatus ToGrpc(this DaprError error) => new(error.GrpcCode, error.Message, Details(error));

    private static List<IMessage> Details(DaprError error)
    {
        var reason = error.Reason ?? (error.HasGrpcReason ? error.Code : null);
        if (reason is null)
            return [];

        var info = new ErrorInfo { Reason = reason, Domain = Domain };
        if (error.ReasonMetadata is { } metadata)
            info.Metadata.Add(new Dictionary<string, string>(metadata));
        List<IMessage> details = [info];
        if (error.Resource is { } resource)
            details.Add(new Google.Rpc.ResourceInfo { ResourceType = resource.Type, ResourceName = resource.Name, Owner = resource.Owner, Description = resource.Description });
        if (error.FieldViolations is { } violations)
        {
            var request = new BadRequest();
            request.FieldViolations.Add(violations.Select(violation => new BadRequest.Types.FieldViolation { Field = violation.Field, Description = violation.Description }));
            details.Add(request);
        }

        if (error.HelpLinks is { } links)
        {
            var help = new Help();
            help.Links.Add(links.Select(link => new Help.Types.Link { Url = link.Url, Description = link.Description }));
            details.Add(help);
        }

        return details;
    }
}
