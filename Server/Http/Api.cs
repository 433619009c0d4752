// REST: its routes, the role that each asks for, their description, and the lines of the audit log.

using System.Reflection;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.OpenApi;
using NanoSync.Server.Access;
using NanoSync.Server.Formats;
using Scalar.AspNetCore;

namespace NanoSync.Server.Http;

internal static class Api
{
    /// <summary>Where REST begins; in front of it a version that changes when something is no longer understood.</summary>
    public const string Prefix = "/v1";

    // What is not there is 404 to everybody; without it the rule for routes that say nothing would make it 401.
    private static readonly Endpoint s_nothing = new(
        context =>
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }, new EndpointMetadataCollection(new AllowAnonymousAttribute()), "nothing");

    /// <summary>Adds what REST needs of the framework.</summary>
    public static void Add(IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(o => JsonRules.Apply(o.SerializerOptions));
        services.Configure<RouteHandlerOptions>(o => o.ThrowOnBadRequest = true);
        services.AddAuthenticationCore(o => o.DefaultScheme = TokenHandler.SchemeName); // not AddAuthentication: that makes a key in the user's home, which nothing here uses, and warns of it
        services.AddWebEncoders();
        services.TryAddSingleton(TimeProvider.System);
        new AuthenticationBuilder(services).AddScheme<AuthenticationSchemeOptions, TokenHandler>(TokenHandler.SchemeName, null);
        AuthorizationBuilder roles = services.AddAuthorizationBuilder()
            .SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireRole(Role.Administer.ToString()).Build()); // a route that says nothing is closed
        foreach (Role role in Enum.GetValues<Role>())
        {
            roles.AddPolicy(role.ToString(), p => p.RequireRole(role.ToString()));
        }

        services.AddOpenApi("v1", o =>
        {
            o.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            o.ShouldInclude = d => d.RelativePath?.StartsWith("v1/", StringComparison.Ordinal) == true;
            o.AddDocumentTransformer((document, _, _) => Describe(document));
            o.AddOperationTransformer((operation, context, cancellation) => DescribeOperation(operation, context, cancellation));
        });
    }

    /// <summary>Maps the routes.</summary>
    public static void Map(WebApplication app, ServerCore core, StoreTrouble trouble)
    {
        ApiProblems problems = new(trouble);
        app.UseWhen(c => !c.Request.Path.StartsWithSegments("/sync"), branch =>
        {
            branch.Use(next => context => (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method) ? core.Readers : core.Writers)
                .RunAll(() => problems.Run(context, next)));
        });
        app.UseRouting();
        app.UseAuthentication();
        app.Use(next => context =>
        {
            // one that is no route is the framework's own refusal: 405
            Endpoint? found = context.GetEndpoint();
            if (found is not RouteEndpoint)
            {
                context.SetEndpoint(found == null ? s_nothing : new Endpoint(found.RequestDelegate, s_nothing.Metadata, found.DisplayName));
            }

            return next(context);
        });
        app.UseAuthorization();
        app.Use(next => context => Note(context, core, next));
        RouteGroupBuilder api = app.MapGroup(Prefix);
        api.AddEndpointFilterFactory(QueryRules.Filter);
        foreach (int status in (int[])[400, 401, 403, 404, 409, 410, 412, 413, 503])
        {
            api.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(ApiProblem), [ApiProblem.MediaType]));
        }

        new DeviceRoutes(core).Map(api);
        new ObjectRoutes(core).Map(api);
        new GroupRoutes(core).Map(api);
        new ReadingRoutes(core, app.Lifetime).Map(api);
        new AlertRoutes(core).Map(api);
        new AccessRoutes(core).Map(api);
        new ServerRoutes(core).Map(api);
        new DecodeRoutes(core).Map(api);
        app.MapOpenApi("/openapi/{documentName}.json").Needs(Role.Read);
        app.MapScalarApiReference("/reference", o =>
        {
            o.WithTitle("NanoSync").WithOpenApiRoutePattern("/openapi/{documentName}.json");
            o.DefaultFonts = false;
            o.HideClientButton = true;
        }).Needs(Role.Read);
    }

    // Every change that was made, with the token's name: in the transaction of the change.
    private static async Task Note(HttpContext context, ServerCore core, RequestDelegate next)
    {
        if (!context.Request.Path.StartsWithSegments(Prefix) || HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method)
            || context.Items[typeof(Caller)] is not Caller caller || context.GetEndpoint()?.Metadata.GetMetadata<ChangesNothing>() != null)
        {
            await next(context);
            return;
        }

        string route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "";
        string action = context.Request.Method + " " + string.Join('/', route.Split('/').Skip(2).Where(s => !s.StartsWith('{')));
        using AuditLine line = new(core.Access.Line(caller.Name, action, context.Request.Path.Value ?? "", context.Connection.RemoteIpAddress?.ToString() ?? ""));
        await next(context);
        if (line.Waiting is { } left && context.Response.StatusCode < StatusCodes.Status400BadRequest)
        {
            core.Access.Audit(left);
        }
    }

    private static Task Describe(OpenApiDocument document)
    {
        document.Info.Title = "NanoSync";
        document.Info.Version = typeof(Api).Assembly.GetName().Version?.ToString(3) ?? "1";
        document.Info.Description = "Devices, what they sent, what they are to have. A token is wanted everywhere: Authorization: Bearer ..., or the cookie of a page that signed in, "
            + "whose changes carry the header X-NanoSync: 1. What is refused is told as problem details with a code that does not change, and the field that is meant. "
            + "Unknown fields and parameters are refused.";
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            ["token"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "The admin token, or a named one." },
            ["cookie"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Cookie, Name = TokenHandler.Cookie, Description = "Of a page that signed in." },
        };
        document.Servers?.Clear();
        document.Security =
        [
            new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("token", document)] = [] },
            new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("cookie", document)] = [] },
        ];
        return Task.CompletedTask;
    }

    private static async Task DescribeOperation(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellation)
    {
        IList<object> metadata = context.Description.ActionDescriptor.EndpointMetadata;
        if (metadata.OfType<BodyDescription>().FirstOrDefault() is { } body)
        {
            OpenApiSchema schema = await context.GetOrCreateSchemaAsync(body.Type, null, cancellation);
            context.Document!.AddComponent(body.Type.Name, schema);
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = body.MediaTypes.ToDictionary(m => m, m => m == "application/json"
                    ? new OpenApiMediaType { Schema = new OpenApiSchemaReference(body.Type.Name, context.Document) }
                    : new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" } }),
            };
        }

        if (metadata.OfType<Conditional>().Any())
        {
            foreach ((string name, string description) in ((string, string)[])[
                ("If-Match", "The ETag that was seen, or * for any: 412 when it is another by now."), ("If-None-Match", "*: 412 when there is one already.")])
            {
                (operation.Parameters ??= []).Add(new OpenApiParameter { Name = name, In = ParameterLocation.Header, Description = description, Schema = new OpenApiSchema { Type = JsonSchemaType.String } });
            }
        }

        NeedsRole? needs = metadata.OfType<NeedsRole>().FirstOrDefault();
        operation.Description = needs == null ? "Without a token." : $"Role: {needs.Role.ToString().ToLowerInvariant()}.";
        if (needs == null)
        {
            operation.Security = [];
        }

        foreach (ParameterInfo parameter in metadata.OfType<MethodInfo>().FirstOrDefault()?.GetParameters() ?? [])
        {
            if (parameter.GetCustomAttribute<OneOfAttribute>() is { } choice && operation.Parameters?.FirstOrDefault(p => p.Name == parameter.Name)?.Schema is OpenApiSchema text)
            {
                text.Enum = [.. choice.Values.Select(v => (JsonNode)v)];
            }
        }
    }
}
