using Microsoft.AspNetCore.Http;
using ShantingEId.Server.Public;

namespace ShantingEId.Server.Tests;

/// <summary>Headers of the public pages that a deployment for tests does not send: it speaks plain HTTP on this machine alone.</summary>
public sealed class PageFrameTests
{
    [Theory]
    [InlineData(true, "max-age=31536000")]
    [InlineData(false, "")]
    public void Browsers_keep_to_https_where_it_is_spoken(bool isProduction, string expected)
    {
        var context = new DefaultHttpContext();

        PageFrame.SetHeaders(context.Response, new PageWords(english: false, ""), camera: false, isProduction);

        Assert.Equal(expected, context.Response.Headers.StrictTransportSecurity.ToString());
    }
}
