using System.Formats.Cbor;
using ShantingEId.V1;
using PermitState = ShantingEId.V1.Permit.Types.State;

namespace ShantingEId.Reliability.Tests.Bench;

/// <summary>The same for comprehensive licences: all permits of a version or none, and of each permit what was acknowledged, once and in an order that the law allows.</summary>
public sealed partial class RegisterAudit
{
    // A comprehensive licence has the company's code and three digits.
    private const int HolderDigits = 18;

    private static readonly Dictionary<string, PermitState> Targets = new()
    {
        ["SuspendPermit"] = PermitState.Suspended, ["ResumePermit"] = PermitState.Active, ["RevokePermit"] = PermitState.Revoked,
    };

    private void CheckPermitAck(Ack ack, long set, IssuedSet reply)
    {
        if (!Targets.TryGetValue(ack.Deed, out var target))
        {
            return;
        }

        var told = Rows("SELECT position FROM feed WHERE set_id = @set AND permit = @permit AND state = @state", ("@set", set), ("@permit", Samples.Permit), ("@state", (long)target));
        if (told.Count != 1 || reply.Permits.Single(permit => permit.Number == Samples.Permit).State != target)
        {
            problems.Add($"acked {ack.Deed} of {ack.LicenseId} stands in the feed {told.Count} times, or the stored reply says something else");
        }
    }

    private void CheckTrades(long afterRow)
    {
        Complain(afterRow, "has changes of permits without a deed, or deeds without such a change",
            """
            SELECT s.license_id FROM issued_set s WHERE s.id > @after AND
              (SELECT count(*) FROM feed f WHERE f.set_id = s.id AND f.permit <> '') <> (SELECT count(*) FROM act a WHERE a.set_id = s.id AND a.deed LIKE '%Permit')
            """);
        Complain(afterRow, "has a change of a permit that is not on it", "SELECT s.license_id FROM issued_set s JOIN feed f ON f.set_id = s.id AND f.permit <> '' LEFT JOIN permit p ON p.set_id = s.id AND p.number = f.permit WHERE s.id > @after AND p.id IS NULL");
    }

    // Over all versions: in this work a permit is paused first, and then goes on or ends.
    private void CheckPermitsOfAll()
    {
        Complain(0, "has a permit that changed as nobody asked",
            """
            SELECT serial || ' ' || permit FROM
              (SELECT s.credit_code AS serial, f.permit, f.state, row_number() OVER (PARTITION BY s.credit_code, f.permit ORDER BY f.position) AS turn
               FROM feed f JOIN issued_set s ON s.id = f.set_id WHERE f.position > @after AND f.permit <> '') e
            WHERE NOT (turn = 1 AND state = 4 OR turn = 2 AND state IN (1, 2))
            """);
        Complain(0, "counts other changes of its permits than there are",
            """
            SELECT s.license_id FROM issued_set s WHERE s.id > @after AND NOT EXISTS (SELECT 1 FROM issued_set n WHERE n.credit_code = s.credit_code AND n.version > s.version)
              AND s.permit_events <> (SELECT count(*) FROM feed f JOIN issued_set v ON v.id = f.set_id WHERE v.credit_code = s.credit_code AND f.permit <> '')
            """);
    }

    private static List<string> ReadNumbers(CborReader trade)
    {
        var numbers = new List<string>();
        trade.ReadStartArray();
        for (var left = 3; left > 0; left--)
        {
            trade.SkipValue();
        }

        for (var left = trade.ReadStartArray()!.Value; left > 0; left--)
        {
            var fields = trade.ReadStartArray()!.Value;
            trade.SkipValue();
            trade.SkipValue();
            numbers.Add(trade.ReadTextString());
            for (var rest = fields - 3; rest > 0; rest--)
            {
                trade.SkipValue();
            }

            trade.ReadEndArray();
        }

        trade.ReadEndArray();
        trade.ReadEndArray();
        return numbers;
    }
}
