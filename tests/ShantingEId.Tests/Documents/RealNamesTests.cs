using ShantingEId.Documents;
using ShantingEId.Seals;

namespace ShantingEId.Tests.Documents;

public class RealNamesTests
{
    [Fact]
    public void Every_registered_name_of_a_city_becomes_four_pictures()
    {
        var rows = Names() ?? [(Samples.Name, "张三"), ("山亭商店", "欧阳志远"), (Samples.NameOf(43), "阿卜杜拉·买买提")];
        foreach (var (name, representative) in rows)
        {
            // Create inside refuses more than 20 KB; a character the font lacks would be named here.
            var pictures = SealKinds.All.Select(kind => Samples.Artist.Draw(Samples.Design(kind, name, representative))).ToArray();
            Assert.All(pictures, picture => Assert.InRange(picture.Png.Length, 500, SealPicture.MaxBytes));
        }
    }

    // The data lie beside the repository, or where EID_SHARED_DATA says; a clone without them uses invented names.
    private static List<(string Name, string Representative)>? Names()
    {
        var folder = Environment.GetEnvironmentVariable("EID_SHARED_DATA");
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); folder is null && at is not null; at = at.Parent)
        {
            folder = File.Exists(Path.Combine(at.FullName, "ShantingEId.sln")) ? Path.Combine(at.FullName, "..", "shared", "data") : null;
        }

        var file = Path.Combine(folder ?? "", "zaozhuang-enterprises.csv");
        return File.Exists(file)
            ? [.. File.ReadLines(file).Skip(1).Select(line => line.Split(',')).Select(cells => (cells[1].Trim('"'), cells[3].Trim('"')))]
            : null;
    }
}
