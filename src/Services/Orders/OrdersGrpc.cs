using System.Globalization;
using System.Net;
using System.Text.Json;
using Dapr;
using Dapr.Client;
using Google.Rpc;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Shop.Orders.Grpc;
using Sidecar.Grpc;

namespace Shop.Orders;

/// <summary>
/// The same orders over gRPC, for clients of any language: <c>Protos/order.proto</c>. It has a port of its own, given by
/// <c>ORDERS_GRPC_PORT</c>, behind a sidecar of its own with the app-id <c>orders-grpc</c>.
/// </summary>
internal static class OrdersGrpc
{
    /// <summary>Metadata of CreateOrder, with the meaning of the header <see cref="OrdersApi.IdempotencyKey"/>.</summary>
    private const string IdempotencyKey = "idempotency-key";

    private const string PortVariable = "ORDERS_GRPC_PORT";

    // The proto knows no payment: who orders over gRPC has an account with the simulated provider.
    private const string PaymentToken = "tok_ok";

    /// <summary>Listens at the port, if one is given, beside the addresses of the REST API.</summary>
    public static void AddOrderService(this WebApplicationBuilder builder)
    {
        builder.Services.AddGrpcServer();
        if (PortOf(builder.Configuration) is not { } port)
            return;

        var urls = builder.WebHost.GetSetting(WebHostDefaults.ServerUrlsKey);
        var isInContainer = string.IsNullOrEmpty(urls);
        if (isInContainer)
            urls = $"http://*:{builder.Configuration["http_ports"] ?? "8080"}";
        builder.WebHost.UseUrls(string.Create(CultureInfo.InvariantCulture, $"{urls};http://{(isInContainer ? "*" : IPAddress.Loopback)}:{port}"));
        builder.WebHost.ConfigureKestrel(server =>
        {
            server.UseGrpcLimits();
            server.ConfigureEndpointDefaults(listener =>
            {
                if (listener.IPEndPoint?.Port == port)
                    listener.UseHttp2Cleartext();
            });
        });
    }

    public static void MapOrderService(this IEndpointRouteBuilder routes)
    {
        var service = OrderReflection.Descriptor.Services[0];
        var (intake, dapr) = (routes.ServiceProvider.GetRequiredService<OrderIntake>(), routes.ServiceProvider.GetRequiredService<DaprClient>());
        routes.MapUnary<CreateOrderRequest, CreateOrderResponse>(service.FindMethodByName("CreateOrder"), (request, call) => CreateAsync(request, call, intake));
        routes.MapUnary<GetOrderRequest, GetOrderResponse>(service.FindMethodByName("GetOrder"), (request, call) => GetAsync(request, call, dapr));
    }

    private static async Task<CreateOrderResponse> CreateAsync(CreateOrderRequest request, ServerCall call, OrderIntake intake)
    {
        var form = OrderForm.Read(JsonSerializer.SerializeToElement(new
        {
            customerId = request.CustomerName,
            lines = new[] { new { sku = request.ProductName, quantity = request.Quantity } },
            paymentToken = PaymentToken,
        }));
        var key = call.RequestMetadata.Get(IdempotencyKey);
        if (key is not null && !OrderPlacement.IsKey(key))
            form.Errors[IdempotencyKey] = [$"The metadata takes one value of 1 to {OrderPlacement.MaxKeyLength} characters."];

        return await intake.SubmitAsync(form, key, call.CancellationToken) switch
        {
            Intake.Accepted { Order: var order } => new CreateOrderResponse { OrderId = order.Id },
            Intake.Refused { Errors: var errors } => call.Fail<CreateOrderResponse>(Refusal(errors)),
            Intake.Unavailable { Reason: var reason } => call.Fail<CreateOrderResponse>(new GrpcStatus(StatusCode.Unavailable, reason)),
            _ => call.Fail<CreateOrderResponse>(new GrpcStatus(StatusCode.AlreadyExists, $"This {IdempotencyKey} was used for another order.")),
        };
    }

    private static async Task<GetOrderResponse> GetAsync(GetOrderRequest request, ServerCall call, DaprClient dapr)
    {
        try
        {
            return await dapr.FindOrderAsync(request.OrderId, call.CancellationToken) switch
            {
                null => call.Fail<GetOrderResponse>(new GrpcStatus(StatusCode.NotFound, $"There is no order '{request.OrderId}'.")),
                { Lines: [var line] } order => new GetOrderResponse { CustomerName = order.CustomerId, ProductName = line.Sku, Quantity = line.Quantity },
                _ => call.Fail<GetOrderResponse>(new GrpcStatus(StatusCode.FailedPrecondition, "The order has several lines, which this service cannot tell; GET /orders/{id} can.")),
            };
        }
        catch (DaprException failure) when (!call.CancellationToken.IsCancellationRequested)
        {
            return call.Fail<GetOrderResponse>(new GrpcStatus(StatusCode.Unavailable, $"Orders cannot be read at the moment: {failure.Message}"));
        }
    }

    private static GrpcStatus Refusal(IDictionary<string, string[]> errors)
    {
        var violations = new BadRequest();
        foreach (var (field, messages) in errors)
            violations.FieldViolations.Add(messages.Select(message => new BadRequest.Types.FieldViolation { Field = NameOf(field), Description = message }));
        var told = string.Join(' ', violations.FieldViolations.Select(violation => $"{violation.Field}: {violation.Description}"));
        return new GrpcStatus(StatusCode.InvalidArgument, told, violations);
    }

    private static string NameOf(string field) => field switch
    {
        "customerId" => "customer_name",
        "lines[0].sku" => "product_name",
        "lines[0].quantity" => "quantity",
        _ => field,
    };

    private static int? PortOf(ConfigurationManager configuration)
    {
        if (configuration[PortVariable] is not { Length: > 0 } text)
            return null;
        return ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0
            ? port
            : throw new InvalidOperationException($"{PortVariable} is '{text}', which is not a port.");
    }
}
