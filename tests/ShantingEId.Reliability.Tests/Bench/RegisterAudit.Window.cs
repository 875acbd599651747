using System.Data.Common;
using System.Security.Cryptography;

namespace ShantingEId.Reliability.Tests.Bench;

/// <summary>The same for cases and deregistrations: what was acknowledged stands there once, and nothing is half done or done twice.</summary>
public sealed partial class RegisterAudit
{
    private const int Cancelled = 5;
    private const int Apply = 1;
    private const int Withdraw = 7;
    private const int Confirm = 8;

    /// <summary>Cases that were granted and have no licence: allowed after a crash, until the request comes again.</summary>
    public IReadOnlyList<string> CasesHalfDone() => [.. Rows("SELECT case_id FROM case_file WHERE license_id = ''").Select(row => (string)row[0])];

    /// <summary>Compares cases and deregistrations with what clients were told.</summary>
    /// <param name="acks">Acknowledgements to find.</param>
    /// <param name="whole">Also what needs every row.</param>
    public IReadOnlyList<string> CheckWindow(IReadOnlyCollection<Ack> acks, bool whole)
    {
        try
        {
            CheckWindowAcks(acks);
            CheckWindowRows();
            if (whole)
            {
                CheckIntegrity();
            }
        }
        catch (Exception error) when (error is DbException or InvalidCastException)
        {
            problems.Add("the register cannot be read: " + error.Message);
        }

        return problems;
    }

    /// <summary>The same of the acknowledgements alone, where companies are changed by others as well.</summary>
    public IReadOnlyList<string> CheckWindowAcks(IReadOnlyCollection<Ack> acks)
    {
        CheckOneAnswer(acks);
        foreach (var ack in acks)
        {
            CheckWindowAck(ack);
        }

        return problems;
    }

    private void CheckWindowAck(Ack ack)
    {
        var replies = Rows("SELECT reply FROM reply WHERE request_id = @request", ("@request", ack.RequestId));
        if (replies is not [[byte[] reply]] || Convert.ToHexStringLower(SHA256.HashData(reply)) != ack.Digest)
        {
            problems.Add($"acked {ack.Deed} of {ack.LicenseId} has {replies.Count} replies, or another");
        }

        var parts = ack.LicenseId.Split('/');
        var done = Rows(
            ack.Deed switch
            {
                "OpenCase" =>
                    """
                    SELECT 1 FROM case_file f JOIN issued_set s ON s.license_id = f.license_id AND s.credit_code = f.credit_code
                    WHERE f.case_id = @subject AND f.open_request = @request
                    """,
                "ReportStep" => "SELECT 1 FROM case_event e JOIN case_file f ON f.id = e.case_row WHERE f.case_id = @subject AND e.request_id = @request",
                "ApplyDeregistration" =>
                    $"SELECT 1 FROM deregistration_event e JOIN deregistration d ON d.id = e.deregistration_id WHERE d.number = @subject AND e.request_id = @request AND e.act = {Apply}",
                "WithdrawDeregistration" =>
                    $"SELECT 1 FROM deregistration_event e JOIN deregistration d ON d.id = e.deregistration_id WHERE d.number = @subject AND e.request_id = @request AND e.act = {Withdraw}",
                _ =>
                    $"""
                    SELECT 1 FROM deregistration_event e JOIN deregistration d ON d.id = e.deregistration_id JOIN issued_set s ON s.id = d.set_id
                    JOIN feed f ON f.set_id = s.id AND f.state = {Cancelled}
                    WHERE d.number = @subject AND e.request_id = @request AND e.act = {Confirm} AND s.state = {Cancelled}
                    """,
            }, ("@subject", parts[1]), ("@request", ack.RequestId)).Count;
        if (done != 1)
        {
            problems.Add($"acked {ack.Deed} of {ack.LicenseId} stands there {done} times");
        }
    }

    // A company has one case or none, a case one set, a step each state once; a set ends with its deregistration and by nothing else.
    private void CheckWindowRows()
    {
        Complain(0, "has two cases", "SELECT min(credit_code) FROM case_file WHERE id > @after GROUP BY credit_code || '' HAVING count(*) > 1");
        Complain(0, "has two sets", "SELECT min(license_id) FROM issued_set WHERE id > @after GROUP BY credit_code || '' HAVING count(*) > 1");
        Complain(0, "came to a state twice",
            "SELECT min(f.case_id) || ' step ' || e.kind FROM case_event e JOIN case_file f ON f.id = e.case_row WHERE e.position > @after GROUP BY e.case_row, e.kind, e.state HAVING count(*) > 1");
        Complain(0, "has two deregistrations", "SELECT min(credit_code) FROM deregistration WHERE id > @after GROUP BY credit_code || '' HAVING count(*) > 1");
        Complain(0, "is cancelled in the register and not in its deregistration, or the other way round, or not once",
            $"""
            SELECT s.license_id FROM issued_set s LEFT JOIN deregistration d ON d.set_id = s.id LEFT JOIN deregistration_event e ON e.deregistration_id = d.id AND e.act = {Confirm}
            WHERE s.id > @after GROUP BY s.id, s.license_id, s.state HAVING count(e.position) <> CASE s.state WHEN {Cancelled} THEN 1 ELSE 0 END
            """);
    }
}
