using ShantingEId.V1;

namespace ShantingEId.Client;

/// <summary>About whom questions are asked.</summary>
public sealed class EidSubject
{
    private EidSubject(string text, bool isCode) => (Text, IsCode) = (text, isCode);

    internal string Text { get; }

    internal bool IsCode { get; }

    /// <summary>The holder of a scanned or typed code.</summary>
    public static EidSubject Code(string code) => new(code, isCode: true);

    /// <summary>The company with this 统一社会信用代码.</summary>
    public static EidSubject Company(string creditCode) => new(creditCode, isCode: false);
}

/// <summary>Questions that are answered with yes or no, without the facts themselves.</summary>
public static class EidQuestions
{
    /// <summary>Is the licence in force?</summary>
    public static Question Active() => new() { Active = true };

    /// <summary>Is this the registered name?</summary>
    public static Question NameMatches(string name) => new() { NameMatches = name };

    /// <summary>Is this the legal representative (负责人, 投资人, 经营者 by kind)?</summary>
    public static Question RepresentativeIs(string name) => new() { RepresentativeIs = name };

    /// <summary>Is the seal with this 14-digit code one of the four of the set in force?</summary>
    public static Question SealCurrent(string sealCode) => new() { SealCurrent = sealCode };

    /// <summary>Is it a comprehensive licence (行业综合许可证) with a permit of this short name, e.g. <c>FOOD_BUSINESS</c>, in force?</summary>
    public static Question PermitActive(string code) => new() { PermitActive = code };
}
