using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using Sidecar.Components.Bindings;

namespace Sidecar.Components.LocalStorage;

/// <summary><c>bindings.localstorage</c>: files in a folder.</summary>
internal sealed class LocalStorageBinding : IOutputBinding
{
    private const string FileName = "fileName";

    private static readonly IReadOnlyDictionary<string, string> NoMetadata = System.Collections.ObjectModel.ReadOnlyDictionary<string, string>.Empty;

    private RootFolder _root = null!;

    public IReadOnlyList<string> Operations { get; } = ["create", "get", "list", "delete"];

    public Task InitAsync(ComponentContext context, CancellationToken cancellationToken) => Task.Run(
        () => _root = RootFolder.Open(context.ResolvePath(context.Metadata.Required("rootPath"))), cancellationToken);

    public async ValueTask<BindingReply?> InvokeAsync(BindingRequest request, CancellationToken cancellationToken)
    {
        try
        {
            // Away from the caller's thread: files block.
            return await Task.Run(() => Run(request), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new ComponentException(failure.Message, failure);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private BindingReply? Run(BindingRequest request) => request.Operation switch
    {
        "create" => Create(request),
        "get" => Get(request),
        "list" => List(request),
        _ => Delete(request),
    };

    private BindingReply Create(BindingRequest request)
    {
        var name = request.Metadata.GetValueOrDefault(FileName) is { Length: > 0 } given ? given : Guid.NewGuid().ToString();
        var path = FileOf(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, Decode(request.Data.Span));
        return Json(json =>
        {
            json.WriteStartObject();
            json.WriteString(FileName, _root.Relative(path));
            json.WriteEndObject();
        });
    }

    private BindingReply Get(BindingRequest request)
    {
        var (name, path) = Existing(request);
        return File.Exists(path) ? new BindingReply(File.ReadAllBytes(path), NoMetadata) : throw new ComponentException($"file not found: {name}");
    }

    /// <summary>All files below the folder; a link is listed and not followed.</summary>
    private BindingReply List(BindingRequest request)
    {
        var name = request.Metadata.GetValueOrDefault(FileName) ?? "";
        var folder = _root.Resolve(name);
        if (!Directory.Exists(folder))
            throw new ComponentException(File.Exists(folder) ? $"'{name}' is a file, not a folder" : $"folder not found: {name}");

        var everything = new EnumerationOptions { AttributesToSkip = 0, RecurseSubdirectories = false };
        var files = new List<string>();
        Add(folder);
        files.Sort(StringComparer.Ordinal);
        return Json(json =>
        {
            if (files.Count == 0)
            {
                json.WriteNullValue();
                return;
            }

            json.WriteStartArray();
            foreach (var file in files)
                json.WriteStringValue(file);
            json.WriteEndArray();
        });

        void Add(string within)
        {
            foreach (var entry in new DirectoryInfo(within).EnumerateFileSystemInfos("*", everything))
            {
                if (entry is DirectoryInfo && entry.LinkTarget is null)
                    Add(entry.FullName);
                else
                    files.Add(entry.FullName);
            }
        }
    }

    private BindingReply? Delete(BindingRequest request)
    {
        var (name, path) = Existing(request);
        if (File.Exists(path))
            File.Delete(path);
        else if (Directory.Exists(path))
            Directory.Delete(path);
        else
            throw new ComponentException($"file not found: {name}");
        return null;
    }

    private (string Name, string Path) Existing(BindingRequest request) =>
        request.Metadata.GetValueOrDefault(FileName) is { Length: > 0 } name
            ? (name, FileOf(name))
            : throw new ComponentException($"request metadata '{FileName}' is missing");

    private string FileOf(string name) => _root.Resolve(name) is var path && path != _root.Path
        ? path
        : throw new ComponentException($"'{name}' names the folder itself, not a file in it");

    /// <summary>Data over HTTP is JSON: a text comes in quotes. What is base64 then, is decoded.</summary>
    private static byte[] Decode(ReadOnlySpan<byte> data)
    {
        var bytes = Unquote(data);

        // Go's decoder skips line breaks and no other blanks, unlike this one.
        var decoded = new byte[Base64.GetMaxDecodedFromUtf8Length(bytes.Length)];
        return bytes.AsSpan().IndexOfAny((byte)' ', (byte)'\t') < 0 && Base64.DecodeFromUtf8(bytes, decoded, out _, out var length) == OperationStatus.Done
            ? decoded[..length]
            : bytes;
    }

    private static byte[] Unquote(ReadOnlySpan<byte> data)
    {
        if (data is not [(byte)'"', .., (byte)'"'])
            return data.ToArray();
        try
        {
            var reader = new Utf8JsonReader(data);
            reader.Read();
            var text = new byte[reader.ValueSpan.Length];
            return text[..reader.CopyString(text)];
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            // In quotes and no JSON text, which only bytes that came by gRPC can be.
            return data.ToArray();
        }
    }

    private static BindingReply Json(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            write(json);
        return new BindingReply(buffer.WrittenMemory, NoMetadata);
    }
}
