using System.Text.Json.Nodes;

namespace Sidecar.Runtime.Metadata;

/// <summary>A slice's part of <c>GET /v1.0/metadata</c>, so that the metadata slice need know none of them.</summary>
internal interface IMetadataContributor
{
    void Contribute(JsonObject metadata);
}
