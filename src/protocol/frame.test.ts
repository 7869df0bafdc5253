// Frames: what is written is read back, whatever is damaged is refused in one way, and the format is frozen.
import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { randomCiphertext, randomKey, TINY } from '../../fixtures/small-engine.ts';
import { seededRandom } from '../../fixtures/styled-codes.ts';
import { SealedError } from '../base/errors.ts';
import { checkParameters } from '../params/parameters.ts';
import type {
  ResidueCiphertext,
  ResidueEvaluationKeys,
  ResidueKey,
  SeededCiphertext,
} from '../params/residues.ts';
import {
  decodeAnswer,
  decodeCiphertexts,
  decodeFrame,
  encodeFrame,
  type Frame,
  type IndexedCiphertext,
} from './frame.ts';

const malformed = expect.objectContaining({ code: 'malformed-frame' });

function ciphertextsFrame(seed: number, count: number): Frame & { readonly kind: 'ciphertexts' } {
  const random = seededRandom(seed);
  const items = Array.from({ length: count }, (): IndexedCiphertext => {
    const level = Math.floor(random() * (TINY.maxLevel + 1));
    const whole = randomCiphertext(random, TINY, level, random() < 0.5 ? 2 : 3);
    const ciphertext = random() < 0.5 ? whole : seededFrom(random, whole);
    return { index: Math.floor(random() * 2 ** 32), ciphertext };
  });
  return { kind: 'ciphertexts', items };
}

/** The first polynomial of a ciphertext, with a seed in the place of the others. */
function seededFrom(
  random: () => number,
  { level, scale, size, words }: ResidueCiphertext,
): SeededCiphertext {
  return { level, scale, words: words.slice(0, words.length / size), seed: someSeed(random) };
}

function someSeed(random: () => number): Uint8Array {
  return Uint8Array.from({ length: 64 }, () => 256 * random());
}

/** A key for `level`, seeded or whole. */
function someKey(random: () => number, level: number, isSeeded: boolean): ResidueKey {
  const degree = TINY.polyModulusDegree;
  const rows = [...Array(level + 1).keys(), TINY.maxLevel + 1];
  const digits = randomKey(random, TINY)
    .digits.slice(0, level + 1)
    .map((digit) => {
      const parts = [0, 1].flatMap((poly) => rows.map((row) => poly * TINY.primes.length + row));
      const kept = isSeeded ? parts.slice(0, rows.length) : parts;
      return Uint32Array.from(kept.flatMap((row) => [...digit.subarray(row * degree, (row + 1) * degree)]));
    });
  const seeds = digits.map(() => someSeed(random));
  return { digits, ...(level < TINY.maxLevel && { level }), ...(isSeeded && { seeds }) };
}

function keysFrame(seed: number, hasRelinearization: boolean, steps: readonly number[]): Frame {
  const random = seededRandom(seed);
  const keys: ResidueEvaluationKeys = {
    relinearization: hasRelinearization ? randomKey(random, TINY) : undefined,
    rotations: new Map(steps.map((step) => [step, randomKey(random, TINY)])),
  };
  return { kind: 'evaluation-keys', keys };
}

const anyFrame = fc.oneof(
  fc.tuple(fc.nat(), fc.nat(3)).map(([seed, count]): Frame => ciphertextsFrame(seed, count)),
  fc
    .tuple(
      fc.nat(),
      fc.boolean(),
      fc.uniqueArray(fc.integer({ min: 1, max: TINY.slots - 1 }), { maxLength: 2 }),
    )
    .map(([seed, relinearize, steps]) => keysFrame(seed, relinearize, steps)),
);

