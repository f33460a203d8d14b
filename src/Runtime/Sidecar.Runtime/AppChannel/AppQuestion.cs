using System.Net;
using Sidecar.Grpc;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.AppChannel;

/// <summary>The app's answer to a question of the sidecar, or why there is none after so many attempts.</summary>
/// <param name="Body">Read for 200 alone.</param>
internal readonly record struct AppAnswer(HttpStatusCode Status, byte[] Body, Exception? Failure, int Attempts);

/// <summary>
/// Asks the app what it is and wants: a GET, with the initialization retries of contract section 2.17. An app that takes the
/// connection and never answers holds up the sidecar for that long and no longer.
/// </summary>
internal sealed class AppQuestion(IAppChannel app, SidecarOptions options, TimeProvider time)
{
    private const int MaximumAnswerBytes = 4 * 1024 * 1024;

    // 0.5 s, growing by half, at most 1 s; three of them, 10 s in all.
    private static readonly TimeSpan[] RetryDelays = [TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(0.75), TimeSpan.FromSeconds(1)];
    private static readonly TimeSpan TotalTime = TimeSpan.FromSeconds(10);

    /// <summary>Any status is an answer; only a transport failure is tried again.</summary>
    public async Task<AppAnswer> AskAsync(Uri path, CancellationToken cancellationToken)
    {
        var (answer, failure, attempts) = await RepeatAsync((attempt, token) => AskOnceAsync(path, attempt, token), time, cancellationToken).ConfigureAwait(false);
        return failure is null ? answer : new AppAnswer(default, [], failure, attempts);
    }

    /// <summary>The same for a question of another form: it is repeated while <paramref name="ask"/> throws what a transport throws, but not for a method that the app does not have.</summary>
    public static async Task<(T? Answer, Exception? Failure, int Attempts)> RepeatAsync<T>(
        Func<int, CancellationToken, Task<T>> ask, TimeProvider time, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(TotalTime, time);
        using var asking = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return (await ask(attempt, asking.Token).ConfigureAwait(false), null, attempt);
            }
            catch (Exception failure) when (IsTransport(failure) && !cancellationToken.IsCancellationRequested)
            {
                if (attempt > RetryDelays.Length || limit.IsCancellationRequested || failure is GrpcException { Code: StatusCode.Unimplemented })
                    return (default, failure, attempt);
            }

            // Not bound to the total time: it is looked at before and within each question.
            await Task.Delay(RetryDelays[attempt - 1], time, cancellationToken).ConfigureAwait(false);
        }
    }

    private static bool IsTransport(Exception failure) => failure is HttpRequestException or IOException or OperationCanceledException or GrpcException;

    private async Task<AppAnswer> AskOnceAsync(Uri path, int attempt, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Content = new ByteArrayContent([]) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", ContentTypes.Json);
        request.Headers.TryAddWithoutValidation("dapr-app-id", options.AppId);
        using var response = await app.SendAsync(request, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode != HttpStatusCode.OK)
            return new AppAnswer(response.StatusCode, [], null, attempt);
        await response.Content.LoadIntoBufferAsync(MaximumAnswerBytes, cancellationToken).ConfigureAwait(false);
        return new AppAnswer(response.StatusCode, await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false), null, attempt);
    }
}
