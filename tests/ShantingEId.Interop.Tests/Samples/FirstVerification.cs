using ShantingEId.Client;

using var eid = EidClient.Connect(new EidClientOptions
{
    Address = new Uri("https://localhost:7443"),
    Certificate = EidCertificate.FromFolder("certs-dev", "tax-bureau"),
    Purpose = "TAX_REGISTRATION",
});
var answer = await eid.VerifyAsync(args[0]);
Console.WriteLine(answer.IsValid ? $"有效：{answer.License!.Enterprise.Name}" : answer.Explanation + answer.NextStep);
