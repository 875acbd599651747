import type { OfflineAnswer } from './offline.js';
import { LicenseStatus } from './statusList.js';

/** What a person at the counter is told: one plain sentence, and what to do next. */
export interface Texts {
  readonly explanation: string;
  readonly nextStep: string;
}

const rescan = '请重新扫描，或改为录入二维码下方的校验短码。';

// By reason, else by verdict; word for word those of the service.
const texts: Record<string, [string, string]> = {
  VALID: ['执照真实，登记在册，当前有效。', '请将名称、统一社会信用代码与来人陈述核对后办理。'],
  SUSPENDED: ['执照真实，但目前处于暂停状态。', '请勿据此办理，请来人向登记机关了解恢复条件。'],
  SUPERSEDED: ['执照真实，但已换发新照。', '请出示新照的证照码再次核验。'],
  LISTED_INVALID: ['此照不在有效状态：已被吊销、撤销、注销或撤回，尚未生效，或从未签发。', '请勿据此办理；联网后可查明原因，如有异议，请来人联系登记机关。'],
  KEY_PURPOSE: ['此码使用了不允许签发证照码的密钥，不能采信。', '请勿据此办理，请保留此码并联系登记机关。'],
  SIGNATURE_INVALID: ['签名与内容不符，此码被改动过或系伪造。', '请勿据此办理，请保留此码并联系登记机关。'],
  KEY_UNKNOWN: ['此码不是由本登记机关签发的。', '请向来人核实证照来源；不要打开码中的网址。'],
  QR_PREFIX: ['这不是本系统的证照码。', '请确认扫描的是营业执照上的证照码；不要打开码中的网址。'],
  TYPED_CODE_CHECK: ['校验短码有误，可能录错了字符。', '请对照执照重新录入十二位校验短码（不含字母 I、L、O、U）。'],
  QR_VERSION: ['证照码的版本无法识别。', '请升级核验程序，或改为录入二维码下方的校验短码。'],
  QR_NOT_CANONICAL: ['证照码残缺或已损坏，无法识别。', rescan],
  QR_STRUCTURE: ['证照码残缺或已损坏，无法识别。', rescan],
  REGISTER_NOT_ASKED: ['没有查询登记簿，不知道现在是否有效。', '请联网后再次核验；在此之前请勿据此办理。'],
  LIVE_CODE_ONLINE: ['这是动态码，只能联网核验：它是否已经用过，只有登记簿知道。', '请联网后核验，或请来人出示执照上的证照码。'],
  YOUNGER_THAN_STATES: ['签名正确，但此照签发于状态包之后，不知道是否有效。', '请联网后核验，或取得较新的状态包；在此之前请勿据此办理。'],
  PERMITS_NOT_LISTED: ['签名正确，但行业综合许可证所列各项许可的状态不在状态包中。', '请联网后核验；在此之前请勿据此办理。'],
  NEIGHBOUR_PERIOD: ['此码由邻区登记机关签发，但现在不在互认期内。', '请到发证机关的官方页面核验。'],
  NEIGHBOUR_REGION: ['签名属于邻区登记机关，但该机关无权证明此区划的主体，不能采信。', '请勿据此办理，请保留此码并联系登记机关。'],
  NEIGHBOUR_LIST_EXPIRED: ['此码属邻区登记机关，但本机关的邻区互认名单已经过期，不能核验。', '请勿据此办理；请到发证机关的官方页面核验，并请本机关更新名单。'],
  NEIGHBOUR_STATE_UNKNOWN: ['签名正确，由邻区登记机关签发；但取不到发证机关的最新状态，不知道现在是否有效。', '请稍后再次核验，或到发证机关核实；在此之前请勿据此办理。'],
  CLOCKS_APART: ['本机时钟与服务相差过大，无法判断状态是否过旧。', '请校准本机时钟后再次核验。'],
  STATE_TOO_OLD: ['手头的状态数据过旧，无法判断是否仍然有效。', '请联网后再次核验。'],
};

/** The texts of an answer, in Chinese, which say as of when. */
export function textsOf(answer: OfflineAnswer): Texts {
  const [explanation = '', nextStep = ''] = texts[answer.reason] ?? texts[answer.verdict] ?? [];
  if (answer.statusAsOf === null) {
    return { explanation, nextStep };
  }

  // Nobody may take the state of then for that of now.
  const said = withPermits({ explanation, nextStep }, answer);
  const then = said.explanation.replaceAll('当前有效', '有效').replaceAll('目前', '');
  const now = answer.successor === null ? '' : `该主体当时持第 ${answer.successor.version} 版执照，名称为“${answer.successor.name}”。`;
  return { explanation: `截至 ${chinaTime(answer.statusAsOf)}（北京时间）的离线状态：${then}${now}`, nextStep: said.nextStep };
}

// First the whole, then every permit that cannot be relied on.
function withPermits(said: Texts, { verdict, permits }: OfflineAnswer): Texts {
  if (permits.length === 0) {
    return said;
  }

  const explanation = said.explanation.replaceAll('执照', '综合许可证');
  if (verdict !== 'VALID') {
    return { ...said, explanation };
  }

  const held = permits.filter((permit) => permit.state !== LicenseStatus.Valid).map((permit) => permit.name + (permit.state === LicenseStatus.Suspended ? '暂停' : '不在有效状态'));
  const whole = explanation.replace(/。$/, '');
  return held.length === 0 ? { explanation: whole + '；所列许可均有效。', nextStep: '请核对名称，并确认所办业务在所列许可之内。' }
    : { explanation: `${whole}；但其中${held.join('；')}。`, nextStep: '请确认所办业务不属于上述停用的许可；属于的，请勿据此办理。' };
}

/** `yyyy-MM-dd HH:mm` in China, of seconds since 1970. */
export function chinaTime(seconds: number): string {
  return new Date((seconds + 8 * 3600) * 1000).toISOString().slice(0, 16).replace('T', ' ');
}
