using Microsoft.AspNetCore.Routing;
using Sidecar.Grpc;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Telemetry;
using Wire = Sidecar.Protos;

namespace Sidecar.Runtime.Secrets;

/// <summary>The secrets API over gRPC (contract section 3.4).</summary>
internal static class SecretsGrpc
{
    private const string Block = "secrets";

    public static void Map(IEndpointRouteBuilder routes, SecretsEngine engine)
    {
        routes.MapUnary<Wire.GetSecretRequest, Wire.GetSecretResponse>(DaprService.Method("GetSecret"), (request, call) => GetAsync(request, call, engine));
        routes.MapUnary<Wire.GetBulkSecretRequest, Wire.GetBulkSecretResponse>(
            DaprService.Method("GetBulkSecret"), (request, call) => GetAllAsync(request, call, engine));
    }

    private static async Task<Wire.GetSecretResponse> GetAsync(Wire.GetSecretRequest request, ServerCall call, SecretsEngine engine)
    {
        GrpcSpans.DescribeStore(call, Block, request.StoreName);
        var (secret, error) = await engine.GetAsync(request.StoreName, request.Key, request.Metadata, call.CancellationToken).ConfigureAwait(false);
        if (error is not null)
            return call.Fail<Wire.GetSecretResponse>(error);
        var response = new Wire.GetSecretResponse();
        foreach (var (name, value) in secret ?? Nothing)
            response.Data[name] = value;
        return response;
    }

    private static async Task<Wire.GetBulkSecretResponse> GetAllAsync(Wire.GetBulkSecretRequest request, ServerCall call, SecretsEngine engine)
    {
        GrpcSpans.DescribeStore(call, Block, request.StoreName);
        var (secrets, error) = await engine.GetAllAsync(request.StoreName, request.Metadata, call.CancellationToken).ConfigureAwait(false);
        if (error is not null)
            return call.Fail<Wire.GetBulkSecretResponse>(error);
        var response = new Wire.GetBulkSecretResponse();
        if (secrets is null)
            return response;
        foreach (var (name, values) in secrets)
        {
            var secret = new Wire.SecretResponse();
            foreach (var (key, value) in values)
                secret.Secrets[key] = value;
            response.Data[name] = secret;
        }

        return response;
    }

    private static IReadOnlyDictionary<string, string> Nothing => System.Collections.ObjectModel.ReadOnlyDictionary<string, string>.Empty;
}