describe('encodeFrame and decodeFrame', () => {
  it('give back what was written, in a buffer of its own', () => {
    fc.assert(
      fc.property(anyFrame, (frame) => {
        const bytes = encodeFrame(frame, TINY);
        expect(bytes.byteLength).toBe(bytes.buffer.byteLength);
        const decoded = decodeFrame(bytes, TINY);
        // Compared as bytes: walking megabytes of residues value by value is slow.
        expect(decoded.kind).toBe(frame.kind);
        expect(Buffer.compare(encodeFrame(decoded, TINY), bytes)).toBe(0);
        if (decoded.kind === 'ciphertexts' && frame.kind === 'ciphertexts') {
          const heads = ({ items }: typeof frame): unknown =>
            items.map(({ index, ciphertext: { words, ...head } }) => ({
              index,
              ...head,
              count: words.length,
            }));
          expect(heads(decoded)).toEqual(heads(frame));
        }
        if (decoded.kind === 'evaluation-keys' && frame.kind === 'evaluation-keys') {
          expect([...decoded.keys.rotations.keys()]).toEqual([...frame.keys.rotations.keys()]);
          expect(decoded.keys.relinearization === undefined).toBe(frame.keys.relinearization === undefined);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('keep every residue, scale and index exactly', () => {
    const frame = ciphertextsFrame(1, 2);
    expect(decodeFrame(encodeFrame(frame, TINY), TINY)).toEqual(frame);
    const keys = keysFrame(2, true, [7]);
    expect(decodeFrame(encodeFrame(keys, TINY), TINY)).toEqual(keys);
  });

  it('keep seeds, and keys that were cut to levels', () => {
    const random = seededRandom(11);
    const rotations = new Map(
      [0, TINY.maxLevel].flatMap((level) =>
        [true, false].map((isSeeded, i) => [2 * level + i + 1, someKey(random, level, isSeeded)] as const),
      ),
    );
    const keys = {
      kind: 'evaluation-keys',
      keys: { relinearization: someKey(random, 0, true), rotations },
    } as const;
    expect(decodeFrame(encodeFrame(keys, TINY), TINY)).toEqual(keys);
    const ciphertext = seededFrom(random, randomCiphertext(random, TINY, 1, 2));
    const frame = { kind: 'ciphertexts', items: [{ index: 7, ciphertext }] } as const;
    expect(decodeFrame(encodeFrame(frame, TINY), TINY)).toEqual(frame);
  });

  it('take the bits of the primes, and 64 bytes for a half that follows from a seed', () => {
    const [random, degree] = [seededRandom(12), TINY.polyModulusDegree];
    const whole = { index: 0, ciphertext: randomCiphertext(random, TINY, 1, 2) };
    const seeded = { index: 0, ciphertext: seededFrom(random, whole.ciphertext) };
    const bytes = (item: IndexedCiphertext): number =>
      encodeFrame({ kind: 'ciphertexts', items: [item] }, TINY).length - HEADER_BYTES - 4 - 15;
    expect(bytes(whole)).toBe((2 * 2 * degree * 17) / 8);
    expect(bytes(seeded)).toBe(64 + (2 * degree * 17) / 8);
  });

  it('give out copies: changing the bytes afterwards changes nothing', () => {
    const bytes = encodeFrame(ciphertextsFrame(1, 1), TINY);
    const [{ ciphertext }] = decodeCiphertexts(bytes, TINY);
    const before = ciphertext.words.slice();
    bytes.fill(0xff);
    expect(ciphertext.words).toEqual(before);
  });
});

/** Magic, kind, N, number of primes and their sizes, then the count or the flag. */
const HEADER_BYTES = 10 + TINY.primes.length;

describe('decodeFrame refuses', () => {
  let ciphertexts: Uint8Array<ArrayBuffer>;
  let keys: Uint8Array<ArrayBuffer>;
  beforeAll(() => {
    ciphertexts = encodeFrame(ciphertextsFrame(3, 1), TINY);
    keys = encodeFrame(keysFrame(4, true, [5, 9]), TINY);
  });
  const decode = (bytes: Uint8Array) => () => decodeFrame(bytes, TINY);
  /** `bytes` with those at `at` replaced. */
  const patched = (bytes: Uint8Array, at: number, ...values: number[]): Uint8Array => {
    const copy = bytes.slice();
    copy.set(values, at);
    return copy;
  };

  it('no sound frame', () => {
    expect(decode(ciphertexts)).not.toThrow();
    expect(decode(keys)).not.toThrow();
  });

  it('every truncation', () => {
    for (const bytes of [ciphertexts, keys]) {
      const lengths = [
        ...Array(64).keys(),
        ...Array.from({ length: 60 }, (_, i) => Math.floor((bytes.length * i) / 60)),
      ];
      for (let back = 1; back <= 16; back += 1) lengths.push(bytes.length - back);
      for (const length of lengths) expect(decode(bytes.subarray(0, length))).toThrow(malformed);
    }
  });

  it('every extension', () => {
    for (const bytes of [ciphertexts, keys]) {
      for (const extra of [1, 4, 100]) {
        const longer = new Uint8Array(bytes.length + extra);
        longer.set(bytes);
        expect(decode(longer)).toThrow(malformed);
      }
    }
  });

  it('every changed byte of the header and of a count', () => {
    for (const [bytes, end] of [
      [ciphertexts, HEADER_BYTES + 4],
      [keys, HEADER_BYTES + 1],
    ] as const) {
      for (let at = 0; at < end; at += 1) {
        for (const flip of [1, 2, 3, 0x80, 0xff]) {
          expect(decode(patched(bytes, at, bytes[at] ^ flip)), `byte ${at} ^ ${flip}`).toThrow(malformed);
        }
      }
    }
  });

  it('every kind but the two: there is none that could hold a secret key', () => {
    for (let kind = 0; kind < 256; kind += 1) {
      if (kind === 1 || kind === 2) continue;
      expect(decode(patched(ciphertexts, 4, kind))).toThrow(/Unknown frame kind/);
    }
  });

  it('a frame of other parameters, even of the same size', () => {
    const others = [
      checkParameters({ polyModulusDegree: 4096, coeffModulusBits: [17, 17, 18] }),
      checkParameters({ polyModulusDegree: 2048, coeffModulusBits: [17, 17] }),
      checkParameters({ polyModulusDegree: 2048, coeffModulusBits: [17, 17, 18] }),
      checkParameters({ polyModulusDegree: 2048, coeffModulusBits: [17, 16, 17] }),
    ];
    for (const parameters of others) {
      expect(() => decodeFrame(ciphertexts, parameters)).toThrow(/other parameters/);
      expect(() => decodeFrame(keys, parameters)).toThrow(/other parameters/);
    }
  });

  it('residues that are not below their prime', () => {
    const first = HEADER_BYTES + 4 + 15;
    expect(decode(patched(ciphertexts, first, 0xff, 0xff, 0xff, 0xff))).toThrow(/below its prime/);
    expect(decode(patched(ciphertexts, ciphertexts.length - 4, 0xff, 0xff, 0xff, 0xff))).toThrow(
      /below its prime/,
    );
    expect(decode(patched(keys, keys.length - 4, 0xff, 0xff, 0xff, 0xff))).toThrow(/below its prime/);
    const prime = new Uint8Array(Uint32Array.of(Number(TINY.primes[0])).buffer);
    expect(decode(patched(ciphertexts, first, ...prime))).toThrow(/below its prime/);
  });

  it('sizes, levels and scales that cannot be', () => {
    const at = HEADER_BYTES + 4 + 5;
    for (const size of [0, 1, 4, 255]) expect(decode(patched(ciphertexts, at, size))).toThrow(malformed);
    for (const level of [2, 255]) expect(decode(patched(ciphertexts, at + 1, level))).toThrow(malformed);
    for (const scale of [0, -1, NaN, Infinity, -Infinity]) {
      const bytes = new Uint8Array(Float64Array.of(scale).buffer);
      expect(decode(patched(ciphertexts, at + 2, ...bytes))).toThrow(malformed);
    }
  });

  it('a flag that is neither 0 nor 1, and rotation steps out of range or given twice', () => {
    expect(decode(patched(keys, HEADER_BYTES, 2))).toThrow(/flag/);
    const step = (steps: readonly number[]) => () =>
      decodeFrame(encodeFrame(keysFrame(5, false, steps), TINY), TINY);
    expect(step([TINY.slots - 1])).not.toThrow();
    expect(step([0])).toThrow(/out of range/);
    expect(step([TINY.slots])).toThrow(/out of range/);
    expect(step([2 ** 32 - 1])).toThrow(/out of range/);
    const keyBytes = (keys.length - HEADER_BYTES - 1 - 4 - 2 * 4) / 3;
    const second = keys.length - keyBytes - 4;
    expect(keys[second]).toBe(9);
    expect(decode(patched(keys, second, 5))).toThrow(/given twice/);
  });

  it('counts that promise more than there is, without reserving memory for it', () => {
    const huge = patched(ciphertexts, HEADER_BYTES, 0xff, 0xff, 0xff, 0xff);
    expect(decode(huge)).toThrow(/too many/);
    expect(decode(patched(ciphertexts, HEADER_BYTES, 0, 0, 1, 0))).toThrow(malformed);
    expect(decode(patched(keys, keys.length - 4, 0))).not.toThrow();
  });

  it('random bytes, behind a sound header or not, always in the same way', () => {
    fc.assert(
      fc.property(
        fc.nat(HEADER_BYTES),
        fc.uint8Array({ maxLength: 400 }),
        fc.boolean(),
        (kept, noise, ofKeys) => {
          const bytes = new Uint8Array(kept + noise.length);
          bytes.set((ofKeys ? keys : ciphertexts).subarray(0, kept));
          bytes.set(noise, kept);
          try {
            decodeFrame(bytes, TINY);
          } catch (error) {
            expect(error).toBeInstanceOf(SealedError);
            expect(error).toEqual(malformed);
            return;
          }
          // The only frames this short that are sound hold nothing.
          expect(bytes.length).toBeLessThanOrEqual(HEADER_BYTES + 5);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('a form that is none, a seeded ciphertext of three polynomials, a key above the levels', () => {
    const at = HEADER_BYTES + 4 + 4;
    for (const form of [2, 255]) expect(decode(patched(ciphertexts, at, form))).toThrow(/Unknown form/);
    const random = seededRandom(13);
    const ciphertext = seededFrom(random, randomCiphertext(random, TINY, 0, 2));
    const seeded = encodeFrame({ kind: 'ciphertexts', items: [{ index: 0, ciphertext }] }, TINY);
    expect(decode(seeded)).not.toThrow();
    expect(decode(patched(seeded, at + 1, 3))).toThrow(/impossible size/);
    expect(decode(patched(keys, HEADER_BYTES + 1, 7))).toThrow(/Unknown form/);
    expect(decode(patched(keys, HEADER_BYTES + 2, TINY.maxLevel + 1))).toThrow(/impossible level/);
  });

  it('seeds in an answer: nothing that was computed follows from one', () => {
    const random = seededRandom(14);
    const whole = randomCiphertext(random, TINY, 1, 2);
    const frame = (ciphertext: ResidueCiphertext | SeededCiphertext): Uint8Array =>
      encodeFrame({ kind: 'ciphertexts', items: [{ index: 0, ciphertext }] }, TINY);
    expect(decodeAnswer(frame(whole), TINY)).toEqual([{ index: 0, ciphertext: whole }]);
    expect(() => decodeAnswer(frame(seededFrom(random, whole)), TINY)).toThrow(malformed);
  });

  it('keys where ciphertexts are expected', () => {
    expect(() => decodeCiphertexts(keys, TINY)).toThrow(malformed);
    expect(decodeCiphertexts(ciphertexts, TINY)).toHaveLength(1);
  });
});

describe('frozen formats', () => {
  it('frames under fixed seeds', () => {
    const hash = (frame: Frame): string =>
      createHash('sha256').update(encodeFrame(frame, TINY)).digest('hex');
    expect(hash(ciphertextsFrame(6, 2))).toMatchInlineSnapshot(
      `"505f9721ffcf246ddf01cb410de9bc9d806f3cfc92f9ac64e24c437d3b4ff6f3"`,
    );
    expect(hash(keysFrame(7, true, [1, 512]))).toMatchInlineSnapshot(
      `"5c46ed13abcba7f904641b4a05fc2e758c260cf9907c74115c90433a006884aa"`,
    );
    expect(hash({ kind: 'ciphertexts', items: [] })).toMatchInlineSnapshot(
      `"e7af4a7cb990ba7ab937488c1d408a790162d52ce2e1d0456c9593ce7a99814b"`,
    );
  });
});
