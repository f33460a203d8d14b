using System.Text.Json.Nodes;

namespace Sidecar.Runtime.Metadata;

/// <summary>A slice's share of <c>GET /v1.0/metadata</c>. The metadata slice asks every contributor and references none.</summary>
internal interface IMetadataContributor
{
    /// <summary>Adds the members this slice owns; a member that would be empty is left out.</summary>
    void Contribute(JsonObject metadata);
}
