import { applyDelta, openPack, type OpenPack } from 'shanting-eid-verifier';
import type { OwnTrust } from './trust.js';

const packCache = 'eid-pack';
const latest = '/pack/latest';
const dueAfterMs = 3600_000; // The server makes one an hour.

/** The pack that this browser keeps; null when there is none, or none that its roots vouch for. */
export async function keptPack(trust: OwnTrust): Promise<OpenPack | null> {
  const bytes = await keptBytes();
  try {
    return bytes === null ? null : openPack(bytes, trust.roots);
  } catch {
    return null;
  }
}

/** Fetches what is newer than the kept pack, by difference where the server has one, and keeps it once it is judged. */
export async function renewPack(trust: OwnTrust): Promise<OpenPack | null> {
  const kept = await keptPack(trust);
  if (!('caches' in self) || !navigator.onLine || (kept !== null && Math.abs(Date.now() - kept.producedAt * 1000) < dueAfterMs)) {
    return kept;
  }

  try {
    const bytes = (kept === null ? null : await byDifference(kept)) ?? (await load(latest));
    const pack = bytes === null ? null : openPack(bytes, trust.roots);
    // An older one is never taken for a newer one: who can hold back states could else bring back those of yesterday.
    if (bytes === null || pack === null || pack.codePrefix !== trust.codePrefix || (kept !== null && pack.producedAt <= kept.producedAt)) {
      return kept;
    }

    await (await caches.open(packCache)).put(latest, new Response(bytes as BodyInit));
    return pack;
  } catch {
    return kept;
  }
}

async function byDifference(kept: OpenPack): Promise<Uint8Array | null> {
  try {
    const [before, delta] = [await keptBytes(), await load(`/pack/${kept.number}/delta`)];
    return before === null || delta === null ? null : applyDelta(before, delta);
  } catch {
    return null; // The whole one then.
  }
}

async function keptBytes(): Promise<Uint8Array | null> {
  const kept = 'caches' in self ? await (await caches.open(packCache)).match(latest) : undefined;
  return kept === undefined ? null : new Uint8Array(await kept.arrayBuffer());
}

async function load(path: string): Promise<Uint8Array | null> {
  const answer = await fetch(path);
  return answer.ok ? new Uint8Array(await answer.arrayBuffer()) : null;
}
