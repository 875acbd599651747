using ShantingEId.V1;
using Outcome = ShantingEId.V1.ImportSetsResponse.Types.Outcome;

namespace ShantingEId.Tool.Importing;

/// <summary>What became of the rows so far. Answers arrive on one thread, the screen reads on another.</summary>
internal sealed class ImportTally
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, (long Count, string Example)> refusals = [];

    public long Issued { get; private set; }

    public long Repeated { get; private set; }

    public long Refused { get; private set; }

    public long Done => Issued + Repeated + Refused;

    public void Add(ImportSetsResponse answer)
    {
        lock (gate)
        {
            switch (answer.Outcome)
            {
                case Outcome.Issued:
                    Issued++;
                    break;
                case Outcome.Repeated:
                    Repeated++;
                    break;
                default:
                    Refused++;
                    var (count, example) = refusals.GetValueOrDefault(answer.Reason, (0, $"第 {answer.Row} 行：{answer.Message}"));
                    refusals[answer.Reason] = (count + 1, example);
                    break;
            }
        }
    }

    /// <summary>Reasons, most frequent first, each with one row as an example.</summary>
    public IReadOnlyList<(string Reason, long Count, string Example)> Refusals()
    {
        lock (gate)
        {
            return [.. refusals.Select(pair => (pair.Key, pair.Value.Count, pair.Value.Example)).OrderByDescending(entry => entry.Count).ThenBy(entry => entry.Key, StringComparer.Ordinal)];
        }
    }

    public override string ToString() => $"已签发 {Issued}  此前已签发 {Repeated}  被拒绝 {Refused}";
}
