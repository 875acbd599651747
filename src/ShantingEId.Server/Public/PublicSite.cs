using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using ShantingEId.Cases;
using ShantingEId.Codes;
using ShantingEId.Companies;
using ShantingEId.Issuing;
using ShantingEId.Presenting;
using ShantingEId.Server.Rpc;
using ShantingEId.Verifying;

namespace ShantingEId.Server.Public;

/// <summary>
/// What the public sees: the page at the address that a licence code is, one to type a short code into, and how far a case is for who types its progress
/// code. Every look-up goes through the same desk as
/// those of departments, with the same verdict, and stands in the same ledger.
/// </summary>
internal sealed partial class PublicSite(LookupDesk desk, Verifier verifier, ICompanyStore companies, AddressPace pace, PresentationDesk presentations, ICaseStore cases, CaseWire wire, IssuingAuthority authority, RegisterClock clock, EidServerOptions options, ILogger<PublicSite> log)
{
    private readonly Uri official = new(authority.CodePrefix);
    private readonly VerdictPage page = new(authority.Name, options.PublicContact);
    private readonly ProgressPage progressPage = new(new PageFrame(authority.Name, options.PublicContact));

    /// <summary>Answers one request.</summary>
    public async Task AnswerAsync(HttpContext context)
    {
        var words = PageWords.Of(context.Request);
        var response = context.Response;
        (response.StatusCode, var html) = await PageAsync(context.Request, words, context.RequestAborted);
        PageFrame.SetHeaders(response, words, camera: false, options.IsProduction);
        if (HttpMethods.IsHead(context.Request.Method))
        {
            return;
        }

        await response.WriteAsync(html, context.RequestAborted);
    }

