namespace Sidecar.Runtime.Resiliency;

/// <summary>Why an attempt did not succeed.</summary>
/// <param name="HttpStatus">With which a callee that speaks HTTP has failed; null = it gave no such answer.</param>
/// <param name="GrpcStatus">The same for one that speaks gRPC.</param>
internal readonly record struct CallFailure(string Reason, int? HttpStatus = null, int? GrpcStatus = null);

/// <summary>A call that policies may guard: made once for one call, used by one at a time.</summary>
internal interface IGuardedCall<T>
{
    /// <summary>What it is about, for the log: <c>GET orders/1</c>, <c>event 17 of topic orders</c>.</summary>
    string Subject { get; }

    /// <summary>Nothing that an attempt needs is gone: it can be made once more.</summary>
    bool CanBeRepeated => true;

    /// <summary>Makes one attempt. A result that is not the last one is disposed, if it can be.</summary>
    ValueTask<T> AttemptAsync(CancellationToken cancellationToken);

    /// <summary>null: the callee is well, whatever it said.</summary>
    CallFailure? Judge(T result);

    /// <summary>null: it says nothing about the callee, and another attempt would be in vain.</summary>
    CallFailure? Judge(Exception failure) => new CallFailure(failure.Message);
}
