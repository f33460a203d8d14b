using System.Net.Sockets;
using System.Security.Authentication;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Sidecar.Components.RabbitMq;

/// <summary>Something that the broker refused, or could not be asked. The message says what to do and holds no password.</summary>
/// <param name="isPermanent">Trying again would end the same way.</param>
internal sealed class RabbitMqFault(string message, bool isPermanent, Exception? inner = null) : Exception(message, inner)
{
    public bool IsPermanent => isPermanent;

    /// <summary>It was the channel alone that ended, so that another can be had at once.</summary>
    public bool ChannelClosed { get; init; }

    /// <summary>Why a connection could not be had.</summary>
    public static RabbitMqFault OfConnection(ConnectionFactory factory, Exception failure)
    {
        var address = $"RabbitMQ at {factory.HostName}:{factory.Endpoint.Port}";
        var reason = Innermost(failure);
        return reason switch
        {
            AuthenticationFailureException or PossibleAuthenticationFailureException => new RabbitMqFault(
                $"{address} refuses the user '{factory.UserName}'; check user and password in 'connectionString', or 'username' and 'password'", isPermanent: true, failure),
            OperationInterruptedException { ShutdownReason: { ReplyCode: Constants.NotAllowed or Constants.AccessRefused } closed } => new RabbitMqFault(
                $"{address} refuses the virtual host '{factory.VirtualHost}' to the user '{factory.UserName}' ({closed.ReplyText}); make it and give the user permissions, or name another at the end of 'connectionString'", isPermanent: true, failure),
            AuthenticationException => new RabbitMqFault(
                $"{address} shows a certificate that is not trusted, or refuses ours; check 'caCert', 'clientCert', 'clientKey' and that the name in the certificate is '{factory.HostName}' ({reason.Message})", isPermanent: true, failure),
            _ => new RabbitMqFault($"{address} cannot be reached ({reason.Message})", isPermanent: false, failure),
        };
    }

    /// <summary>Why an operation on a channel failed.</summary>
    /// <param name="what">For example <c>queue 'app-orders' of topic 'orders'</c>.</param>
    public static RabbitMqFault OfOperation(string what, Exception failure) => failure switch
    {
        RabbitMqFault fault => fault,
        OperationInterruptedException { ShutdownReason: { } closed } => OfClosing(what, closed, failure),
        WireFormattingException or ArgumentException => new RabbitMqFault($"{what}: {failure.Message}", isPermanent: true, failure),
        _ => new RabbitMqFault($"{what}: {failure.Message}", isPermanent: false, failure),
    };

    public static RabbitMqFault OfClosing(string what, ShutdownEventArgs closed, Exception? failure = null) => closed.ReplyCode switch
    {
        Constants.PreconditionFailed => new RabbitMqFault(
            $"{what} exists with other settings ({closed.ReplyText}); delete it on the broker, or set the fields of component and subscription to what it has", isPermanent: true, failure)
        {
            ChannelClosed = true,
        },
        Constants.AccessRefused => new RabbitMqFault(
            $"{what} is refused ({closed.ReplyText}); give the user permission to configure, write and read it, or choose a name that does not begin with 'amq.'", isPermanent: true, failure)
        {
            ChannelClosed = true,
        },
        _ => new RabbitMqFault($"{what}: {closed.ReplyText}", isPermanent: false, failure) { ChannelClosed = closed.Initiator == ShutdownInitiator.Peer && closed.ReplyCode == Constants.NotFound },
    };

    public ComponentException ToComponentException() => new(Message, this);

    private static Exception Innermost(Exception failure)
    {
        while (true)
        {
            var inner = failure is AggregateException several ? several.InnerExceptions.FirstOrDefault() : failure.InnerException;
            if (inner is null || failure is AuthenticationFailureException or PossibleAuthenticationFailureException or OperationInterruptedException or AuthenticationException or SocketException)
                return failure;
            failure = inner;
        }
    }
}
