using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Sidecar.Grpc;

/// <summary>A status as the headers <c>grpc-status</c>, <c>grpc-message</c> and <c>grpc-status-details-bin</c>, both ways.</summary>
internal static class StatusHeaders
{
    private const int Codes = (int)StatusCode.Unauthenticated + 1;

    private static readonly string[] Numbers = [.. Enumerable.Range(0, Codes).Select(code => code.ToString(CultureInfo.InvariantCulture))];

    public static string Number(StatusCode code) => (int)code is >= 0 and < Codes ? Numbers[(int)code] : Numbers[(int)StatusCode.Unknown];

    /// <summary>The value of <c>grpc-status-details-bin</c>, or null without details.</summary>
    public static string? DetailsOf(GrpcStatus status)
    {
        if (status.Details.Count == 0)
            return null;
        var rich = new Google.Rpc.Status { Code = (int)status.Code, Message = status.Message };
        rich.Details.AddRange(status.Details);
        return BinaryHeader.Encode(rich.ToByteArray());
    }

    /// <summary>What the three headers say. Details that cannot be read are dropped: the code is what matters.</summary>
    public static GrpcStatus Read(string number, string? message, string? details)
    {
        // A code that this version does not know counts as UNKNOWN (specification: statuscodes).
        var code = int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? value is >= 0 and < Codes ? (StatusCode)value : StatusCode.Unknown
            : StatusCode.Unknown;
        if (code == StatusCode.OK && string.IsNullOrEmpty(message) && details is null)
            return GrpcStatus.OK;
        return new GrpcStatus(code, message is null ? "" : PercentEncoding.Decode(message), ReadDetails(details));
    }

    private static Any[] ReadDetails(string? details)
    {
        if (details is null || !BinaryHeader.TryDecode(details, out var bytes))
            return [];
        try
        {
            return [.. Google.Rpc.Status.Parser.ParseFrom(bytes).Details];
        }
        catch (InvalidProtocolBufferException)
        {
            return [];
        }
    }
}
