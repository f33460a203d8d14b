namespace Sidecar.Grpc;

/// <summary>A mapped method: how messages flow between its calls and its handler.</summary>
internal interface IServerMethod
{
    /// <summary>The full name: <c>/greet.Greeter/SayHello</c>; null for one that takes whatever is called.</summary>
    string? FullName { get; }

    /// <summary>Runs the handler for one call, from the first request message to the last response message.</summary>
    Task RunAsync(ServerCall call, MessageEncoding requestEncoding, int limit);
}
