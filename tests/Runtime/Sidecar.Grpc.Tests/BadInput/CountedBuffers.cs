namespace Sidecar.Grpc.Tests.BadInput;

/// <summary>Tests that wait until the whole process has no buffer left, and hence run beside no others.</summary>
[CollectionDefinition(nameof(CountedBuffers), DisableParallelization = true)]
public sealed class CountedBuffers;
