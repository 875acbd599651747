using ShantingEId.Calendar;

namespace ShantingEId.Deregistering;

/// <summary>How long everything takes; the defaults are the law's. Last days are counted by <see cref="WorkCalendar"/>.</summary>
public sealed record DeregistrationTerms
{
    /// <summary>公示期: at least 20 days (公司法 240, 细则 49).</summary>
    public int PublicationDays { get; init; } = 20;

    /// <summary>Whether the publication is counted in working days; the law counts days.</summary>
    public bool PublicationInWorkingDays { get; init; }

    /// <summary>How long departments may object to an individual business, which is not published (条例 33).</summary>
    public int IndividualDays { get; init; } = 10;

    /// <summary>Within how many days after the publication the applicant confirms (细则 49).</summary>
    public int ConfirmDays { get; init; } = 20;

    /// <summary>How many days there are at least to mend a returned application. The law sets no period; this gives the same time as for confirming.</summary>
    public int MendDays { get; init; } = 20;

    /// <summary>Within how many working days after the publication a set is cancelled: the district's promise.</summary>
    public int CancelWorkingDays { get; init; } = 1;

    /// <summary>Refuses terms that make no sense, and those below the law's where they are meant.</summary>
    /// <exception cref="ArgumentException">The text says which.</exception>
    public void Require(bool lawful)
    {
        if (lawful && (PublicationDays < 20 || IndividualDays < 10))
        {
            throw new ArgumentException("公示期不得少于 20 日（公司法第二百四十条），对个体工商户征询部门意见不得少于 10 日（条例第三十三条）");
        }

        if (PublicationDays is < 1 or > 365 || IndividualDays is < 1 or > 365 || ConfirmDays is < 1 or > 365 || MendDays is < 1 or > 365 || CancelWorkingDays is < 1 or > 30)
        {
            throw new ArgumentException("简易注销的期限应为 1 至 365 日，注销应在 1 至 30 个工作日内");
        }
    }

    /// <summary>Last day on which departments and creditors may object.</summary>
    public DateOnly LastDayToObject(WorkCalendar calendar, DateOnly applied, bool published) => published switch
    {
        false => calendar.AddDays(applied, IndividualDays),
        true when PublicationInWorkingDays => calendar.AddWorkingDays(applied, PublicationDays),
        true => calendar.AddDays(applied, PublicationDays),
    };
}
