namespace ShantingEId.Tool.Cli;

/// <summary>What the person at the keyboard does next, by machine reason.</summary>
internal static class NextSteps
{
    public static string For(string reason) => reason switch
    {
        "SERVER_UNREACHABLE" => "请确认服务已启动（本机试用：eid serve），并核对 --server 的地址。",
        "TLS_FAILED" => "请确认 --certs 目录中的 tls-ca.crt 是该服务的根证书，本方证书未过期，且 --server 的主机名与服务证书一致。",
        "CLIENT_CERT_INVALID" or "UNAUTHENTICATED" => "请用登记过、未过期的证书（--certs 目录，--as 名称）。",
        "ACCESS_DENIED" or "PERMISSION_DENIED" => "请用有此权限的调用方（--as）；如应有权限，请向登记机关申请登记。",
        "PURPOSE_REQUIRED" => "请用 --purpose 写明用证事由。",
        "PURPOSE_NOT_GRANTED" => "请改用本单位登记过的用证事由（--purpose），或申请增加。",
        "FIELD_NOT_GRANTED" => "请只查询此用证事由允许的事项，或换用登记过的其他用证事由（--purpose）；此次请求已记入查询账本。",
        "RATE_LIMITED" => "请稍候再试；经常需要更多的，请向登记机关申请提高限额。",
        "AUDIT_UNAVAILABLE" => "服务暂时不能记录查询，因此不作答复；请稍后重试。",
        "MARK_INVALID" => "请用上次收到的标记作 --after；登记簿从备份恢复过的，从 0 重新开始。",
        "FILTER_INVALID" => "请核对 --region（2 至 6 位数字，且在本单位登记的区划之内）、--kind，以及要变更的事项。",
        "QUESTION_INVALID" => "请核对所问的内容：名称、姓名应完整，印章编码为 14 位数字。",
        "PAGE_TOKEN_INVALID" => "请从第一页重新查询。",
        "REQUEST_ID_REUSED" => "请换一个新的 --request-id，或去掉此选项由程序生成。",
        "REQUEST_ID_INVALID" => "请用 16 至 64 位字母、数字或 . _ - 作为 --request-id。",
        "LICENSE_EXISTS" => "请用 eid show 查看已有的执照；确需重新签发的，先吊销原照。",
        "LICENSE_NOT_FOUND" => "请核对统一社会信用代码或证照标识。",
        "LICENSE_ID_INVALID" => "请核对证照标识，或改用统一社会信用代码。",
        "ALREADY_REVOKED" => "无需再次吊销；请用 eid show 查看当前状态。",
        "TRANSITION_NOT_ALLOWED" => "请用 eid show 查看当前状态，按上面列出的可办事项办理。",
        "CHANGE_PENDING" => "请待变更生效后再办，或先用 eid withdraw-change 撤回。",
        "NO_CHANGE_PENDING" => "请用 eid show 查看是否有待生效的变更。",
        "NOTHING_CHANGED" => "请用 eid show 核对现行照面，写明真正要变更的事项。",
        "AS_OF_INVALID" => "请用过去的时点，写成 2026-03-02T09:00:00+08:00 的形式。",
        "SEAL_CODE_INVALID" or "ASN1_INVALID" => "请核对 14 位印章编码，或提供未经改动的印章文件（.esl）。",
        "USCC_INVALID" => "请对照原件核对统一社会信用代码的 18 位字符。",
        "EFFECTIVE_TIME_INVALID" => "请按上面的说明改正 --effective；去掉它则为立即生效。",
        "REASON_REQUIRED" => "请写明法定理由（--reason）和决定机关（--authority）。",
        "LINT_FAILED" or "TEXT_INVALID" or "DATE_INVALID" or "DATE_ORDER" or "AMOUNT_INVALID" or "ENUM_INVALID" => "请更正上列事项后重新提交。",
        "STORE_UNAVAILABLE" or "OUTCOME_UNKNOWN" or "DRAINING" or "DEADLINE_EXCEEDED" or "VERSION_CONFLICT" => "请稍后用同一个 --request-id 重试，不会重复签发。",
        "STORAGE_FULL" => "请先腾出服务所在磁盘的空间，再用同一个 --request-id 重试。",
        "PICTURE_UNREADABLE" => "请换一张清晰完整的图片，或改为录入二维码下方的校验短码。",
        "RECEIPT_INVALID" => "请确认文件是核验答复中的 receipt 字段，未经转码或截断；其他文件请用 eid inspect 查看。",
        "QR_TEXT_INVALID" => "请重新扫描，或改为录入二维码下方的校验短码。",
        "SIGNING_KEY_UNUSABLE" => "请检查 --certs 目录中的签发密钥和证书；生产环境不接受开发密钥。",
        "SEAL_IMAGE_INVALID" => "请安装印章字体（Debian 软件包 fonts-noto-cjk）后重试。",
        _ => "请记下原因代码，联系登记机关的系统维护人员。",
    };
}
