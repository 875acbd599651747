import { sm2, sm3 as sm3Hex } from 'sm-crypto-v2';
import { fromHex, sameBytes, toHex } from './bytes.js';
import { DerReader, tag } from './der.js';
import { EidError, FormError, orNull } from './errors.js';

/** The signer's ID, always said explicitly (GM/T 0009 clause 10). */
const userId = '1234567812345678';

// Order of the group and prime of the field (GB/T 32918.5).
const order = BigInt('0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123');
const prime = BigInt('0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF');

// GB/T 20518: id-ecPublicKey with the SM2 curve by name, BIT STRING 04‖X‖Y. Explicit parameters could carry a forger's generator.
const spkiPrefix = fromHex('3059301306072a8648ce3d020106082a811ccf5501822d03420004');
const spkiSize = 91;

// Tables for a key cost as much as four verifications and make each five times as fast.
const usesBeforeTables = 4;

const numberOf = (bytes: Uint8Array): bigint => BigInt('0x' + toHex(bytes));

/** SM3 (GB/T 32905), 32 bytes. */
export function sm3(data: Uint8Array): Uint8Array {
  return fromHex(sm3Hex(data));
}

/** Signature r‖s of 64 bytes, both in [1, n-1]; null for anything else. */
export function signatureOfRaw(raw: Uint8Array): Uint8Array | null {
  const isInRange = (bytes: Uint8Array): boolean => {
    const number = numberOf(bytes);
    return number > 0n && number < order;
  };
  return raw.length === 64 && isInRange(raw.subarray(0, 32)) && isInRange(raw.subarray(32)) ? raw : null;
}

/** Signature SEQUENCE { r INTEGER, s INTEGER } (GM/T 0009 clause 7.3) as r‖s; null for anything but its one form. */
export function signatureOfDer(der: Uint8Array): Uint8Array | null {
  return orNull(() => {
    const outer = new DerReader(der);
    const numbers = outer.enter(tag.sequence);
    outer.end();
    const raw = new Uint8Array(64);
    for (const end of [32, 64]) {
      const number = numbers.positiveInteger();
      if (number.length > 32) {
        throw new FormError('number');
      }

      raw.set(number, end - number.length);
    }

    numbers.end();
    return signatureOfRaw(raw);
  });
}

/** A public key on the named curve. */
export class Sm2PublicKey {
  /** First eight bytes of SM3 over the SubjectPublicKeyInfo, 16 hexadecimal digits. */
  readonly keyId: string;

  private readonly point: string;
  private tables: ReturnType<typeof sm2.precomputePublicKey> | undefined;
  private uses = 0;

  /** @throws EidError PUBLIC_KEY_INVALID: not exactly the named-curve form, or not on the curve. */
  constructor(spki: Uint8Array) {
    if (spki.length !== spkiSize || !sameBytes(spki.subarray(0, spkiPrefix.length), spkiPrefix)) {
      throw new EidError('PUBLIC_KEY_INVALID', '公钥必须是命名曲线 SM2（1.2.156.10197.1.301）的非压缩点');
    }

    this.point = '04' + toHex(spki.subarray(spkiPrefix.length));
    if (numberOf(spki.subarray(27, 59)) >= prime || numberOf(spki.subarray(59)) >= prime || !isOnCurve(this.point)) {
      throw new EidError('PUBLIC_KEY_INVALID', '公钥不在 SM2 曲线上');
    }

    this.keyId = toHex(sm3(spki).subarray(0, 8));
  }

  /** Whether the signature over the data is good (GB/T 32918.2). */
  verify(data: Uint8Array, signature: Uint8Array): boolean {
    const digest = fromHex(sm2.getHash(data, this.point, userId));
    const [r, s] = [numberOf(signature.subarray(0, 32)), numberOf(signature.subarray(32))];
    // r = e would need a sum at infinity, which the library takes for the point (0, 0); t = r + s must not vanish.
    if (r === numberOf(digest) % order || (r + s) % order === 0n) {
      return false;
    }

    if (++this.uses === usesBeforeTables) {
      this.tables = sm2.precomputePublicKey(this.point);
    }

    return sm2.doVerifySignature(digest, toHex(signature), this.tables ?? this.point);
  }
}

function isOnCurve(point: string): boolean {
  try {
    return sm2.verifyPublicKey(point);
  } catch {
    return false; // The library throws for some of what it refuses.
  }
}
