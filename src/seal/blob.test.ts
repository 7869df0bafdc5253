// Our reading and writing of SEAL's blobs against SEAL's own, byte for byte.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type HandleWatch, loadMeasuredSeal, watchHandles } from '../../fixtures/handle-count.ts';
import { TestKeys } from '../../fixtures/seal-keys.ts';
import { randomCiphertext, SMALL, TINY } from '../../fixtures/small-engine.ts';
import { seededRandom } from '../../fixtures/styled-codes.ts';
import {
  galoisKeyIndex,
  readCiphertextBlob,
  readKeysBlob,
  writeCiphertextBlob,
  writeKeysBlob,
  writePlaintextBlob,
} from './blob.ts';
import { SealContext } from './context.ts';
import type { SealModule } from './load.ts';

let seal: SealModule;
let keys: TestKeys;
let handles: HandleWatch;
beforeAll(async () => {
  seal = await loadMeasuredSeal();
  keys = new TestKeys(seal, SMALL);
  handles = watchHandles();
});
afterEach(() => expect(handles.live()).toEqual([]));
afterAll(() => {
  handles.stop();
  keys[Symbol.dispose]();
});

const N = SMALL.polyModulusDegree;
const slots = Float64Array.from({ length: SMALL.slots }, (_, i) => Math.sin(i));
const malformed = expect.objectContaining({ code: 'malformed-frame' });

describe('ciphertexts', () => {
  it.each([0, 1, 2])('of level %i: SEAL’s bytes read and written are SEAL’s bytes', (level) => {
    using handle = keys.context.load(keys.encrypt(slots, 2 ** 24, level));
    const bytes = keys.save(handle);
    const read = readCiphertextBlob(bytes);
    expect(read).toMatchObject({ size: 2, primes: level + 1, polyModulusDegree: N, scale: 2 ** 24 });
    expect(Buffer.compare(writeCiphertextBlob(keys.context.parmsId(level), read), bytes)).toBe(0);
  });

  it('of three polynomials, as a square makes them', () => {
    using handle = keys.context.load(keys.encrypt(slots, 2 ** 24));
    using evaluator = new seal.Evaluator(keys.context.handle);
    evaluator.squareInplace(handle);
    const bytes = keys.save(handle);
    const read = readCiphertextBlob(bytes);
    expect(read).toMatchObject({ size: 3, primes: 3, scale: 2 ** 48 });
    expect(Buffer.compare(writeCiphertextBlob(keys.context.parmsId(2), read), bytes)).toBe(0);
  });

  it('that were never SEAL’s survive a visit there', () => {
    const random = seededRandom(1);
    for (const level of [0, 1]) {
      using context = new SealContext(seal, TINY);
      const ciphertext = randomCiphertext(random, TINY, level);
      using handle = context.load(ciphertext);
      expect(context.save(handle)).toEqual(ciphertext);
    }
  });

  it('are refused when seeded, compressed, cut short, too long or of another kind', () => {
    using handle = keys.context.load(keys.encrypt(slots, 2 ** 24, 0));
    const bytes = keys.save(handle);
    expect(() => readCiphertextBlob(bytes)).not.toThrow();
    using plaintext = new seal.Plaintext();
    keys.context.encoder.encode(slots, 2 ** 24, plaintext);
    using seeded = keys.encryptor.encryptSymmetricSerializable(plaintext);
    expect(() => readCiphertextBlob(keys.save(seeded))).toThrow(malformed);
    const zlib = handle.saveToArray(seal.ComprModeType.zlib) as Uint8Array;
    expect(() => readCiphertextBlob(zlib)).toThrow(malformed);
    for (const length of [0, 1, 15, 16, 100, 112, bytes.length - 1]) {
      expect(() => readCiphertextBlob(bytes.subarray(0, length))).toThrow(malformed);
    }
    expect(() => readCiphertextBlob(Buffer.concat([bytes, Buffer.of(0)]))).toThrow(malformed);
    expect(() => readCiphertextBlob(keys.save(plaintext))).toThrow(malformed);
  });
});

describe('plaintexts', () => {
  it.each([0, 1, 2])('at level %i are what SEAL encodes', (level) => {
    using evaluator = new seal.Evaluator(keys.context.handle);
    using plaintext = new seal.Plaintext();
    keys.context.encoder.encode(slots, 2 ** 20, plaintext);
    keys.context.withParmsId(level, (id) => {
      if (level < SMALL.maxLevel) evaluator.plainModSwitchToInplace(plaintext, id);
    });
    const bytes = keys.save(plaintext);
    // Header, parms id, count, scale, the array's header and count; then one 64-bit residue each.
    const head = 16 + 32 + 8 + 8 + 16 + 8;
    const residues = new BigUint64Array(bytes.slice(head).buffer);
    expect(residues).toHaveLength((level + 1) * N);
    const words = Uint32Array.from(residues, Number);
    expect(Buffer.compare(writePlaintextBlob(keys.context.parmsId(level), 2 ** 20, words), bytes)).toBe(0);
  });
});

describe('keys', () => {
  it('for relinearisation: SEAL’s bytes read and written are SEAL’s bytes', () => {
    using handle = keys.generator.createRelinKeys();
    const bytes = keys.save(handle);
    const read = readKeysBlob(bytes);
    expect([...read.keys()]).toEqual([0]);
    expect(read.get(0)).toHaveLength(3);
    expect(Buffer.compare(writeKeysBlob(keys.context.keyParmsId, read, 4, N), bytes)).toBe(0);
  });

  it('for rotations: SEAL’s bytes read and written are SEAL’s bytes, found at the index of their step', () => {
    const steps = [1, 5, SMALL.slots - 1];
    using handle = keys.generator.createGaloisKeysWithSteps(Int32Array.from(steps));
    const bytes = keys.save(handle);
    const read = readKeysBlob(bytes);
    expect(new Set(read.keys())).toEqual(new Set(steps.map((step) => galoisKeyIndex(step, N))));
    expect(Buffer.compare(writeKeysBlob(keys.context.keyParmsId, read, 4, N), bytes)).toBe(0);
  });

  it('have indices that SEAL agrees with', () => {
    for (const step of [1, 2, 3, 64, 1000, SMALL.slots - 1]) {
      using handle = keys.generator.createGaloisKeysWithSteps(Int32Array.of(step));
      const index = galoisKeyIndex(step, N);
      expect(handle.hasKey(2 * index + 1)).toBe(true);
      expect(handle.getIndex(2 * index + 1)).toBe(index);
    }
  });
});
