namespace Sidecar.Grpc;

/// <summary>Sees every call of a server: may refuse it before its handler runs, and is told how it ended.</summary>
public interface IServerCallFilter
{
    /// <summary>Any status but OK refuses the call. The request's messages are not read yet.</summary>
    ValueTask<GrpcStatus> BeginAsync(ServerCall call) => ValueTask.FromResult(GrpcStatus.OK);

    /// <summary>Told once for each call that this filter let pass, after its handler and before the status is sent.</summary>
    void End(ServerCall call, GrpcStatus status)
    {
    }
}
