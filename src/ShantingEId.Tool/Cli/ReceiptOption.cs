using System.CommandLine;
using Google.Protobuf;
using Grpc.Core;
using ShantingEId.V1;

namespace ShantingEId.Tool.Cli;

/// <summary>核验回执: whether one is wanted, where it is kept, and the caller's own file number in it.</summary>
internal sealed class ReceiptOption
{
    private readonly Option<string?> file = new("--receipt") { Description = "索取核验回执，存为此文件；回执可归档，离线也可验证", HelpName = "FILE" };
    private readonly Option<string> reference = new("--reference")
    {
        Description = "本单位的业务编号，至多 64 个字符，写入查询记录和核验回执", HelpName = "TEXT", DefaultValueFactory = _ => "",
    };

    public static ReceiptOption AddTo(Command command)
    {
        var option = new ReceiptOption();
        command.Options.Add(option.file);
        command.Options.Add(option.reference);
        return option;
    }

    public bool Wanted(ParseResult parse) => parse.GetValue(file) is not null;

    public string Reference(ParseResult parse) => parse.GetRequiredValue(reference);

    /// <summary>Runs a call and keeps its receipt, also that of a refusal.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="screen">Where the file is named.</param>
    /// <param name="call">The call.</param>
    /// <param name="receipt">The receipt in its answer.</param>
    /// <param name="number">Which of several it is; files after the first carry the number.</param>
    public async Task<T> KeepAsync<T>(ParseResult parse, Screen screen, AsyncUnaryCall<T> call, Func<T, ByteString> receipt, int number = 1)
    {
        try
        {
            var answer = await call;
            Save(parse, screen, receipt(answer), number);
            return answer;
        }
        catch (RpcException error) when (error.GetRpcStatus()?.GetDetail<RefusalReceipt>() is { } refusal)
        {
            Save(parse, screen, refusal.Receipt, number);
            throw;
        }
    }

    private void Save(ParseResult parse, Screen screen, ByteString receipt, int number)
    {
        if (parse.GetValue(file) is not { } path)
        {
            return;
        }

        if (number > 1)
        {
            path = Path.Combine(Path.GetDirectoryName(path) ?? "", $"{Path.GetFileNameWithoutExtension(path)}.{number}{Path.GetExtension(path)}");
        }

        Files.Write(path, receipt.Span);
        screen.Note($"核验回执已存入 {path}");
    }
}