    private async Task<(int Status, string Html)> PageAsync(HttpRequest request, PageWords words, CancellationToken cancel)
    {
        // 1. Which code: the address itself is one, or it was typed. Whatever stands behind the official address is asked about; the rest is no page.
        var code = CodeOf(request);
        var isLive = code is not null && presentations.IsLive(code);
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method) && !(isLive && HttpMethods.IsPost(request.Method)))
        {
            return (StatusCodes.Status405MethodNotAllowed, page.Nothing(words));
        }

        if (code is null)
        {
            var isHome = request.Path.Value is "/" or "" || request.Path.Value == official.AbsolutePath;
            return isHome ? (StatusCodes.Status200OK, page.Home(words)) : (StatusCodes.Status404NotFound, page.Nothing(words));
        }

        // A live code is good once, and not everything that opens an address is a person: chats draw previews, mail gateways look ahead, browsers fetch
        // early. None of them posts, so only a press of the button takes the use.
        if (isLive && !HttpMethods.IsPost(request.Method))
        {
            return (StatusCodes.Status200OK, page.Confirm(words, official.AbsolutePath + code[authority.CodePrefix.Length..]));
        }

        try
        {
            // 2. Not too often from one place.
            var from = request.HttpContext.Connection.RemoteIpAddress;
            pace.Take(from);
            if (ProgressCode.TryParse(code, out var progress))
            {
                return await ProgressAsync(progress, words, from, cancel);
            }

            // 3. The desk: verdict, what the purpose grants, the ledger.
            var answer = await desk.AnswerAsync(new LookupQuestion(PublicDoor.Caller, "PublicScan", PublicDoor.Purpose, false, "") { Code = code }, cancel);
            if (answer.Verification.Verdict is Verdict.NotFound or Verdict.NotIssued || answer.Verification.Reason == VerdictReason.TypedCodeCheck)
            {
                pace.CountMiss(from);
            }

            var html = answer.Verification.Reason != VerdictReason.QrPrefix ? page.Verdict(words, answer, await FormerNamesAsync(answer, cancel), !isLive && code.StartsWith(authority.CodePrefix, StringComparison.Ordinal))
                : LookAlike.Resembles(code, authority.CodePrefix) ? page.LookAlike(words)
                : LookAlike.IsAddress(code) ? page.Judged(words, Verdict.NotOurs, VerdictReason.QrPrefix) : page.NotACode(words);
            return (StatusCodes.Status200OK, html);
        }
        catch (EidException error)
        {
            return Failed(request.HttpContext.Response, code, words, error);
        }
    }

    private async Task<(int Status, string Html)> ProgressAsync(ProgressCode code, PageWords words, IPAddress? from, CancellationToken cancel)
    {
        if (await cases.FindCaseAsync(CaseKey.Of(code), cancel) is { } subject)
        {
            return (StatusCodes.Status200OK, progressPage.Render(words, wire.ToProgress(subject)));
        }

        pace.CountMiss(from);
        return (StatusCodes.Status200OK, progressPage.Unknown(words));
    }

    // 4. No answer. A good signature alone is said to be that, and never "valid".
    private (int Status, string Html) Failed(HttpResponse response, string code, PageWords words, EidException error)
    {
        switch (error.Reason.Kind())
        {
            case ErrorKind.ResourceExhausted when error.Reason == ErrorReason.RateLimited:
                AddressPace.TellWait(response, error);
                return (StatusCodes.Status429TooManyRequests, page.Busy(words));
            case ErrorKind.InvalidArgument:
                return (StatusCodes.Status200OK, page.Judged(words, Verifying.Verdict.Malformed, VerdictReason.QrStructure));
            default:
                NoAnswer(error);
                var (read, verdict, reason) = TypedCode.LooksLikeOne(code) || ProgressCode.TryParse(code, out _) || presentations.IsLive(code) ? default : verifier.ReadCode(code);
                return (StatusCodes.Status503ServiceUnavailable, read is null && verdict is Verifying.Verdict.BadSignature or Verifying.Verdict.NotOurs or Verifying.Verdict.Malformed
                    ? page.Judged(words, verdict, reason) : page.Unreachable(words, read));
        }
    }

    // What the company was called before, where it was called otherwise: who has an old contract in hand looks for that name.
    private async ValueTask<IReadOnlyList<string>> FormerNamesAsync(LookupAnswer answer, CancellationToken cancel)
    {
        if (answer.Verification.Live is not null || !answer.Fields.HasFlag(LicenseFields.Name) || answer.Verification.Manifest is not { License: { Trade: null } license } || (answer.Verification.Succession?.Current ?? license) is { Id.Version: 1 })
        {
            return [];
        }

        var now = (answer.Verification.Succession?.Current ?? license).Facts.Name;
        var life = await companies.ReadLifeAsync(license.Facts.CreditCode, cancel);
        var begun = life.States.Where(state => state.State.State is not (SetState.Scheduled or SetState.Withdrawn) && state.State.EffectiveTime <= clock.GetUtcNow()).Select(state => state.LicenseId).ToHashSet();
        return [.. life.Versions.Where(version => begun.Contains(version.Id)).Select(version => version.Facts.Name).Distinct().Where(name => name != now)];
    }

    private string? CodeOf(HttpRequest request)
    {
        if (request.Query["code"].ToString().Trim() is { Length: > 0 } typed)
        {
            // Typed with a phone: small letters and long dashes are meant well. A scanned text is taken as it is.
            return TypedCode.LooksLikeOne(typed.ToUpperInvariant()) ? typed.ToUpperInvariant() : typed;
        }

        var path = request.Path.Value ?? "";
        return path.StartsWith(official.AbsolutePath, StringComparison.Ordinal) && path.Length > official.AbsolutePath.Length && path is not ("/favicon.ico" or "/robots.txt")
            ? authority.CodePrefix + path[official.AbsolutePath.Length..] : null;
    }

    [LoggerMessage(EventName = "PublicNoAnswer", Level = LogLevel.Warning, Message = "A public look-up could not be answered")]
    private partial void NoAnswer(EidException error);
}
