// Whatever is changed in a code is refused, and nothing that strangers send ends in anything but a refusal.
// EID_MUTATED_CODES and EID_FUZZ say how much of each is tried.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { applyDelta, EidError, Envelope, judgeOffline, openPack, parsePem, readStatusList, readTrust, textsOf } from '../dist/index.js';

const vectors = new URL('../../../tests/vectors/', import.meta.url);
const bytesOf = (name) => new Uint8Array(readFileSync(new URL(name, vectors)));
const textOf = (name) => readFileSync(new URL(name, vectors), 'utf8');
const now = Date.parse('2026-03-02T07:00:00Z');
const { roots } = readTrust(textOf('trust/authority.pem'), '', now);
const pack = openPack(bytesOf('packs/states.bin'), roots);
const count = (name, usual) => Number(process.env[name] ?? usual);

// The same numbers in every run (xorshift32).
let state = 20260302;
function below(limit) {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % limit;
}

test('every changed character of a code is refused', () => {
  const codes = ['code-good.txt', 'code-good-longest-name.txt', 'code-good-suspended.txt', 'code-good-comprehensive.txt'].map(textOf).slice(0, count('EID_MUTATED_CODES', 2));
  let tried = 0;
  let accepted = 0;
  for (const text of codes) {
    assert.notEqual(judgeOffline(text, pack, now).claims, null);
    for (let at = 0; at < text.length; at++) {
      const others = [text[at].toLowerCase(), text[at] === 'A' ? 'B' : 'A', String.fromCharCode(text.charCodeAt(at) ^ 1)].filter((character) => character !== text[at]);
      const answer = judgeOffline(text.slice(0, at) + others[at % others.length] + text.slice(at + 1), pack, now);
      tried++;
      accepted += answer.claims !== null || ['VALID', 'SUSPENDED', 'SUPERSEDED', 'REVOKED', 'UNKNOWN'].includes(answer.verdict) ? 1 : 0;
    }
  }

  console.log(`figure mutated_codes_browser ${codes.length} codes`);
  console.log(`figure mutated_characters_browser ${tried} characters`);
  console.log(`figure mutated_accepted_browser ${accepted} codes <= 0`);
  assert.equal(accepted, 0);
});

test('no input ends in anything but a refusal, soon', async () => {
  const trust = parsePem(textOf('trust/status.pem'));
  const seeds = (kind) => readdirSync(vectors).filter((name) => name.startsWith(kind) && /\.(bin|txt)$/.test(name)).map(bytesOf).filter((bytes) => bytes.length > 0 && bytes.length < 20_000);
  const before = bytesOf('packs/before.bin');
  const kinds = [
    [50, seeds('code'), (bytes) => textsOf(judgeOffline(new TextDecoder().decode(bytes), pack, now))],
    [40, [...seeds('envelope'), ...seeds('pack'), ...seeds('status-list')], (bytes) => Envelope.parse(bytes)],
    [4, seeds('pack'), (bytes) => openPack(bytes, roots)],
    [4, seeds('delta'), (bytes) => openPack(applyDelta(before, bytes), roots)],
    [2, seeds('status-list'), (bytes) => readStatusList(bytes, 'https://eid.shanting.example/status/0', trust)],
  ];
  const inputs = count('EID_FUZZ', 10_000);
  let tried = 0;
  let slowest = 0;
  for (const [share, samples, take] of kinds) {
    assert.ok(samples.length > 5);
    for (let i = 0; i < (inputs * share) / 100; i++, tried++) {
      const bytes = altered(samples);
      const start = performance.now();
      try {
        await take(bytes);
      } catch (error) {
        assert.ok(error instanceof EidError, `${error.stack}\n${Buffer.from(bytes).toString('base64')}`);
      }

      slowest = Math.max(slowest, performance.now() - start);
    }
  }

  console.log(`figure fuzz_inputs_browser ${tried} inputs >= ${inputs}`);
  assert.ok(slowest < 2000, `${slowest} ms`);
});

function altered(samples) {
  let bytes = [...samples[below(samples.length)]];
  for (let steps = 1 + below(3); steps > 0 && bytes.length > 0; steps--) {
    const at = below(bytes.length);
    switch (below(5)) {
      case 0: bytes[at] = below(256); break;
      case 1: bytes[at] ^= 1 << below(8); break;
      case 2: bytes.splice(at, 1 + below(8)); break;
      case 3: bytes.splice(at, 0, ...bytes.slice(at, at + 1 + below(16))); break;
      default: bytes = bytes.slice(0, at);
    }
  }

  return Uint8Array.from(bytes);
}
