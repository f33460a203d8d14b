namespace Sidecar.Components.Http;

/// <summary>The component types of this folder.</summary>
internal static class HttpComponents
{
    public static IEnumerable<ComponentType> Types { get; } =
    [
        new("bindings.http", "v1", () => new HttpBinding())
        {
            Fields =
            [
                new("url", "Base URL; the request metadata 'path' is appended to it.", Required: true),
                new("responseTimeout", "Longest time for a whole call (duration); none = no limit."),
                new("maxResponseBodySize", "Longest answer that is read; the rest is cut off. 0 = no limit.", "100Mi"),
                new("errorIfNot2XX", "A status other than 2xx is an error of the call. May stand in the request metadata too.", "true"),
                new("MTLSRootCA", "Certificates of the roots to trust, in PEM or the path of such a file."),
                new("MTLSClientCert", "Certificate to show to the server, in PEM or the path of such a file; needs MTLSClientKey."),
                new("MTLSClientKey", "Private key of MTLSClientCert, in PEM or the path of such a file."),
                new("MTLSRenegotiation", "Whether the server may renegotiate TLS: RenegotiateNever, RenegotiateOnceAsClient, RenegotiateFreelyAsClient.", "RenegotiateNever"),
                new("securityToken", "Token that every request carries; needs securityTokenHeader."),
                new("securityTokenHeader", "Header that securityToken is sent in."),
            ],
        },
    ];
}
