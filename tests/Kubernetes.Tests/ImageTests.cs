using System.Text.Json.Nodes;
using TestSupport;

namespace Kubernetes.Tests;

/// <summary>The images that the manifests name are those that <c>dotnet publish -t:PublishContainer</c> makes.</summary>
public sealed class ImageTests
{
    [Fact]
    public async Task The_services_images_have_the_names_that_the_manifests_use()
    {
        var overlay = await Overlay.RenderAsync("redis");
        await using var build = TestProcess.Start(
            "dotnet",
            ["msbuild", RepositoryRoot.Combine("src", "Services", "Gateway"), "-getProperty:ContainerRepository,ContainerImageTag,ContainerFamily"],
            environment: new Dictionary<string, string?> { ["MSBUILDDISABLENODEREUSE"] = "1" });
        Assert.True(await build.ExitAsync(TimeSpan.FromMinutes(3)) == 0, build.Output);

        var properties = JsonNode.Parse(build.Output).At("Properties");
        Assert.Equal(("shop/gateway", "noble-chiseled"), (properties.Text("ContainerRepository"), properties.Text("ContainerFamily")));
        Assert.All(overlay.Services, service =>
        {
            Assert.Equal($"shop/{service.Name()}:{properties.Text("ContainerImageTag")}", service.App().Text("image"));
            Assert.Single(Directory.GetDirectories(RepositoryRoot.Combine("src", "Services")), folder => Path.GetFileName(folder).Equals(service.Name(), StringComparison.OrdinalIgnoreCase));
        });

        // 1654 is the user of Microsoft's images, and 8080 the port that they listen at.
        Assert.All(overlay.Services, service => Assert.Equal(1654, (long)service.App().At("securityContext", "runAsUser")!));
    }
}
