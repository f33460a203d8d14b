namespace Benchmarks.Load;

/// <summary>Requests to be made, all of them the same.</summary>
/// <param name="Seconds">For how long, unless <paramref name="Count"/> says how many.</param>
/// <param name="Rate">Requests per second, evenly spaced whatever the answers take; 0 = as fast as the answers come.</param>
/// <param name="Count">How many; 0 = as many as there is time for.</param>
/// <param name="IsStamped">The body has a <see cref="Stamp.Placeholder"/>, which each request fills in.</param>
/// <param name="IsGrpc">The path is a method, the body its message in base64; of what HTTP has nothing else counts.</param>
/// <param name="Direct">The server whose client library does it: <c>GET</c> and <c>PUT</c> of a key, <c>POST</c> to a topic; null = requests over the wire.</param>
internal sealed record LoadJob(
    int Port, string Verb, string Path, string Body, int Connections, double Seconds = 0, double Rate = 0, int Count = 0, bool IsStamped = false, bool IsGrpc = false, DirectServer? Direct = null)
{
    public async Task<ILoadConnection> OpenAsync() => Direct is not null ? DirectConnection.Open(Direct, Verb, Path)
        : IsGrpc ? new GrpcConnection(Port, Path) : await HttpConnection.OpenAsync(Port);

    /// <summary>The request as a connection takes it: all that goes over the wire, or the message of a call.</summary>
    public byte[] ToBytes()
    {
        if (IsGrpc)
            return Convert.FromBase64String(Body);
        if (Direct is not null)
            return System.Text.Encoding.UTF8.GetBytes(Body);
        var framing = Body.Length == 0 ? "" : $"Content-Type: application/json\r\nContent-Length: {Body.Length}\r\n";
        return System.Text.Encoding.ASCII.GetBytes($"{Verb} {Path} HTTP/1.1\r\nHost: 127.0.0.1:{Port}\r\nUser-Agent: bench\r\nAccept: */*\r\n{framing}\r\n{Body}");
    }
}

/// <param name="Errors">Requests whose answer was not 200 to 299; they are none of <paramref name="Requests"/>.</param>
/// <param name="Began">Timestamp of <see cref="System.Diagnostics.Stopwatch"/>.</param>
/// <param name="P50">Microseconds from when a request was due to the end of its answer.</param>
/// <param name="P99">Likewise.</param>
internal sealed record LoadResult(long Requests, long Errors, long Began, double Seconds, double P50, double P99)
{
    public double PerSecond => Requests / Seconds;
}
