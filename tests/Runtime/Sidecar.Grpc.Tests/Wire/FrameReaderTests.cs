using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using FsCheck;
using FsCheck.Fluent;
using Sidecar.Grpc.Tests.Support;
using TestSupport;

namespace Sidecar.Grpc.Tests.Wire;

public sealed class FrameReaderTests
{
    private const int Limit = 1000;

    [Fact]
    public void Messages_come_out_as_they_went_in_however_the_bytes_arrive()
    {
        var inputs = from messages in ArbMap.Default.GeneratorFor<byte[]>().ArrayOf()
                     from gzip in ArbMap.Default.GeneratorFor<bool>()
                     from sizes in Gen.Choose(1, 9).NonEmptyListOf()
                     select (messages, gzip, sizes: sizes.ToArray());
        Fuzz.Check(inputs, input =>
        {
            var wire = new ArrayBufferWriter<byte>();
            var encoding = input.gzip ? MessageEncoding.Gzip : MessageEncoding.Identity;
            foreach (var message in input.messages)
                Frame.Write(wire, RawMarshaller.Instance, message, encoding);

            var (read, failure) = ReadAll(wire.WrittenSpan.ToArray(), input.sizes, encoding);
            Assert.Null(failure);
            Assert.Equal(input.messages, read);
            return true;
        });
    }

    [Fact]
    public void Garbage_ends_in_messages_or_in_a_code_of_grpc()
    {
        var pieces = Gen.OneOf(
            ArbMap.Default.GeneratorFor<byte[]>(),
            Gen.Elements<byte[]>(RawCall.Frame([1, 2, 3]), RawCall.Frame([]), RawCall.Frame(GzipOf(new byte[10]), flag: 1), RawCall.Frame([1, 2], flag: 1), RawCall.Frame([], length: uint.MaxValue), [0, 0, 0]));
        var inputs = from parts in pieces.ArrayOf()
                     from gzip in ArbMap.Default.GeneratorFor<bool>()
                     from sizes in Gen.Choose(1, 9).NonEmptyListOf()
                     select (bytes: parts.SelectMany(part => part).ToArray(), gzip, sizes: sizes.ToArray());
        Fuzz.Check(inputs, input =>
        {
            var (read, failure) = ReadAll(input.bytes, input.sizes, input.gzip ? MessageEncoding.Gzip : MessageEncoding.Identity);
            Assert.All(read, message => Assert.True(message.Length <= Limit));
            Assert.True(failure is null or { Code: StatusCode.Internal or StatusCode.ResourceExhausted }, failure?.ToString());
            return true;
        });
    }

    [Theory]
    [InlineData(0, MessageEncoding.Identity, StatusCode.ResourceExhausted)]
    [InlineData(1, MessageEncoding.Gzip, StatusCode.ResourceExhausted)]
    [InlineData(1, MessageEncoding.Identity, StatusCode.Internal)]
    [InlineData(2, MessageEncoding.Gzip, StatusCode.Internal)]
    public void A_header_alone_is_enough_to_refuse(byte flag, MessageEncoding encoding, StatusCode code)
    {
        var (_, failure) = ReadAll(RawCall.Frame([], flag, Limit + 1), [5], encoding, isComplete: false);
        Assert.Equal(code, failure?.Code);
    }

    [Fact]
    public void A_message_that_inflates_beyond_the_limit_is_refused_whatever_its_own_length_says()
    {
        var bomb = GzipOf(new byte[10_000_000]);
        Assert.Equal(StatusCode.ResourceExhausted, ReadAll(RawCall.Frame(bomb, 1), [7], MessageEncoding.Gzip, limit: 20_000).Failure?.Code);

        // The last four bytes of the file say how much it holds; here they lie.
        bomb.AsSpan(^4).Clear();
        bomb[^4] = 10;
        Assert.Equal(StatusCode.ResourceExhausted, ReadAll(RawCall.Frame(bomb, 1), [7], MessageEncoding.Gzip, limit: 20_000).Failure?.Code);
    }

    [Fact]
    public void Nothing_compressed_is_nothing_as_some_libraries_send_it()
    {
        var (read, failure) = ReadAll(RawCall.Frame([], flag: 1), [5], MessageEncoding.Gzip);
        Assert.Null(failure);
        Assert.Empty(Assert.Single(read));
    }

    [Fact]
    public void A_compressed_message_that_ends_early_or_is_damaged_is_refused()
    {
        var whole = GzipOf([.. Enumerable.Range(0, 500).Select(value => (byte)(value * 7))]);
        for (var length = 1; length < whole.Length; length++)
        {
            // Its last bytes are no length then, and may happen to promise too much.
            var failure = ReadAll(RawCall.Frame(whole[..length], 1), [100], MessageEncoding.Gzip).Failure;
            Assert.True(failure?.Code is StatusCode.Internal or StatusCode.ResourceExhausted, $"cut at {length}: {failure}");
        }

        whole[^6] ^= 1; // the checksum
        Assert.Equal(StatusCode.Internal, ReadAll(RawCall.Frame(whole, 1), [100], MessageEncoding.Gzip).Failure?.Code);
    }

    // Everything runs inline, so after each piece the reader has done what it can.
    private static (List<byte[]> Read, GrpcException? Failure) ReadAll(byte[] bytes, int[] sizes, MessageEncoding encoding, bool isComplete = true, int limit = Limit)
    {
        var pipe = new Pipe(new PipeOptions(
            readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, pauseWriterThreshold: 0, useSynchronizationContext: false));
        var read = new List<byte[]>();
        var reading = ReadAsync(new FrameReader<ReadOnlyMemory<byte>>(pipe.Reader, RawMarshaller.Instance, encoding, limit), read);
        for (var (at, turn) = (0, 0); at < bytes.Length; turn++)
        {
            var size = Math.Min(sizes[turn % sizes.Length], bytes.Length - at);
            bytes.AsSpan(at, size).CopyTo(pipe.Writer.GetSpan(size));
            pipe.Writer.Advance(size);
            _ = pipe.Writer.FlushAsync();
            at += size;
        }

        if (isComplete)
            pipe.Writer.Complete();
        Assert.True(reading.IsCompleted, "the reader still waits");
        return (read, reading.Result);
    }

    private static async Task<GrpcException?> ReadAsync(FrameReader<ReadOnlyMemory<byte>> reader, List<byte[]> read)
    {
        try
        {
            while (await reader.ReadAsync(CancellationToken.None) is { HasMessage: true } next)
                read.Add(next.Message.ToArray());
            return null;
        }
        catch (GrpcException failure)
        {
            return failure;
        }
    }

    private static byte[] GzipOf(byte[] plain)
    {
        using var file = new MemoryStream();
        using (var gzip = new GZipStream(file, CompressionLevel.Fastest))
            gzip.Write(plain);
        return file.ToArray();
    }
}
