// The client role: keys once, right decryption, clear refusals, and no way out for the secret key.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type HandleWatch, loadMeasuredSeal, watchHandles } from '../../fixtures/handle-count.ts';
import { CARD_SCALE, identityCard } from '../../fixtures/small-card.ts';
import { SMALL, TINY } from '../../fixtures/small-engine.ts';
import { seededRandom } from '../../fixtures/styled-codes.ts';
import { checkParameters } from '../params/parameters.ts';
import type { ResidueCiphertext } from '../params/residues.ts';
import { droppedPrime, type ModelCard } from '../plan/plan.ts';
import type { NetworkCard } from '../plan/slot-layout.ts';
import type { ClientRole } from '../protocol/contracts.ts';
import { decodeCiphertexts, decodeFrame, encodeFrame, type IndexedCiphertext } from '../protocol/frame.ts';
import type { SealModule } from '../seal/load.ts';
import { SealBackend } from '../server/backends/seal/seal-backend.ts';
import { createClientRole } from './client-role.ts';

/** No levels to spare, quickest. */
const QUICK = checkParameters({ polyModulusDegree: 2048, coeffModulusBits: [26, 27] });
const card = identityCard(QUICK);
const random = seededRandom(1);
// In the middle of what rounds to a byte, so that noise changes no pixel.
const values = Float32Array.from({ length: 48 }, () => Math.round(random() * 255) / 255);
const bytes = Uint8ClampedArray.from(
  { length: 48 },
  (_, i) => values[(i % 3) * 16 + Math.floor(i / 3)] * 255,
);

let seal: SealModule;
let handles: HandleWatch;
let role: ClientRole;
beforeAll(async () => {
  seal = await loadMeasuredSeal();
  handles = watchHandles();
});
afterEach(async () => {
  await role.close();
  expect(handles.live()).toEqual([]);
});
afterAll(() => handles.stop());

/** Steps and relinearisation of a frame of keys. */
function keysIn(frame: Uint8Array | undefined, parameters = TINY): unknown {
  if (!frame) return undefined;
  const decoded = decodeFrame(frame, parameters);
  if (decoded.kind !== 'evaluation-keys') throw new Error('Keys were expected.');
  return [decoded.keys.relinearization !== undefined, ...decoded.keys.rotations.keys()];
}

/** The card of a general network whose answer is the first four slots of what `card` announces. */
function tensorCard(card: ModelCard): NetworkCard {
  const slots = card.output.layout.blocks.slots;
  const positions = Int32Array.of(0, 1, 2, 3);
  const sources = [new Int32Array(slots).fill(-1)];
  const input = { kind: 'gather', shape: [4], batch: 1, slots, sources } as const;
  const output = { kind: 'slots', shape: [4], batch: 1, slots, count: 1 } as const;
  return {
    ...card,
    input: { ...card.input, layout: input },
    output: {
      ...card.output,
      layout: { ...output, ciphertext: new Int32Array(4), position: positions },
    },
  };
}

describe('prepare', () => {
  it('makes each key once, and only those a card needs', async () => {
    role = createClientRole();
    const ask = async (rotationSteps: number[], relinearize: boolean): Promise<unknown> =>
      keysIn((await role.prepare(identityCard(TINY, { rotationSteps, relinearize }))).keys);
    expect(await ask([], false)).toBeUndefined();
    expect(await ask([1, 2], false)).toEqual([false, 1, 2]);
    expect(await ask([1, 2], false)).toBeUndefined();
    expect(await ask([2, 5], true)).toEqual([true, 5]);
    expect(await ask([1, 2, 5], true)).toBeUndefined();
  });

  it('makes new keys for other parameters, and again when they come back', async () => {
    role = createClientRole();
    const needs = { rotationSteps: [1], relinearize: false };
    const other = checkParameters({ polyModulusDegree: 2048, coeffModulusBits: [17, 17] });
    expect(keysIn((await role.prepare(identityCard(TINY, needs))).keys)).toEqual([false, 1]);
    expect(keysIn((await role.prepare(identityCard(other, needs))).keys, other)).toEqual([false, 1]);
    expect(keysIn((await role.prepare(identityCard(TINY, needs))).keys)).toEqual([false, 1]);
    await role.close();
    expect(keysIn((await role.prepare(identityCard(TINY, needs))).keys)).toEqual([false, 1]);
  });

  it('makes one secret key when asked twice at once', async () => {
    role = createClientRole();
    const before = handles.ofClass('SecretKey').length;
    const needs = identityCard(TINY, { rotationSteps: [1] });
    const answers = await Promise.all([role.prepare(needs), role.prepare(needs)]);
    expect(handles.ofClass('SecretKey')).toHaveLength(before + 1);
    expect(answers.map(({ keys }) => keysIn(keys))).toEqual([[false, 1], undefined]);
  });

  it('refuses insecure parameters and keeps the keys it has', async () => {
    role = createClientRole();
    await role.prepare(card);
    const { frames } = await role.encrypt(card, values);
    const insecure = identityCard({ polyModulusDegree: 2048, coeffModulusBits: [40, 40] });
    await expect(role.prepare(insecure)).rejects.toMatchObject({ code: 'insecure-parameters' });
    expect((await role.decryptPicture(card, frames, undefined)).data).toEqual(new Uint8Array(bytes));
  });

  it('refuses primes that its frames cannot carry', async () => {
    role = createClientRole();
    const wide = identityCard({ polyModulusDegree: 4096, coeffModulusBits: [36, 36] });
    await expect(role.prepare(wide)).rejects.toMatchObject({ code: 'invalid-argument' });
  });
});

