using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Sidecar.Grpc;

/// <summary>
/// Looks at the first bytes of a connection without TLS. HTTP/2 begins with <c>PRI * HTTP/2.0</c> (RFC 9113, section 3.4), and no
/// HTTP/1.1 request has the method PRI. Kestrel chooses HTTP/2 by ALPN alone, so for such a connection it is told what TLS
/// would have told. Costs HTTP/1.1 one look per connection and nothing per request.
/// </summary>
internal sealed class ProtocolDetection(ConnectionDelegate next, KestrelServerLimits limits, TimeProvider clock)
{
    public async Task RunAsync(ConnectionContext connection)
    {
        if (await IsHttp2Async(connection).ConfigureAwait(false) is not { } isHttp2)
            return;
        if (isHttp2)
        {
            connection.Features.Set<ITlsConnectionFeature>(NegotiatedHttp2.Instance);
            connection.Features.Set<ITlsApplicationProtocolFeature>(NegotiatedHttp2.Instance);
        }

        await next(connection).ConfigureAwait(false);
    }

    private static ReadOnlySpan<byte> Preface => "PRI "u8;

    /// <summary>Null if the connection ended, or was asked to end, before it said anything.</summary>
    private async ValueTask<bool?> IsHttp2Async(ConnectionContext connection)
    {
        var input = connection.Transport.Input;
        if (input.TryRead(out var result) && Decide(input, result) is { } known)
            return known;

        using var timeLimit = new CancellationTokenSource(limits.KeepAliveTimeout, clock);
        var closing = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? CancellationToken.None;
        using var linked = LinkedToken.Of(timeLimit.Token, closing);
        try
        {
            while (true)
            {
                result = await input.ReadAsync(linked.Token).ConfigureAwait(false);
                if (Decide(input, result) is { } decided)
                    return decided;
                if (result.IsCompleted || result.IsCanceled)
                    return null;
            }
        }
        catch (Exception silent) when (silent is OperationCanceledException or IOException)
        {
            return null;
        }
    }

    // What is looked at is left for the protocol to read.
    private static bool? Decide(PipeReader input, in ReadResult result)
    {
        var start = result.Buffer.Slice(0, Math.Min(Preface.Length, result.Buffer.Length));
        Span<byte> first = stackalloc byte[Preface.Length];
        start.CopyTo(first);
        var length = (int)start.Length;
        bool? isHttp2 = !Preface.StartsWith(first[..length]) ? false : length == Preface.Length ? true : null;
        if (isHttp2 is null && result is { IsCompleted: true } && length > 0)
            isHttp2 = false;
        input.AdvanceTo(result.Buffer.Start, isHttp2 is null ? result.Buffer.End : result.Buffer.Start);
        return isHttp2;
    }

    private sealed class NegotiatedHttp2 : ITlsConnectionFeature, ITlsApplicationProtocolFeature
    {
        public static readonly NegotiatedHttp2 Instance = new();

        private static readonly byte[] H2 = "h2"u8.ToArray();

        public ReadOnlyMemory<byte> ApplicationProtocol => H2;

        public System.Security.Cryptography.X509Certificates.X509Certificate2? ClientCertificate
        {
            get => null;
            set => throw new NotSupportedException("the connection has no TLS");
        }

        public Task<System.Security.Cryptography.X509Certificates.X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken) =>
            Task.FromResult<System.Security.Cryptography.X509Certificates.X509Certificate2?>(null);
    }
}
