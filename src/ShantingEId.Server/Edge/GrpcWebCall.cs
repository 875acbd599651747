using Microsoft.AspNetCore.Builder;

namespace ShantingEId.Server.Edge;

/// <summary>Marks a call that came as gRPC-Web; behind the unwrapping it looks like gRPC, but its body cannot be read twice.</summary>
internal sealed class GrpcWebCall(GrpcWebBody body)
{
    /// <summary>Whether its body was longer than the method takes, as far as it was read.</summary>
    public bool IsTooLarge => body.IsTooLarge;

    /// <summary>Stops the body at <paramref name="bytes"/> as sent.</summary>
    public void LimitTo(long bytes) => body.Most = bytes;

    /// <summary>Unwraps gRPC-Web, in either form, before anything else looks at the call.</summary>
    public static void Unwrap(IApplicationBuilder app) => app.UseWhen(
        context => context.Request.ContentType?.StartsWith("application/grpc-web", StringComparison.OrdinalIgnoreCase) == true,
        web => web.Use((context, next) =>
        {
            var body = new GrpcWebBody(context.Request.Body);
            context.Request.Body = body;
            context.Features.Set(new GrpcWebCall(body));
            return next(context);
        }).UseGrpcWeb(new GrpcWebOptions { DefaultEnabled = true }));
}
