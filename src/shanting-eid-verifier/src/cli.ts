#!/usr/bin/env node
// Judges published vectors: one JSON line on standard input for each, one JSON line on standard output for each.
// Usage: shanting-eid-verifier vectors, as the command of "eid vectors run -- …".
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import {
  applyDelta, EidError, Envelope, judgeOffline, openNeighbourPack, openPack, parsePem, readStatusList, readTrust, textsOf, type CodeTrust, type OpenPack,
} from './index.js';

/** A vector as the runner says it; paths are absolute. */
interface Asked {
  readonly kind: string;
  readonly file: string;
  readonly time: string;
  readonly trust?: string;
  readonly pack?: string;
  readonly neighbourPacks?: readonly string[];
  readonly codeSigners?: string;
  readonly codePrefix?: string;
  readonly address?: string;
  readonly entry?: number;
  readonly signers?: string;
  readonly use?: number;
}

interface Answer {
  readonly verdict: string;
  readonly reason: string;
  readonly status?: number;
  /** For people; of codes alone. */
  readonly explanation?: string;
  readonly nextStep?: string;
}

const good: Answer = { verdict: 'GOOD', reason: '' };
const tooOld: Answer = { verdict: 'UNKNOWN', reason: 'STATE_TOO_OLD' };
const packs = new Map<string, OpenPack>();

const bytesOf = (path = ''): Uint8Array => new Uint8Array(readFileSync(path));
const textOf = (path: string | undefined): string => (path === undefined ? '' : readFileSync(path, 'utf8'));

async function judge(asked: Asked): Promise<Answer> {
  const now = Date.parse(asked.time);
  const trust = () => readTrust(textOf(asked.trust), textOf(asked.codeSigners), now);
  switch (asked.kind) {
    case 'code': {
      const by = codeTrust(asked, now);
      const theirs = 'producedAt' in by ? (asked.neighbourPacks ?? []).map((path) => openNeighbourPack(bytesOf(path), by)) : [];
      const answer = judgeOffline(textOf(asked.file), by, now, theirs);
      return { verdict: answer.verdict, reason: answer.reason, ...textsOf(answer) };
    }

    case 'envelope':
      return judgeEnvelope(asked);
    case 'status-list': {
      const token = await readStatusList(bytesOf(asked.file), asked.address ?? '', parsePem(textOf(asked.trust)));
      const status = token.list.at(asked.entry ?? -1);
      return now / 1000 >= token.expireTime ? tooOld : status === undefined ? { verdict: 'UNKNOWN', reason: 'NO_SUCH_ENTRY' } : { ...good, status };
    }

    case 'pack':
      return now / 1000 >= openPack(bytesOf(asked.file), trust().roots).expireTime ? tooOld : good;
    case 'delta':
      return now / 1000 >= openPack(applyDelta(bytesOf(asked.pack), bytesOf(asked.file)), trust().roots).expireTime ? tooOld : good;
    default:
      return { verdict: 'UNSUPPORTED', reason: '' };
  }
}

// Opened once, however many codes are judged by it.
function codeTrust(asked: Asked, now: number): CodeTrust | OpenPack {
  const key = `${asked.trust} ${asked.pack}`;
  const known = packs.get(key);
  if (known !== undefined) {
    return known;
  }

  const trust = readTrust(textOf(asked.trust), textOf(asked.codeSigners), now);
  if (asked.pack === undefined) {
    return { codeKeys: trust.codeKeys, codePrefix: asked.codePrefix ?? '' };
  }

  const pack = openPack(bytesOf(asked.pack), trust.roots);
  packs.set(key, pack);
  return pack;
}

function judgeEnvelope(asked: Asked): Answer {
  const envelope = Envelope.parse(bytesOf(asked.file));
  if (envelope === null) {
    return { verdict: 'MALFORMED', reason: 'STRUCTURE' };
  }

  const signer = parsePem(textOf(asked.signers)).find((certificate) => certificate.publicKey.keyId === envelope.keyId);
  return signer === undefined ? { verdict: 'NOT_OURS', reason: 'KEY_UNKNOWN' }
    : envelope.contentType !== asked.use ? { verdict: 'BAD_SIGNATURE', reason: 'KEY_PURPOSE' }
    : envelope.verify(signer.publicKey) ? good : { verdict: 'BAD_SIGNATURE', reason: 'SIGNATURE_INVALID' };
}

if (process.argv[2] !== 'vectors') {
  console.error('usage: shanting-eid-verifier vectors < one JSON line for each vector');
  process.exit(2);
}

for await (const line of createInterface({ input: process.stdin })) {
  let answer: Answer;
  try {
    answer = await judge(JSON.parse(line) as Asked);
  } catch (error) {
    if (!(error instanceof EidError)) {
      throw error; // A bug; the runner sees that no answer came.
    }

    answer = { verdict: 'BAD', reason: error.reason };
  }

  console.log(JSON.stringify(answer));
}