describe('encrypt and decryptPicture', () => {
  it('give the picture back, with its precision where a reference is given', async () => {
    role = createClientRole();
    await role.prepare(card);
    const { frames } = await role.encrypt(card, values);
    expect(frames).toHaveLength(3);
    const plain = await role.decryptPicture(card, frames, undefined);
    expect(plain).toMatchObject({ width: 4, height: 4, precision: undefined });
    expect(plain.data).toEqual(new Uint8Array(bytes));
    const { precision } = await role.decryptPicture(card, frames.toReversed(), values);
    expect(precision!.maxAbsError).toBeGreaterThan(0);
    expect(precision!.maxAbsError).toBeLessThan(1e-3);
    expect(precision!.meanAbsError).toBeLessThan(precision!.maxAbsError);
  });

  it('put fresh randomness into each encryption: equal inputs have nothing in common', async () => {
    role = createClientRole();
    await role.prepare(card);
    const [a, b] = [await role.encrypt(card, values), await role.encrypt(card, values)];
    const words = ({ frames }: typeof a): Uint32Array =>
      decodeCiphertexts(frames[0], QUICK)[0].ciphertext.words;
    const [first, second] = [words(a), words(b)];
    expect(first.filter((word, i) => word === second[i]).length).toBeLessThan(5);
  });

  it('use keys under which a server can rotate and square', async () => {
    role = createClientRole();
    const needs = identityCard(SMALL, { rotationSteps: [3], relinearize: true });
    const scale = 2 ** 24;
    const level = SMALL.maxLevel - 1;
    const small = {
      ...needs,
      input: { ...needs.input, scale },
      output: { ...needs.output, scale: scale ** 2 / droppedPrime(SMALL, SMALL.maxLevel), level },
    };
    const { keys } = await role.prepare(small);
    const { frames } = await role.encrypt(small, values);
    using backend = new SealBackend(seal, SMALL);
    const decoded = decodeFrame(keys!, SMALL);
    if (decoded.kind !== 'evaluation-keys') throw new Error('Keys were expected.');
    backend.addKeys(decoded.keys);
    const answer = frames.map((frame, index) => {
      const handle = backend.load(decodeCiphertexts(frame, SMALL)[0].ciphertext);
      const rotated = backend.rotate(handle, 3);
      const square = backend.square(rotated, small.output.scale);
      const items = [{ index, ciphertext: backend.save(square) }];
      for (const used of [handle, rotated, square]) backend.free(used);
      return encodeFrame({ kind: 'ciphertexts', items }, SMALL);
    });
    const expected = values.map((_, i) => (i % 16 < 13 ? values[i + 3] ** 2 : 0));
    const { precision } = await role.decryptPicture(small, answer, expected);
    // Slot 0 takes most of a rotation's noise: some 0.015 here.
    expect(precision!.maxAbsError).toBeLessThan(0.15);
    expect(precision!.meanAbsError).toBeLessThan(0.01);
  });

  it.each(['encrypt', 'decryptPicture'] as const)(
    'refuse to %s before prepare, after close and for others',
    async (call) => {
      role = createClientRole();
      const wrongState = { code: 'wrong-state', message: expect.stringContaining('prepare') as string };
      const act = (): Promise<unknown> =>
        call === 'encrypt' ? role.encrypt(card, values) : role.decryptPicture(card, [], undefined);
      await expect(act()).rejects.toMatchObject(wrongState);
      await role.prepare(identityCard(TINY));
      await expect(act()).rejects.toMatchObject(wrongState);
      await role.prepare(card);
      if (call === 'encrypt') await act();
      await role.close();
      await expect(act()).rejects.toMatchObject(wrongState);
      await role.close();
    },
  );

  it('refuse an input of another size', async () => {
    role = createClientRole();
    await role.prepare(card);
    await expect(role.encrypt(card, values.subarray(1))).rejects.toThrow(/shape/);
  });
});

