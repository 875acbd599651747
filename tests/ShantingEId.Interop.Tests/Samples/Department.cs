using ShantingEId.Client;
using ShantingEId.StatusLists;
using ShantingEId.V1;

/// <summary>What a department does all day, beyond the first verification.</summary>
static class Department
{
    /// <summary>One client for the whole program, with receipts and a stricter age.</summary>
    public static EidClient Connect(Uri address, string certificates, string name, string purpose) => EidClient.Connect(new EidClientOptions
    {
        Address = address,
        Certificate = EidCertificate.FromFolder(certificates, name),
        Purpose = purpose,
        WithReceipt = true,
        Trust = EidTrust.FromFolder(certificates),
        MaxStateAge = TimeSpan.FromSeconds(1),
        OnRetry = (error, wait) => Console.Error.WriteLine($"{error.Reason}，{wait.TotalMilliseconds:F0} 毫秒后重试"),
    });

    /// <summary>At the counter: decide, and file the receipt instead of a paper copy.</summary>
    public static async Task<string> ServeAsync(EidClient eid, string scannedText, string caseNumber, string archive)
    {
        try
        {
            var answer = await eid.VerifyAsync(scannedText, new EidLookupOptions { Reference = caseNumber });
            answer.Receipt?.Save(Path.Combine(archive, caseNumber + ".receipt"));
            return answer.IsValid ? $"办理：{answer.License!.Enterprise.Name}" : $"不办理：{answer.Explanation}{answer.NextStep}";
        }
        catch (EidCallException refused)
        {
            // The question could not be worked on; the licence may be fine. Decide by the reason, never by the text.
            refused.Receipt?.Save(Path.Combine(archive, caseNumber + ".refusal"));
            return $"未受理：{refused.Error.Reason}";
        }
    }

    /// <summary>A sealed document that somebody brings: every signature, the state of every seal, and whether the licence it may be is in force.</summary>
    public static async Task<string> JudgeAsync(EidClient eid, string file, string caseNumber)
    {
        var answer = await eid.VerifyDocumentAsync(File.ReadAllBytes(file), new EidLookupOptions { Reference = caseNumber });
        return answer.IsValid ? "采信" : answer.Explanation;
    }

    /// <summary>Yes or no, without seeing the facts.</summary>
    public static async Task<bool> IsRepresentativeAsync(EidClient eid, string creditCode, string name)
    {
        var replies = await eid.AskAsync(EidSubject.Company(creditCode), [EidQuestions.Active(), EidQuestions.RepresentativeIs(name)]);
        return replies.AllYes;
    }

    /// <summary>Once a month: all customers over one stream.</summary>
    public static async Task<List<string>> NoLongerValidAsync(EidClient eid, IAsyncEnumerable<string> creditCodes)
    {
        var found = new List<string>();
        await foreach (var item in eid.LookupManyAsync(creditCodes))
        {
            if (!item.IsValid)
            {
                found.Add($"{item.Text} {item.Answer?.Verdict.ToString() ?? item.Error!.Reason}");
            }
        }

        return found;
    }

    /// <summary>All day: word of every revocation. Keep the mark in the same transaction as what you did about the change.</summary>
    public static async Task WatchAsync(EidClient eid, long lastMark, Func<Change, Task> takeIn, CancellationToken cancel)
    {
        var revocations = new EidChangeFilter { Kinds = [Change.Types.Kind.Revoked] };
        await foreach (var change in eid.WatchChangesAsync(lastMark, revocations, cancel))
        {
            await takeIn(change); // change.CreditCode, change.Reason, change.Mark
        }
    }

    /// <summary>Years later, or in court: the receipt alone, without the service.</summary>
    public static string CheckAgain(string file, string certificates)
    {
        var receipt = EidReceipt.Check(File.ReadAllBytes(file), EidTrust.FromFolder(certificates));
        return $"{receipt.Time:yyyy-MM-dd HH:mm:ss} {receipt.Caller} {receipt.Purpose} {receipt.Verdict} {receipt.Facts.GetValueOrDefault("name", "")}";
    }

    /// <summary>The line is down: a false code still shows, a good signature is not a yes.</summary>
    public static string CheckOffline(string scannedText, string certificates, string officialAddress)
    {
        var answer = new OfflineVerifier(EidTrust.FromFolder(certificates), officialAddress).Verify(scannedText);
        return $"{answer.Verdict} {answer.Claims?.Name} {answer.Explanation}";
    }

    /// <summary>The line is down, and a pack is at hand: the state as of when it was made.</summary>
    public static string CheckByPack(string scannedText, byte[] pack, string rootPem)
    {
        var trust = EidTrust.FromPem(rootPem);
        var answer = new OfflineVerifier(StatusPack.Open(pack, trust.Roots), trust).Verify(scannedText);
        return $"{answer.Verdict} {answer.Claims?.Name} {answer.Explanation}";
    }
}
