namespace Benchmarks.Load;

/// <summary>Makes one request at a time.</summary>
internal interface ILoadConnection : IDisposable
{
    /// <summary>Returns the status of HTTP, or what comes nearest, once the answer is here to its end.</summary>
    ValueTask<int> SendAsync(ReadOnlyMemory<byte> request);
}
