using ShantingEId.V1;

namespace ShantingEId.Server.Tests.Life;

/// <summary>What the law makes of the acts of a company's life, without knowing anything of the register.</summary>
internal sealed class HistoryModel(IssuedSet founded)
{
    private readonly List<SealLife> seals = [.. founded.Seals.Select(seal => new SealLife(seal, Start(founded), DateTimeOffset.MaxValue, null))];

    /// <summary>The business licence, by its versions.</summary>
    public Line Business { get; } = new(founded);

    /// <summary>The comprehensive licence; null while there is none.</summary>
    public Line? Trade { get; private set; }

    /// <summary>Its permits by number, whichever version bears them.</summary>
    public Dictionary<string, Strip> Permits { get; } = [];

    /// <summary>Every seal that was ever made.</summary>
    public IReadOnlyList<SealLife> Seals => seals;

    /// <summary>Whether an act may be done.</summary>
    /// <param name="act">Its name, of a permit with the number behind it.</param>
    /// <param name="now">When.</param>
    public bool Allows(string act, DateTimeOffset now)
    {
        var (name, number) = act.Split(' ') is [var first, var second] ? (first, second) : (act, "");
        return name switch
        {
            // Taken back is what is not about to take force.
            "Withdraw" => Business.Pending > now.AddSeconds(15),
            _ when !name.StartsWith("Trade", StringComparison.Ordinal) && number.Length == 0 => !(Business.Pending > now) && Allows(name, Business.Current.Newest),
            "TradeIssue" => Trade is null && Holder(now)?.At(now) == "Valid",
            _ when Trade is null || Trade.Pending > now => false,
            "TradeChange" or "TradeSoon" => Trade.Current.Newest == "Valid" && Holder(now)?.At(now) == "Valid",
            _ when number.Length == 0 => Allows(name["Trade".Length..], Trade.Current.Newest),
            _ => Trade.Current.Newest is "Valid" or "Suspended" && Permits.TryGetValue(number, out var permit) && (name, permit.At(now)) is
                ("PermitSuspend" or "PermitPause", "Valid") or ("PermitResume", "Suspended") or ("PermitRevoke" or "PermitCancel", "Valid" or "Suspended"),
        };
    }

    /// <summary>The version of the business licence that a company has at an instant; null before its first.</summary>
    public Strip? Holder(DateTimeOffset time) => Business.Versions.LastOrDefault(version => version.At(time) is not ("NotYet" or "Withdrawn"));

    /// <summary>Another version takes the place of the present one, at once or at its time.</summary>
    public void Replace(ChangeRegistrationResponse change)
    {
        var time = Start(change.IssuedSet);
        var next = Business.Replace(change.IssuedSet);
        for (var i = 0; i < seals.Count; i++)
        {
            if (seals[i].Until == DateTimeOffset.MaxValue && seals[i].MadeFor?.IsWithdrawn != true && change.ReissuedSeals.Contains(seals[i].Seal.Kind))
            {
                seals[i] = seals[i] with { Until = time };
            }
        }

        seals.AddRange(change.IssuedSet.Seals.Where(seal => change.ReissuedSeals.Contains(seal.Kind)).Select(seal => new SealLife(seal, time, DateTimeOffset.MaxValue, next)));
    }

    /// <summary>A prepared version is taken back.</summary>
    public void Withdraw(DateTimeOffset time)
    {
        var waited = Business.Pending!.Value;
        Business.Withdraw(time);
        for (var i = 0; i < seals.Count; i++)
        {
            if (seals[i].Until == waited)
            {
                seals[i] = seals[i] with { Until = DateTimeOffset.MaxValue };
            }
        }
    }

    /// <summary>A comprehensive licence is issued.</summary>
    public void Issue(IssuedSet trade)
    {
        Trade = new Line(trade);
        Bear(trade);
    }

    /// <summary>Its next version takes its place.</summary>
    public void ReplaceTrade(IssuedSet trade)
    {
        Trade!.Replace(trade);
        Bear(trade);
    }

    private void Bear(IssuedSet trade)
    {
        foreach (var permit in trade.Permits)
        {
            Permits.TryAdd(permit.Number, new Strip(trade, DateTimeOffset.MinValue));
        }
    }

