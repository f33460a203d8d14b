namespace Sidecar.Grpc;

/// <summary>How a channel calls.</summary>
public sealed class GrpcChannelOptions
{
    /// <summary>Bytes that a response message may have, on the wire and inflated; one that has more ends its call with RESOURCE_EXHAUSTED.</summary>
    public int MaxReceiveMessageSize { get; set; } = GrpcServerOptions.DefaultMaxReceiveMessageSize;

    /// <summary>The <c>user-agent</c> of calls whose metadata has none.</summary>
    public string UserAgent { get; set; } = "sidecar-grpc/" + typeof(GrpcChannelOptions).Assembly.GetName().Version?.ToString(3);

    /// <summary>The clock of deadlines.</summary>
    public TimeProvider Clock { get; set; } = TimeProvider.System;
}
