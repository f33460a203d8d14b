using System.Buffers;

namespace Sidecar.Grpc;

/// <summary>Bytes in an array of the shared pool, which grows as it is written. Who makes it disposes of it.</summary>
internal sealed class PooledBuffer : IBufferWriter<byte>, IDisposable
{
    private static int _rented;

    private byte[] _array;
    private int _length;

    public PooledBuffer(int capacity)
    {
        _array = ArrayPool<byte>.Shared.Rent(Math.Max(capacity, 16));
        Interlocked.Increment(ref _rented);
    }

    /// <summary>Buffers of the process that nobody has disposed of.</summary>
    public static int Rented => Volatile.Read(ref _rented);

    public ReadOnlyMemory<byte> Written => _array.AsMemory(0, _length);

    public int Length => _length;

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _array.Length - _length);
        _length += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Ensure(sizeHint);
        return _array.AsMemory(_length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Ensure(sizeHint);
        return _array.AsSpan(_length);
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _array, []) is not { Length: > 0 } array)
            return;
        _length = 0;
        ArrayPool<byte>.Shared.Return(array);
        Interlocked.Decrement(ref _rented);
    }

    private void Ensure(int sizeHint)
    {
        var needed = Math.Max(sizeHint, 1);
        if (_array.Length - _length >= needed)
            return;
        ObjectDisposedException.ThrowIf(_array.Length == 0, this);
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(checked(_length + needed), (int)Math.Min(_array.Length * 2L, Array.MaxLength)));
        Written.Span.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_array);
        _array = larger;
    }
}
