using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Sidecar.Runtime.Hosting;

/// <summary>Whom a listener of the sidecar serves.</summary>
internal enum ListenerRole
{
    /// <summary>The HTTP API.</summary>
    Http,

    /// <summary>The gRPC API.</summary>
    Grpc,

    /// <summary>Metadata and health for everybody.</summary>
    Public,

    /// <summary>Sidecars of other processes.</summary>
    Internal,
}

/// <summary>Tells at a request which listener it came in by. A port would not do: socket files have none.</summary>
internal static class ListenerRoles
{
    private static readonly Mark[] Marks = [.. Enum.GetValues<ListenerRole>().Select(role => new Mark(role))];

    public static void Serves(this ListenOptions listener, ListenerRole role)
    {
        listener.Use(next => connection =>
        {
            Set(connection.Features, role);
            return next(connection);
        });
    }

    /// <summary>Of a connection or of a request, which has the features of its connection.</summary>
    public static void Set(IFeatureCollection features, ListenerRole role) => features.Set(Marks[(int)role]);

    public static ListenerRole Of(HttpContext context) => context.Features.Get<Mark>()?.Role ?? ListenerRole.Http;

    private sealed record Mark(ListenerRole Role);
}
