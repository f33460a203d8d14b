using System.Text.Json;
using System.Text.Json.Serialization;
using Sidecar.Cli.Processes;
using Sidecar.Components;

namespace Sidecar.Cli.Runs;

/// <summary>What is written down about a run, so that <c>list</c>, <c>stop</c> and the next run know its processes.</summary>
/// <param name="TemplateFile">The first template; empty for a single app.</param>
internal sealed record RunRecord(string TemplateFile, string TemplateName, ProcessIdentity Launcher, DateTimeOffset Started)
{
    public bool Isolated { get; init; }

    /// <summary>All templates of the run.</summary>
    public IReadOnlyList<string> Templates { get; init; } = [TemplateFile];

    [JsonIgnore]
    public bool IsSingleApp => TemplateFile.Length == 0;

    /// <summary>What messages call the run.</summary>
    [JsonIgnore]
    public string Title => IsSingleApp ? Apps[0].AppId : RunFolder.TitleOf(Templates);

    public IReadOnlyList<AppRecord> Apps { get; init; } = [];

    /// <summary>Every process except the launcher.</summary>
    [JsonIgnore]
    public IEnumerable<(string Name, ProcessIdentity Process)> Children =>
        from app in Apps
        from child in new[] { (Name: app.AppId, Process: app.App), (Name: $"daprd of {app.AppId}", Process: app.Daprd) }
        where child.Process is not null
        select (child.Name, child.Process!);

    /// <summary>Null when there is none, or what is there cannot be read.</summary>
    public static RunRecord? Read(string file)
    {
        try
        {
            using var stream = File.OpenRead(file);
            return JsonSerializer.Deserialize(stream, RunRecordJson.Default.RunRecord);
        }
        catch (Exception failure) when (failure is IOException or JsonException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Replaces the file as a whole: a reader, or a kill half-way, sees the old one or the new one.</summary>
    public void Write(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        var fresh = $"{file}.{Environment.ProcessId}.new";
        File.WriteAllBytes(fresh, JsonSerializer.SerializeToUtf8Bytes(this, RunRecordJson.Default.RunRecord));
        File.Move(fresh, file, overwrite: true);
    }
}

/// <summary>One app of a run, with its sidecar.</summary>
internal sealed record AppRecord(string AppId, int AppPort, int HttpPort, int GrpcPort, string Command)
{
    /// <summary>The template it is from; empty for a single app.</summary>
    public string TemplateFile { get; init; } = "";

    public string TemplateName { get; init; } = "";

    /// <summary>Null without a command, and before it is started.</summary>
    public ProcessIdentity? App { get; init; }

    /// <summary>Null when the sidecar is co-hosted in the launcher.</summary>
    public ProcessIdentity? Daprd { get; init; }

    /// <summary>Its sidecar was asked to stop, while the run goes on.</summary>
    public bool Stopped { get; init; }

    /// <summary>Host part of its sidecar's API.</summary>
    public string ApiHost { get; init; } = "127.0.0.1";

    /// <summary>Folder of the sockets its sidecar listens on in place of ports; null = ports.</summary>
    public string? UnixDomainSocket { get; init; }

    public string? AppLog { get; init; }

    public string? DaprdLog { get; init; }
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RunRecord))]
internal sealed partial class RunRecordJson : JsonSerializerContext;
