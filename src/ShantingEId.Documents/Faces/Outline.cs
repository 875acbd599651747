using System.Collections.Immutable;
using SkiaSharp;

namespace ShantingEId.Documents.Faces;

/// <summary>Outlines from the path language of SVG.</summary>
internal static class Outline
{
    /// <summary>Reads a path and fits its view box to a box on paper.</summary>
    /// <exception cref="FormatException">Not a path.</exception>
    public static ImmutableArray<PathStep> Parse(string path, Box view, Box paper)
    {
        using var parsed = SKPath.ParseSvgPathData(path) ?? throw new FormatException("SVG path");
        var (scaleX, scaleY) = (paper.Width / view.Width, paper.Height / view.Height);
        var steps = ImmutableArray.CreateBuilder<PathStep>();
        using var iterator = parsed.CreateRawIterator();
        var points = new SKPoint[4];
        for (var verb = iterator.Next(points); verb != SKPathVerb.Done; verb = iterator.Next(points))
        {
            switch (verb)
            {
                case SKPathVerb.Move: steps.Add(Step(PathVerb.Move, points[0])); break;
                case SKPathVerb.Line: steps.Add(Step(PathVerb.Line, points[1])); break;
                case SKPathVerb.Quad: steps.Add(Step(PathVerb.Quad, points[1], points[2])); break;
                case SKPathVerb.Cubic: steps.Add(Step(PathVerb.Cubic, points[1], points[2], points[3])); break;
                case SKPathVerb.Close: steps.Add(new PathStep(PathVerb.Close)); break;
                case SKPathVerb.Conic:
                    // Arcs arrive as conics; two curves are within a thousandth of each.
                    var quads = SKPath.ConvertConicToQuads(points[0], points[1], points[2], iterator.ConicWeight(), 1);
                    for (var i = 1; i + 1 < quads.Length; i += 2)
                    {
                        steps.Add(Step(PathVerb.Quad, quads[i], quads[i + 1]));
                    }

                    break;
            }
        }

        return steps.ToImmutable();

        PathStep Step(PathVerb verb, SKPoint one, SKPoint two = default, SKPoint three = default)
        {
            var ((x1, y1), (x2, y2), (x3, y3)) = (At(one), At(two), At(three));
            return verb switch
            {
                PathVerb.Quad => new PathStep(verb, x1, y1, x2, y2),
                PathVerb.Cubic => new PathStep(verb, x1, y1, x2, y2, x3, y3),
                _ => new PathStep(verb, x1, y1),
            };
        }

        (double X, double Y) At(SKPoint point) =>
            (Math.Round(paper.X + ((point.X - view.X) * scaleX), 2), Math.Round(paper.Y + ((point.Y - view.Y) * scaleY), 2));
    }
}