    private static DateTimeOffset Start(IssuedSet set) => set.StateEffectiveTime.ToDateTimeOffset();

    private static bool Allows(string act, string state) => act switch
    {
        "Suspend" or "Rename" or "Representative" or "Address" or "Soon" or "Later" => state == "Valid",
        "Resume" => state == "Suspended",
        "Revoke" => state is "Valid" or "Suspended",
        "Cancel" => state is "Valid" or "Suspended" or "Revoked",
        "Rescind" => state is "Valid" or "Suspended" or "Revoked" or "Cancelled",
        "Restore" => state == "Rescinded",
        _ => throw new ArgumentOutOfRangeException(nameof(act), act, "no such act"),
    };
}

/// <summary>A seal, in use while the licence of its company names it.</summary>
internal sealed record SealLife(Seal Seal, DateTimeOffset From, DateTimeOffset Until, Strip? MadeFor);

/// <summary>The versions of one licence, which take each other's place.</summary>
internal sealed class Line
{
    public Line(IssuedSet first) => Versions.Add(new Strip(first, first.StateEffectiveTime.ToDateTimeOffset()));

    public List<Strip> Versions { get; } = [];

    /// <summary>The newest that was not taken back; it may wait for its time.</summary>
    public Strip Current => Versions.Last(version => !version.IsWithdrawn);

    /// <summary>When the newest takes force; null when it did at once.</summary>
    public DateTimeOffset? Pending { get; private set; }

    public Strip Replace(IssuedSet set)
    {
        var time = set.StateEffectiveTime.ToDateTimeOffset();
        Pending = time > set.StateRecordedTime.ToDateTimeOffset() ? time : null;
        Current.Paint("Supersede", time);
        Versions.Add(new Strip(set, time));
        return Versions[^1];
    }

    public void Withdraw(DateTimeOffset time)
    {
        Versions[^1].TakeBack(time);
        Current.UndoLast();
        Pending = null;
    }
}

/// <summary>The life of one version, or of one permit: colours along time.</summary>
internal sealed class Strip
{
    private readonly List<(DateTimeOffset From, string State)> colours = [];
    private readonly List<string> painted = ["Valid"];

    public Strip(IssuedSet set, DateTimeOffset from)
    {
        Set = set;
        colours.Add((from, "Valid"));
        Edges.Add(from);
    }

    public IssuedSet Set { get; }

    public List<DateTimeOffset> Edges { get; } = [];

    public bool IsWithdrawn => Newest == "Withdrawn";

    public string Newest => painted[^1];

    /// <summary>What an act makes of it from an instant on; what was to come later does not.</summary>
    /// <param name="act">The act.</param>
    /// <param name="from">From when.</param>
    /// <param name="until">When a suspension ends by itself.</param>
    public void Paint(string act, DateTimeOffset from, DateTimeOffset? until = null)
    {
        painted.Add(act switch
        {
            "Suspend" => "Suspended", "Resume" => "Valid", "Revoke" => "Revoked", "Rescind" => "Rescinded", "Cancel" => "Cancelled", "Supersede" => "Superseded",
            "Restore" => painted[^2], // What it was before the rescission.
            _ => throw new ArgumentOutOfRangeException(nameof(act), act, "no such act"),
        });
        colours.RemoveAll(colour => colour.From >= from);
        colours.Add((from, Newest));
        Edges.Add(from);
        if (until is { } end)
        {
            colours.Add((end, "Valid"));
            Edges.Add(end);
        }
    }

    /// <summary>It never takes force: until this instant it was not in force yet, from then on it is known not to come.</summary>
    public void TakeBack(DateTimeOffset time)
    {
        colours.Clear();
        colours.Add((time, "Withdrawn"));
        painted.Add("Withdrawn");
        Edges.Add(time);
    }

    /// <summary>As if the last act had not been done; it was to take effect later than anything else.</summary>
    public void UndoLast()
    {
        colours.RemoveAt(colours.Count - 1);
        painted.RemoveAt(painted.Count - 1);
        Edges.RemoveAt(Edges.Count - 1);
    }

    public string At(DateTimeOffset time) => colours.Where(colour => colour.From <= time).OrderBy(colour => colour.From).Select(colour => colour.State).LastOrDefault("NotYet");
}
