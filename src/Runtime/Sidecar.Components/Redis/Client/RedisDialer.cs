using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Sidecar.Components.Redis;

/// <summary>Makes connections: finds the master, connects, encrypts, logs in.</summary>
internal sealed class RedisDialer(RedisOptions options, TimeProvider time)
{
    /// <exception cref="RedisConnectionException">The server cannot be reached.</exception>
    /// <exception cref="RedisRefusedException">It does not let us in.</exception>
    public async Task<RedisConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        if (options.MasterName.Length == 0)
            return await OpenAsync(options.Endpoints[0], isSentinel: false, cancellationToken).ConfigureAwait(false);

        var master = await FindMasterAsync(cancellationToken).ConfigureAwait(false);
        var connection = await OpenAsync(master, isSentinel: false, cancellationToken).ConfigureAwait(false);
        var role = await connection.SendAsync(RedisCommand.Read("ROLE")).ConfigureAwait(false);
        if (role.Items is [var name, ..] && name.Text == "master")
            return connection;
        await connection.DisposeAsync().ConfigureAwait(false);
        throw new RedisConnectionException($"{options.Address}: {master} is not the master any more", wasNotSent: true);
    }

    /// <summary>Sentinels are asked in turn; the first that knows the master decides.</summary>
    private async Task<RedisEndpoint> FindMasterAsync(CancellationToken cancellationToken)
    {
        Exception? last = null;
        foreach (var sentinel in options.Endpoints)
        {
            try
            {
                var connection = await OpenAsync(sentinel, isSentinel: true, cancellationToken).ConfigureAwait(false);
                await using (connection.ConfigureAwait(false))
                {
                    var reply = await connection.SendAsync(RedisCommand.Read("SENTINEL", "get-master-addr-by-name", options.MasterName)).ConfigureAwait(false);
                    if (reply.Items is [var host, var port] && port.TryGetInteger(out var number))
                        return new RedisEndpoint(host.Text, (int)number);
                    last = new RedisConnectionException(reply.IsError ? reply.Text : $"{sentinel} knows no master '{options.MasterName}'", wasNotSent: true);
                }
            }
            catch (RedisConnectionException failure)
            {
                last = failure;
            }
        }

        throw new RedisConnectionException($"the sentinels name no master '{options.MasterName}': {last?.Message}", wasNotSent: true, last);
    }

    private async Task<RedisConnection> OpenAsync(RedisEndpoint endpoint, bool isSentinel, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(options.DialTimeout, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            var stream = await DialAsync(endpoint, limit.Token).ConfigureAwait(false);
            var connection = new RedisConnection(stream, options.ReadTimeout, options.WriteTimeout, time);
            try
            {
                await LogInAsync(connection, endpoint, isSentinel).WaitAsync(limit.Token).ConfigureAwait(false);
                return connection;
            }
            catch
            {
                await connection.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Unreachable(endpoint, $"no connection within {options.DialTimeout.TotalSeconds:0.###} s (dialTimeout)", null);
        }
        catch (Exception failure) when (failure is SocketException or IOException or AuthenticationException)
        {
            throw Unreachable(endpoint, failure is AuthenticationException ? $"no TLS: {failure.Message}" : failure.Message, failure);
        }
    }

    private async Task<Stream> DialAsync(RedisEndpoint endpoint, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            await socket.ConnectAsync(new DnsEndPoint(endpoint.Host, endpoint.Port), cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        var plain = new NetworkStream(socket, ownsSocket: true);
        if (!options.UsesTls)
            return plain;
        var encrypted = new SslStream(plain);
        try
        {
            await encrypted.AuthenticateAsClientAsync(options.Tls(endpoint), cancellationToken).ConfigureAwait(false);
            return encrypted;
        }
        catch
        {
            await encrypted.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task LogInAsync(RedisConnection connection, RedisEndpoint endpoint, bool isSentinel)
    {
        var (user, password) = isSentinel ? (options.SentinelUsername, options.SentinelPassword) : (options.Username, options.Password);
        List<RedisCommand> steps = [];
        if (password.Length > 0)
            steps.Add(user.Length > 0 ? new RedisCommand("AUTH", user, password) : new RedisCommand("AUTH", password));
        if (options.Database > 0 && !isSentinel)
            steps.Add(new RedisCommand("SELECT", options.Database));

        // A server that has too many clients, or wants a password, says so in reply to anything at all.
        steps.Add(new RedisCommand("PING"));
        foreach (var reply in await connection.SendAsync(steps).ConfigureAwait(false))
        {
            if (RedisErrors.OfLogin(reply, options, isSentinel) is { } refusal)
                throw refusal;
            if (reply.IsError && !RedisErrors.IsPassing(reply))
                throw Unreachable(endpoint, reply.Text, null);
        }
    }

    private static RedisConnectionException Unreachable(RedisEndpoint endpoint, string reason, Exception? inner) =>
        new($"Redis at {endpoint} cannot be reached: {reason}", wasNotSent: true, inner);
}
