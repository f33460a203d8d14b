using System.Collections.Concurrent;
using System.Globalization;

namespace Sidecar.Components.Middleware;

/// <summary><c>middleware.http.ratelimit</c>: a token bucket for each client and path (contract section 6.16).</summary>
internal sealed class RateLimitMiddleware : IHttpMiddleware
{
    private const double DefaultRate = 100;
    private const int TooManyRequests = 429;

    /// <summary>From then on buckets that are full, which are as good as new ones, are dropped.</summary>
    private const int ManyBuckets = 10_000;

    private readonly ConcurrentDictionary<(string Client, string Path), Bucket> _buckets = new();
    private TimeProvider _time = TimeProvider.System;
    private double _rate;

    public Task InitAsync(ComponentContext context, CancellationToken cancellationToken)
    {
        _time = context.Time;
        var text = context.Metadata.Find("maxRequestsPerSecond");
        _rate = text is null ? DefaultRate : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var rate) ? rate : 0;
        return _rate > 0 && double.IsFinite(_rate)
            ? Task.CompletedTask
            : throw new ComponentException($"metadata field 'maxRequestsPerSecond' is '{text}', expected a number above 0");
    }

    public ValueTask<MiddlewareAnswer?> HandleAsync(MiddlewareRequest request, CancellationToken cancellationToken)
    {
        request.SetResponseHeader("X-Rate-Limit-Limit", _rate.ToString("F2", CultureInfo.InvariantCulture));
        request.SetResponseHeader("X-Rate-Limit-Duration", "1");
        if (_buckets.Count >= ManyBuckets)
            DropFull();
        return ValueTask.FromResult(_buckets.GetOrAdd((ClientOf(request), request.Path), _ => new Bucket(_rate, _time)).TryTake()
            ? null
            : new MiddlewareAnswer(TooManyRequests, "You have reached maximum request limit."));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static string ClientOf(MiddlewareRequest request) =>
        request.Header("X-Forwarded-For")?.Split(',')[0].Trim() is { Length: > 0 } forwarded ? forwarded
        : request.Header("X-Real-IP") is { Length: > 0 } real ? real
        : request.RemoteAddress;

    private void DropFull()
    {
        foreach (var (key, bucket) in _buckets)
        {
            if (bucket.IsFull)
                _buckets.TryRemove(KeyValuePair.Create(key, bucket));
        }

        // A stranger with more addresses than that gets no memory beyond it.
        if (_buckets.Count >= ManyBuckets)
            _buckets.Clear();
    }

    private sealed class Bucket(double rate, TimeProvider time)
    {
        private readonly Lock _lock = new();
        private readonly double _most = Math.Max(1, Math.Floor(rate));
        private double _tokens = Math.Max(1, Math.Floor(rate));
        private long _filled = time.GetTimestamp();

        public bool IsFull
        {
            get
            {
                lock (_lock)
                {
                    Fill();
                    return _tokens >= _most;
                }
            }
        }

        public bool TryTake()
        {
            lock (_lock)
            {
                Fill();
                if (_tokens < 1)
                    return false;
                _tokens--;
                return true;
            }
        }

        private void Fill()
        {
            var now = time.GetTimestamp();
            _tokens = Math.Min(_most, _tokens + (time.GetElapsedTime(_filled, now).TotalSeconds * rate));
            _filled = now;
        }
    }
}
