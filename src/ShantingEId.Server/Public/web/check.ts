import { judgeOffline, verifyCode, type OfflineAnswer } from 'shanting-eid-verifier';
import { codeOf, placeOf } from './address.js';
import { keptPack, renewPack } from './pack.js';
import { ownTrust } from './trust.js';

/** Answers without the server, for the scan page. */
export interface OfflineCheck {
  /** Judges by what this browser keeps; null when it keeps no certificates. */
  judge(text: string): Promise<OfflineAnswer | null>;
  /** Whether a text is a code of a neighbouring registrar, which only the server can judge. */
  isNeighbours(text: string): Promise<boolean>;
  /** Renews the kept pack, and tells as of when it holds and when it ends, seconds since 1970. */
  renew(): Promise<{ producedAt: number; expireTime: number } | null>;
}

declare global {
  interface Window {
    eidCheck?: OfflineCheck;
  }
}

window.eidCheck = {
  async judge(text) {
    try {
      const trust = await ownTrust();
      return judgeOffline(text, (await keptPack(trust)) ?? { codeKeys: trust.codeKeys, codePrefix: trust.codePrefix }, Date.now());
    } catch {
      return null;
    }
  },
  async isNeighbours(text) {
    try {
      return (await ownTrust()).neighbours.some((prefix) => placeOf(text, prefix) !== null);
    } catch {
      return false;
    }
  },
  async renew() {
    try {
      return await renewPack(await ownTrust());
    } catch {
      return null;
    }
  },
};
window.dispatchEvent(new Event('eid-check'));

const page = document.querySelector<HTMLElement>('main[data-signature]');
if (page !== null) {
  void checkPage(page);
}

/** Verifies the signature of the scanned code here, and holds against it what the server's page says. */
async function checkPage(main: HTMLElement): Promise<void> {
  const line = main.querySelector<HTMLElement>('#own')!;
  let trust;
  try {
    trust = await ownTrust();
  } catch {
    tell(line, 'none', main.dataset['none']!);
    return;
  }

  const code = codeOf(location, trust.codePrefix);
  if (code === null || main.dataset['signature'] === 'none') {
    return;
  }

  const own = verifyCode(code, trust);
  const claims = own.claims;
  const agree = claims === null ? main.dataset['signature'] === 'bad'
    : main.dataset['signature'] === 'good' && says('holder', claims.holder) && says('name', claims.name);
  if (!agree) {
    main.querySelector('.verdict')?.classList.add('doubt');
    tell(line, 'no', main.dataset['differs']!);
    line.setAttribute('role', 'alert');
    // In front of what the server says, which cannot be relied on.
    main.prepend(line);
  } else if (trust.changed) {
    tell(line, 'wait', main.dataset['changed']!);
  } else {
    tell(line, claims === null ? 'none' : 'ok', claims === null ? main.dataset['bad']! : main.dataset[trust.pinned ? 'good' : 'first']!);
  }
}

// What the page does not show cannot differ.
function says(claim: string, value: string): boolean {
  const shown = document.querySelector(`[data-claim=${claim}]`);
  return shown === null || shown.textContent === value;
}

function tell(line: HTMLElement, look: string, text: string): void {
  line.className = 'own ' + look;
  line.textContent = text;
  line.hidden = false;
}
