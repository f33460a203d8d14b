using System.Reflection;
using System.Xml.Linq;
using TestSupport;

namespace Architecture;

/// <summary>Who may know whom: between projects by their files, between slices of the runtime by the compiled IL.</summary>
public sealed class EdgeTests
{
    private static readonly string[] Slices =
        ["Invocation", "PubSub", "State", "Bindings", "Secrets", "Configuration", "Lock", "Actors", "Jobs", "Workflow", "Crypto", "Metadata", "Health", "Shutdown"];

    private static readonly string[] SharedFolders =
        ["Hosting", "Resources", "AppChannel", "Resiliency", "NameResolution", "Security", "Middleware", "Faults", "Telemetry", "Expressions", "Errors", "GoJson"];

    /// <summary>Slice → slice, each through the one type named.</summary>
    private static readonly (string From, string To, string Through)[] AllowedSliceEdges =
    [
        ("State", "PubSub", "ITopics"),
        ("PubSub", "Metadata", "IMetadataContributor"),
        ("Invocation", "Metadata", "IMetadataContributor"),
    ];

    [Fact]
    public void A_project_references_only_what_the_layers_allow()
    {
        var root = RepositoryRoot.Path;
        var wrong = new List<string>();
        foreach (var file in Directory.EnumerateFiles(Path.Combine(root, "src"), "*.csproj", SearchOption.AllDirectories))
        {
            var from = Path.GetFileNameWithoutExtension(file);
            var folder = Layer(root, file);
            foreach (var reference in XDocument.Load(file).Descendants("ProjectReference").Select(element => (string)element.Attribute("Include")!))
            {
                var target = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, reference));
                if (!IsAllowed(folder, from, Layer(root, target), Path.GetFileNameWithoutExtension(target)))
                    wrong.Add($"{from} → {Path.GetFileNameWithoutExtension(target)}");
            }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void Components_know_nothing_of_the_web_server()
    {
        var references = typeof(Sidecar.Components.IComponent).Assembly.GetReferencedAssemblies();
        Assert.DoesNotContain(references, name => name.Name!.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal));
    }

    [Fact]
    public void Protos_hold_no_code()
    {
        var files = Directory.EnumerateFiles(RepositoryRoot.Combine("src", "Runtime", "Sidecar.Protos"), "*", SearchOption.AllDirectories);
        Assert.DoesNotContain(files, file => Path.GetExtension(file) is not (".proto" or ".csproj"));
    }

    [Fact]
    public void Services_know_only_the_sdk()
    {
        // The gRPC wire is no part of the sidecar: it stands in for a library that cannot be had.
        const string Wire = "using Sidecar.Grpc;";
        foreach (var file in Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Path, "src", "Services"), "*.cs", SearchOption.AllDirectories))
        {
            Assert.DoesNotContain("Sidecar.", File.ReadAllText(file).Replace(Wire, "", StringComparison.Ordinal), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_slice_uses_another_slice_only_through_the_interface_agreed()
    {
        var wrong = RuntimeTypes()
            .Where(type => Slices.Contains(FolderOf(type)))
            .SelectMany(type => IlReferences.Of(type).Select(used => (From: type, To: used)))
            .Where(edge => Slices.Contains(FolderOf(edge.To)) && FolderOf(edge.To) != FolderOf(edge.From) && !IsAgreed(edge.From, edge.To))
            .Select(edge => $"{edge.From.FullName} → {edge.To.FullName}");

        Assert.Empty(wrong.Distinct());
    }

    [Fact]
    public void A_shared_folder_never_calls_a_slice()
    {
        // SidecarApplication is the table of contents and SidecarInstance hands the launcher's words to the metadata.
        string[] composition = ["SidecarApplication", "SidecarInstance"];
        var wrong = RuntimeTypes()
            .Where(type => SharedFolders.Contains(FolderOf(type)) && !composition.Contains(Outermost(type).Name))
            .SelectMany(type => IlReferences.Of(type).Where(used => Slices.Contains(FolderOf(used))).Select(used => $"{type.FullName} → {used.FullName}"));

        Assert.Empty(wrong.Distinct());
    }

    [Fact]
    public void Every_folder_of_the_runtime_is_a_slice_or_a_shared_folder()
    {
        var folders = RuntimeTypes().Where(type => type.Namespace?.StartsWith("Sidecar.Runtime.", StringComparison.Ordinal) == true).Select(FolderOf).Distinct();
        Assert.Empty(folders.Except([.. Slices, .. SharedFolders]));
    }

    private static IEnumerable<Type> RuntimeTypes() => typeof(Sidecar.Runtime.Hosting.SidecarInstance).Assembly.GetTypes();

    private static bool IsAgreed(Type from, Type to) =>
        AllowedSliceEdges.Any(edge => edge.From == FolderOf(from) && edge.To == FolderOf(to) && edge.Through == Outermost(to).Name);

    // Sidecar.Runtime.PubSub.Routing.RouteTable → PubSub
    private static string FolderOf(Type type) =>
        type.Assembly == typeof(Sidecar.Runtime.Hosting.SidecarInstance).Assembly && type.Namespace?.Split('.') is ["Sidecar", "Runtime", var folder, ..] ? folder : "";

    private static Type Outermost(Type type) => type.DeclaringType is { } outer ? Outermost(outer) : type;

    private static string Layer(string root, string project) =>
        Path.GetRelativePath(Path.Combine(root, "src"), project).Split(Path.DirectorySeparatorChar)[0];

    private static bool IsAllowed(string fromLayer, string from, string toLayer, string to) => fromLayer switch
    {
        "Services" => toLayer == "Sdk" || to is "Contracts" or "ServiceDefaults" or "Sidecar.Grpc",
        "Sdk" => toLayer == "Sdk",
        _ => (from, to) switch
        {
            ("Sidecar.Daprd" or "Sidecar.Cli" or "Sidecar.Testing", "Sidecar.Runtime") => true,
            ("Sidecar.Runtime", "Sidecar.Components" or "Sidecar.Grpc" or "Sidecar.Protos") => true,
            _ => false,
        },
    };
}
