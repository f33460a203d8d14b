using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;

namespace Shop.ServiceDefaults;

/// <summary>The start of every service of the shop.</summary>
public static class ShopService
{
    /// <summary>
    /// A builder with everything the services have in common. Its content root is the folder of the program, wherever it was
    /// started from. It listens on <c>127.0.0.1:APP_PORT</c>, which <c>dapr run</c> sets; where URLs or ports are configured in
    /// ASP.NET Core's own way, as in containers, those win.
    /// </summary>
    /// <param name="args">The command line.</param>
    /// <param name="configure">What this service does differently.</param>
    /// <exception cref="InvalidOperationException">APP_PORT is not a port.</exception>
    public static WebApplicationBuilder CreateBuilder(string[] args, Action<ServiceDefaultsOptions>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            // Nobody edits the settings of a running service: watching the files would only cost start-up time.
            Args = ["--hostBuilder:reloadConfigOnChange=false", .. args],
            ContentRootPath = AppContext.BaseDirectory,
        });
        if (AddressOf(builder.Configuration) is { } address)
            builder.WebHost.UseUrls(address);
        return builder.AddServiceDefaults(configure);
    }

    private static string? AddressOf(IConfiguration configuration)
    {
        if (HasValue("urls") || HasValue("http_ports") || HasValue("https_ports") || configuration["APP_PORT"] is not { Length: > 0 } text)
            return null;
        if (!ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port))
            throw new InvalidOperationException($"APP_PORT is '{text}', which is not a port. `dapr run` sets it from appPort.");
        return string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");

        bool HasValue(string key) => !string.IsNullOrEmpty(configuration[key]);
    }
}