describe('decryptPicture refuses an answer that', () => {
  const deeper = identityCard(TINY);

  /** An answer of three random ciphertexts, damaged by `change`. */
  async function answerWith(change: (items: IndexedCiphertext[]) => IndexedCiphertext[]): Promise<unknown> {
    role = createClientRole();
    await role.prepare(deeper);
    const { frames } = await role.encrypt(deeper, values);
    const items = frames.flatMap((frame) => [...decodeCiphertexts(frame, TINY)]);
    const frame = encodeFrame({ kind: 'ciphertexts', items: change(items) }, TINY);
    return role.decryptPicture(deeper, [frame], undefined);
  }
  const N = TINY.polyModulusDegree;
  const with1 =
    (change: (ciphertext: ResidueCiphertext) => Partial<ResidueCiphertext>) => (items: IndexedCiphertext[]) =>
      items.map((item) =>
        item.index === 1 ? { ...item, ciphertext: { ...item.ciphertext, ...change(item.ciphertext) } } : item,
      );

  it('has nothing wrong: no', async () => {
    expect(await answerWith((items) => items)).toMatchObject({ width: 4 });
    await role.close();
    expect(await answerWith((items) => items.toReversed())).toMatchObject({ width: 4 });
    await role.close();
    const nearly = with1(({ scale }) => ({ scale: scale * (1 + 1e-12) }));
    expect(await answerWith(nearly)).toMatchObject({ width: 4 });
  });

  it.each<[string, (items: IndexedCiphertext[]) => IndexedCiphertext[]]>([
    ['lacks a ciphertext', (items) => items.slice(1)],
    ['is empty', () => []],
    ['repeats a ciphertext', (items) => [...items, items[0]]],
    ['repeats one instead of another', ([a, b]) => [a, b, b]],
    ['numbers one beyond the last', ([a, b, c]) => [a, b, { ...c, index: 3 }]],
    ['has another scale', with1(() => ({ scale: CARD_SCALE * 1.0001 }))],
    [
      'has another level',
      with1(({ words }) => {
        const lower = new Uint32Array(2 * N);
        lower.set(words.subarray(0, N));
        lower.set(words.subarray(2 * N, 3 * N), N);
        return { level: 0, words: lower };
      }),
    ],
    [
      'has a third polynomial',
      with1(({ words }) => {
        const longer = new Uint32Array(6 * N);
        longer.set(words);
        return { size: 3, words: longer };
      }),
    ],
  ])('%s', async (_, change) => {
    await expect(answerWith(change)).rejects.toMatchObject({ code: 'malformed-frame', stage: 'decrypt' });
  });

  it('is no frame, or a frame of keys', async () => {
    role = createClientRole();
    const { keys } = await role.prepare(identityCard(TINY, { relinearize: true }));
    for (const frame of [new Uint8Array(50), keys!]) {
      await expect(role.decryptPicture(deeper, [frame], undefined)).rejects.toMatchObject({
        code: 'malformed-frame',
      });
    }
  });
});

