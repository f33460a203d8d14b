using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Sidecar.Components.Middleware;

/// <summary><c>middleware.http.ratelimit</c>: a token bucket for each client and path (contract section 6.16).</summary>
internal sealed class RateLimitMiddleware : IHttpMiddleware
{
    private const double DefaultRate = 100;
    private const int TooManyRequests = 429;

    /// <summary>From then on buckets that are full, which are as good as new ones, are dropped.</summary>
    private const int ManyBuckets = 10_000;

    /// <summary>A longer part of a key is kept as its hash: strangers say what is in it.</summary>
    private const int LongestPart = 128;

    private readonly ConcurrentDictionary<(string Client, string Path), Bucket> _buckets = new();

    // Of the buckets: the dictionary takes all its locks to count them.
    private int _count;
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
        return ValueTask.FromResult(BucketOf(KeyOf(request)).TryTake()
            ? null
            : new MiddlewareAnswer(TooManyRequests, "You have reached maximum request limit."));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Of one path in all its spellings.</summary>
    internal static (string Client, string Path) KeyOf(MiddlewareRequest request) => (Bounded(ClientOf(request)), Bounded(Uri.UnescapeDataString(request.Path)));

    private static string Bounded(string part) =>
        part.Length <= LongestPart ? part : Convert.ToHexString(SHA256.HashData(MemoryMarshal.AsBytes(part.AsSpan())));

    private static string ClientOf(MiddlewareRequest request) =>
        request.Header("X-Forwarded-For")?.Split(',')[0].Trim() is { Length: > 0 } forwarded ? forwarded
        : request.Header("X-Real-IP") is { Length: > 0 } real ? real
        : request.RemoteAddress;

    private Bucket BucketOf((string Client, string Path) key)
    {
        while (true)
        {
            if (_buckets.TryGetValue(key, out var known))
                return known;
            if (Volatile.Read(ref _count) >= ManyBuckets)
                DropFull();
            var bucket = new Bucket(_rate, _time);
            if (!_buckets.TryAdd(key, bucket))
                continue;
            Interlocked.Increment(ref _count);
            return bucket;
        }
    }

    private void DropFull()
    {
        Drop(static bucket => bucket.IsFull);
        // A stranger with more addresses than that gets no memory beyond it.
        if (Volatile.Read(ref _count) >= ManyBuckets)
            Drop(static _ => true);
    }

    private void Drop(Predicate<Bucket> isMeant)
    {
        foreach (var entry in _buckets)
        {
            if (isMeant(entry.Value) && _buckets.TryRemove(entry))
                Interlocked.Decrement(ref _count);
        }
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
