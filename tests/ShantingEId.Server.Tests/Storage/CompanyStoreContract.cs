using ShantingEId.Companies;
using ShantingEId.Issuing;
using ShantingEId.Server.Storage;

namespace ShantingEId.Server.Tests.Storage;

public sealed class SqliteCompanyStoreTests(SampleSets sets) : CompanyStoreContract(sets)
{
    protected override ValueTask<Registers> CreateAsync() => new(new SqliteRegisters());

    protected override string Back => "DROP TABLE incident_event; DROP TABLE incident_undone; DROP TABLE incident_page; DROP TABLE incident; DROP TABLE permit; DROP INDEX feed_by_permit; ALTER TABLE feed DROP COLUMN permit; ALTER TABLE issued_set DROP COLUMN permit_events; DROP INDEX set_by_search_name; ALTER TABLE issued_set DROP COLUMN search_name; DROP TABLE filed_item; CREATE INDEX set_by_name ON issued_set (name); DROP TABLE presentation; DROP TABLE holder_session; DROP TABLE seal_use; DROP TABLE seal_grant; DROP TABLE license_copy; DROP TABLE deployment; ALTER TABLE feed_head DROP COLUMN journal; ALTER TABLE feed_head DROP COLUMN journal_digest; ALTER TABLE feed_head DROP COLUMN epoch; PRAGMA user_version = 5";
}

public sealed class PostgresCompanyStoreTests(SampleSets sets) : CompanyStoreContract(sets)
{
    protected override async ValueTask<Registers> CreateAsync() => await PostgresRegisters.CreateAsync();

    protected override string Back => "DROP TABLE incident_event; DROP TABLE incident_undone; DROP TABLE incident_page; DROP TABLE incident; DROP TABLE permit; DROP INDEX feed_by_permit; ALTER TABLE feed DROP COLUMN permit; ALTER TABLE issued_set DROP COLUMN permit_events; DROP INDEX set_by_search_name; ALTER TABLE issued_set DROP COLUMN search_name; DROP TABLE filed_item; CREATE INDEX set_by_name ON issued_set (name); DROP TABLE presentation; DROP TABLE holder_session; DROP TABLE seal_use; DROP TABLE seal_grant; DROP TABLE license_copy; DROP TABLE deployment; ALTER TABLE feed_head DROP COLUMN journal; ALTER TABLE feed_head DROP COLUMN journal_digest; ALTER TABLE feed_head DROP COLUMN epoch; UPDATE schema_version SET version = 4";
}

/// <summary>What <see cref="ICompanyStore"/> promises, asked of both stores.</summary>
public abstract class CompanyStoreContract(SampleSets sets) : RegisterContract, IClassFixture<SampleSets>
{
    /// <summary>Makes the register what it was before filed items.</summary>
    protected abstract string Back { get; }

    [Fact]
    public async Task A_register_from_before_filed_items_is_found_by_name_and_takes_filings()
    {
        var set = sets.Real;
        await Store.AddSetAsync(set, SampleSets.Started, SampleSets.Request());
        await Registers.RunAsync(Back);

        var upgraded = Registers.Open();

        var found = await upgraded.SearchAsync(new NameSearch(NameSearch.Fold(set.License.Facts.Name, false), false, SampleSets.Now, true, null, 9), Cancel);
        Assert.Equal(set.License.Facts.CreditCode, Assert.Single(found.Periods).Holder);
        await upgraded.FileAsync(Filing(set, 0, "样例"), SampleSets.Judged(set), null, SampleSets.Request());
        Assert.Equal("样例", Assert.Single(await upgraded.ReadFiledAsync(set.License.Facts.CreditCode, Cancel)).Item.Text);
    }

    [Fact]
    public async Task A_filing_that_was_judged_before_another_is_refused_and_a_repeated_one_is_answered_as_before()
    {
        var set = sets.Next();
        await Store.AddSetAsync(set, SampleSets.Started, SampleSets.Request());
        var (first, other) = (SampleSets.Request(), Registers.Open());
        var committed = await Store.FileAsync(Filing(set, 0, "样例甲"), SampleSets.Judged(set), null, first);
        Assert.Equal(2, committed.Position);

        // Also where it files something else: it would stand at the place of the first.
        var late = await Assert.ThrowsAsync<EidException>(async () => await other.FileAsync(Filing(set, 0, "样例乙", FiledItemKind.RegistryContact), SampleSets.Judged(set), null, SampleSets.Request()));
        var again = await other.FileAsync(Filing(set, 0, "样例甲"), SampleSets.Judged(set), null, first);

        Assert.Equal(ErrorReason.VersionConflict, late.Reason);
        Assert.Equal(2, again.Position);
        Assert.Equal(first.Reply, again.Earlier!.Reply);
        Assert.Equal(["样例甲"], (await other.ReadFiledAsync(set.License.Facts.CreditCode, Cancel)).Select(one => one.Item.Text));
    }

    // All or nothing: what is filed along with a licence that cannot come is not there, nor is the licence with a filing that cannot.
    [Fact]
    public async Task A_licence_and_what_is_filed_with_it_come_together_or_not_at_all()
    {
        var set = sets.Next();
        var holder = set.License.Facts.CreditCode;
        await Store.AddSetAsync(set, SampleSets.Started, SampleSets.Request());
        await Store.FileAsync(Filing(set, 0, "样例甲"), SampleSets.Judged(set), null, SampleSets.Request());
        var next = sets.Next(holder, 2);
        var began = SampleSets.Started with { EffectiveTime = SampleSets.Now.AddSeconds(2), RecordedTime = SampleSets.Now.AddSeconds(2) };
        var replacement = new Replacement(next, Seals.SealKinds.All, began, began with { State = SetState.Superseded, Successor = next.License.Id });

        await Assert.ThrowsAsync<EidException>(async () => await Store.FileAsync(Filing(next, 0, "样例乙"), SampleSets.Judged(set), replacement, SampleSets.Request()));
        Assert.Null(await Store.LoadSetAsync(next.License.Id, Cancel));
        Assert.Single(await Store.HistoryAsync(holder.Value, Cancel));

        await Assert.ThrowsAsync<EidException>(async () => await Store.FileAsync(Filing(next, 1, "样例乙"), SampleSets.Judged(set) with { State = SampleSets.Revoked() }, replacement, SampleSets.Request()));
        Assert.Single(await Store.ReadFiledAsync(holder, Cancel));

        var committed = await Store.FileAsync(Filing(next, 1, "样例乙"), SampleSets.Judged(set), replacement, SampleSets.Request());
        var filed = await Store.ReadFiledAsync(holder, Cancel);
        Assert.Equal([("样例甲", 1L), ("样例乙", 2L)], filed.Select(one => (one.Item.Text, one.Revision)));
        Assert.Equal(committed.Position, filed[1].Position);
        Assert.Equal(next.License.Id, (await Store.HistoryAsync(holder.Value, Cancel)).Single(one => one.Position == committed.Position).LicenseId);
    }

    private static Filing Filing(IssuedSet set, long judged, string text, FiledItemKind kind = FiledItemKind.Management) => new(set.License.Id, set.License.Facts.CreditCode,
        [new FiledChange(FiledItem.Recorded(kind, text), null)], SampleSets.Now, SampleSets.Now, "样例：备案", "样例机关", judged);
}