describe('the secret key', () => {
  /** All bytes and text in `value`, however deep. */
  function contentOf(value: unknown, seen = new Set<unknown>()): Buffer[] {
    if (typeof value === 'string')
      return [Buffer.from(value), Buffer.from(value, 'base64'), Buffer.from(value, 'hex')];
    if (typeof value !== 'object' || value === null || seen.has(value)) return [];
    seen.add(value);
    if (ArrayBuffer.isView(value)) return [Buffer.from(value.buffer, value.byteOffset, value.byteLength)];
    if (value instanceof ArrayBuffer) return [Buffer.from(value)];
    const names = Reflect.ownKeys(value);
    return names.flatMap((name) => contentOf((value as Record<PropertyKey, unknown>)[name], seen));
  }

  /** Stretches of the key as SEAL saves it, and of its residues in the 32-bit form of the frames. */
  function needlesOf(secretKey: object): Buffer[] {
    const saved = (secretKey as InstanceType<SealModule['SecretKey']>).saveToArray(
      seal.ComprModeType.none,
    ) as Uint8Array;
    const head = saved.length - 8 * TINY.primes.length * TINY.polyModulusDegree;
    const residues = new BigUint64Array(saved.slice(head).buffer);
    return TINY.primes.flatMap((_, index) => {
      const part = residues.slice(index * TINY.polyModulusDegree + 8, index * TINY.polyModulusDegree + 24);
      return [Buffer.from(part.buffer), Buffer.from(Uint32Array.from(part, Number).buffer)];
    });
  }

  function leaks(answer: unknown, needles: readonly Buffer[]): boolean {
    return contentOf(answer).some((content) => needles.some((needle) => content.includes(needle)));
  }

  it('is in no answer of any method, errors included', async () => {
    role = createClientRole();
    const before = handles.ofClass('SecretKey').length;
    const full = identityCard(TINY, { rotationSteps: [1, 7], relinearize: true });
    const answers: unknown[] = [await role.warm(), await role.prepare(full), await role.prepare(full)];
    const [secretKey, ...others] = handles.ofClass('SecretKey').slice(before);
    expect(others).toEqual([]);
    const encrypted = await role.encrypt(full, values);
    answers.push(encrypted, await role.decryptPicture(full, encrypted.frames, values));
    const tensor = tensorCard(full);
    answers.push(await role.decryptTensor(tensor, encrypted.frames, 1));
    answers.push(await role.decryptTensor(tensor, [], 1).catch((error: unknown) => error));
    const group = { runId: 1, first: 0, inputs: 1 };
    answers.push(await role.hold(tensor, encrypted.frames, group, undefined));
    answers.push(await role.encryptHeld(tensor, group));
    answers.push(await role.encryptHeld(tensor, group).catch((error: unknown) => error));
    answers.push(await role.encrypt(full, new Float32Array(1)).catch((error: unknown) => error));
    answers.push(await role.decryptPicture(full, [], undefined).catch((error: unknown) => error));
    const needles = needlesOf(secretKey);
    expect(Object.keys(role).sort()).toEqual([
      'close',
      'decryptPicture',
      'decryptTensor',
      'encrypt',
      'encryptHeld',
      'hold',
      'prepare',
      'warm',
    ]);
    answers.push(await role.close(), role);
    expect(answers.map((answer) => leaks(answer, needles))).toEqual(answers.map(() => false));
    expect(
      answers.flatMap((answer) => contentOf(answer)).reduce((sum, { length }) => sum + length, 0),
    ).toBeGreaterThan(1e5);
  });

  it('would be found in each form it could take', async () => {
    role = createClientRole();
    const before = handles.ofClass('SecretKey').length;
    await role.prepare(identityCard(TINY));
    const secretKey = handles.ofClass('SecretKey')[before] as InstanceType<SealModule['SecretKey']>;
    const needles = needlesOf(secretKey);
    const saved = secretKey.saveToArray(seal.ComprModeType.none) as Uint8Array;
    const head = saved.length - 8 * TINY.primes.length * TINY.polyModulusDegree;
    const words = Uint32Array.from(new BigUint64Array(saved.slice(head).buffer), Number);
    const ciphertext = { size: 2, level: 1, scale: 1, words: new Uint32Array(4 * TINY.polyModulusDegree) };
    ciphertext.words.set(words.subarray(0, 2 * TINY.polyModulusDegree));
    const frame = encodeFrame({ kind: 'ciphertexts', items: [{ index: 0, ciphertext }] }, TINY);
    for (const leak of [
      saved,
      { deep: [{ frames: [frame] }] },
      Buffer.from(saved).toString('base64'),
      new Error(Buffer.from(saved).toString('hex')),
    ]) {
      expect(leaks(leak, needles)).toBe(true);
    }
  });

  it('hangs on nothing that can be reached: a frozen object of functions without a prototype', () => {
    role = createClientRole();
    expect(Object.isFrozen(role)).toBe(true);
    expect(Object.getPrototypeOf(role)).toBeNull();
    for (const name of Reflect.ownKeys(role)) {
      const method = (role as unknown as Record<PropertyKey, unknown>)[name];
      expect(typeof method).toBe('function');
      expect(
        Reflect.ownKeys(method as object).filter(
          (key) => !['length', 'name', 'prototype'].includes(String(key)),
        ),
      ).toEqual([]);
    }
  });
});
