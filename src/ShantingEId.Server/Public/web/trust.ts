import { parsePem, readTrust, type CodeTrust, type Trust } from 'shanting-eid-verifier';

/** What the server says its certificates are (`/app/trust`). */
interface TrustFile {
  readonly prefix: string;
  /** Root and the CAs under it, PEM. */
  readonly authority: string;
  /** Signers of licence codes, PEM. */
  readonly codeSigners: string;
  /** With what codes of neighbouring registrars begin, which this server answers for; none where there are no neighbours. */
  readonly neighbours?: readonly string[];
}

/** By what this browser judges. */
export interface OwnTrust extends CodeTrust {
  readonly roots: Trust['roots'];
  /** Whether the roots were kept from an earlier visit, and not brought by the server along with the answer they judge. */
  readonly pinned: boolean;
  /** Whether the server names other roots today than on the first visit. */
  readonly changed: boolean;
  readonly neighbours: readonly string[];
}

const pinCache = 'eid-trust';
const address = '/app/trust';
const patienceMs = 4000;

/**
 * The roots of the first visit, for ever; signers and CAs below them may be new. Without a cache for pages (very old browsers, no
 * https) those of now.
 */
export async function ownTrust(): Promise<OwnTrust> {
  const cache = 'caches' in self ? await caches.open(pinCache) : null;
  const kept = await cache?.match(address);
  const pinned = kept === undefined ? null : ((await kept.json()) as TrustFile);
  const current = navigator.onLine ? await fetchTrust() : null;
  if (pinned === null && current === null) {
    throw new Error('no certificates');
  }

  if (pinned === null) {
    await cache?.put(address, new Response(JSON.stringify(current), { headers: { 'content-type': 'application/json' } }));
  }

  const first = pinned ?? (current as TrustFile);
  const later = current ?? first;
  const between = blocks(later.authority).filter((pem) => !isRoot(pem)).join('');
  const changed = rootsOf(first) !== rootsOf(later);
  const roots = blocks(first.authority).filter(isRoot).join('');
  return { ...signersUnder(roots, between, later.codeSigners, changed), codePrefix: first.prefix, pinned: pinned !== null, changed, neighbours: later.neighbours ?? [] };
}

// Signers that lead to other roots than ours are none.
function signersUnder(roots: string, between: string, signers: string, changed: boolean): Trust {
  try {
    return readTrust(roots + between, signers, Date.now());
  } catch (error) {
    if (!changed) {
      throw error;
    }

    return readTrust(roots, '', Date.now());
  }
}

async function fetchTrust(): Promise<TrustFile | null> {
  try {
    const late = new Promise<null>((done) => setTimeout(() => done(null), patienceMs));
    const answer = await Promise.race([fetch(address, { cache: 'no-cache' }), late]);
    return answer?.ok ? ((await answer.json()) as TrustFile) : null;
  } catch {
    return null; // No network: what is kept must do.
  }
}

const blocks = (pem: string): string[] => pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\s*/g) ?? [];
const isRoot = (pem: string): boolean => parsePem(pem).every((certificate) => certificate.isRoot);
const rootsOf = (file: TrustFile): string => blocks(file.authority).filter(isRoot).map((pem) => pem.trim()).sort().join();
