using System.Globalization;
using System.Net;
using Sidecar.Components.Bindings;

namespace Sidecar.Components.Http;

/// <summary><c>bindings.http</c>: calls a service by HTTP. Redirects are followed as Go's client does, and lead secrets to no other place.</summary>
internal sealed class HttpBinding : IOutputBinding
{
    private const string Create = "create";
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(15);

    private HttpBindingOptions _options = null!;
    private HttpMessageInvoker _client = null!;
    private TimeProvider _time = null!;

    public IReadOnlyList<string> Operations { get; } = [Create, "get", "head", "post", "put", "patch", "delete", "options", "trace"];

    public Task InitAsync(ComponentContext context, CancellationToken cancellationToken)
    {
        _options = HttpBindingOptions.Read(context);
        _time = context.Time;
        _client = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.GZip,
            ActivityHeadersPropagator = null,
            ConnectTimeout = ConnectTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            SslOptions = _options.Tls,
        });
        return Task.CompletedTask;
    }

    /// <summary>1. Builds the request. 2. Sends it, wherever it is redirected to. 3. Reads the answer, as much as is wanted.</summary>
    public async ValueTask<BindingReply?> InvokeAsync(BindingRequest request, CancellationToken cancellationToken)
    {
        // 1.
        var verb = request.Operation == Create ? HttpMethod.Post : HttpMethod.Parse(request.Operation.ToUpperInvariant());
        var message = HttpBindingRequest.Build(_options, verb, request);

        // 2. and 3.
        using var limit = new CancellationTokenSource(_options.ResponseTimeout ?? Timeout.InfiniteTimeSpan, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            using var response = await FollowAsync(message, both.Token).ConfigureAwait(false);
            return Reply(response, await ReadAsync(response.Content, both.Token).ConfigureAwait(false), request);
        }
        catch (OperationCanceledException slow) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ComponentException(
                limit.IsCancellationRequested ? $"no answer within the responseTimeout of {GoText.Duration(_options.ResponseTimeout!.Value)}" : $"no connection within {GoText.Duration(ConnectTimeout)}", slow);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException)
        {
            // The outer message of a refused certificate only points at the inner one.
            throw new ComponentException(failure.InnerException is System.Security.Authentication.AuthenticationException refused ? refused.Message : failure.Message, failure);
        }
    }

    public ValueTask DisposeAsync()
    {
        _client?.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<HttpResponseMessage> FollowAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        KeyValuePair<string, string>[] secrets = _options.SecurityHeader is { } secret ? [secret] : [];
        for (var followed = 0; ; followed++)
        {
            var response = await _client.SendAsync(request, cancellationToken).ConfigureAwait(false);
            if (Redirect.Next(request, response, secrets) is not { } next)
                return response;
            response.Dispose();
            request = followed < Redirect.Most ? next : throw new HttpRequestException($"stopped after {Redirect.Most} redirects");
        }
    }

    private async Task<ReadOnlyMemory<byte>> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        if (_options.LongestAnswer is not { } longest)
            return await content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);

        var body = new MemoryStream();
        var stream = await content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using var owned = stream.ConfigureAwait(false);
        var buffer = new byte[16 * 1024];
        while (body.Length < longest)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, longest - body.Length)), cancellationToken).ConfigureAwait(false);
            if (read == 0)
                break;
            body.Write(buffer, 0, read);
        }

        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }

    private BindingReply Reply(HttpResponseMessage response, ReadOnlyMemory<byte> body, BindingRequest request)
    {
        var status = ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture);
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, values) in response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated))
            metadata[GoHeaders.Canonical(name)] = string.Join(", ", values);
        metadata["statusCode"] = status;
        metadata["status"] = string.IsNullOrEmpty(response.ReasonPhrase) ? status : $"{status} {response.ReasonPhrase}";
        var isFailure = !response.IsSuccessStatusCode &&
            (request.Metadata.TryGetValue("errorIfNot2XX", out var wish) ? GoText.IsTruthy(wish) : _options.ErrorIfNot2XX);
        return new BindingReply(body, metadata) { Failure = isFailure ? $"received status code {status}" : null };
    }
}
