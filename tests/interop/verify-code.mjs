// Verifies a licence code with sm-crypto, from the text alone: Base32, then COSE_Sign1 read by hand, then SM2.
// Usage: node verify-code.mjs PREFIX PUBLIC_KEY_HEX(04‖X‖Y) < codes, one each line. Prints "good" or "bad" for each.
import { readFileSync } from 'node:fs';
import sm from 'sm-crypto';

const [prefix, publicKey] = process.argv.slice(2);

function base32(text) {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bytes = [];
  let buffer = 0, bits = 0;
  for (const c of text) {
    const value = alphabet.indexOf(c);
    if (value < 0) throw new Error('alphabet');
    buffer = ((buffer << 5) | value) & 0xffff;
    bits += 5;
    if (bits >= 8) bytes.push((buffer >> (bits -= 8)) & 255);
  }
  return Uint8Array.from(bytes);
}

// Reads one CBOR head: major type, argument, and where the content starts.
function head(bytes, at) {
  const major = bytes[at] >> 5, info = bytes[at] & 31;
  if (info < 24) return [major, info, at + 1];
  if (info === 24) return [major, bytes[at + 1], at + 2];
  if (info === 25) return [major, (bytes[at + 1] << 8) | bytes[at + 2], at + 3];
  throw new Error('length');
}

function bytesHead(length) {
  return length < 24 ? [0x40 | length] : length < 256 ? [0x58, length] : [0x59, length >> 8, length & 255];
}

function verify(text) {
  if (!text.startsWith(prefix + '1')) return false;
  const bytes = base32(text.slice(prefix.length + 1));
  if (bytes[0] !== 0xd2 || bytes[1] !== 0x84) return false;
  let at = 2;
  const strings = [];
  for (let i = 0; i < 4; i++) {
    const [major, length, start] = head(bytes, at);
    if (major === 5 && length === 0) { at = start; continue; }
    if (major !== 2) return false;
    strings.push(bytes.slice(start, start + length));
    at = start + length;
  }
  const [header, payload, signature] = strings;
  const signed = [0x84, 0x6a, ...new TextEncoder().encode('Signature1'),
    ...bytesHead(header.length), ...header, 0x40, ...bytesHead(payload.length), ...payload];
  return sm.sm2.doVerifySignature(signed, Buffer.from(signature).toString('hex'), publicKey, { hash: true, userId: '1234567812345678' });
}

for (const line of readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
  let good = false;
  try { good = verify(line); } catch { good = false; }
  console.log(good ? 'good' : 'bad');
}
