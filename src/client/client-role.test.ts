// The client role: keys once, right decryption, clear refusals, and no way out for the secret key.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type HandleWatch, loadMeasuredSeal, watchHandles } from '../../fixtures/handle-count.ts';
import { CARD_SCALE, cardOf, identityCard } from '../../fixtures/small-card.ts';
import { SMALL, TINY } from '../../fixtures/small-engine.ts';
import { seededRandom } from '../../fixtures/styled-codes.ts';
import { checkParameters, type ParametersLiteral } from '../params/parameters.ts';
import type { ResidueCiphertext } from '../params/residues.ts';
import type { SegmentInterface } from '../plan/client-interface.ts';
import type { Graph } from '../model/graph.ts';
import type { Picture } from '../plan/finish.ts';
import { droppedPrime } from '../plan/plan.ts';
import { encode } from '../base/codec.ts';
import { sha256Hex } from '../base/sha256.ts';
import { parametersCodec } from '../params/parameters-codec.ts';
import type { Card } from '../protocol/card.ts';
import { encodeCard } from '../protocol/card-codec.ts';
import type { ClientRole } from '../protocol/client.ts';
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

// More than any card here needs.
const ALL = 100;

/** Has the role take `card`. @returns its name */
function open(card: Card): Promise<string> {
  return role.open(encodeCard(card));
}

/** Has the role take `card` and make all its keys. */
async function ready(card: Card): Promise<string> {
  const name = await open(card);
  const { left } = await role.prepare(name, ALL);
  expect(left).toBe(0);
  return name;
}

/** What the role makes keys of for `card`, all at once. */
async function keysFor(card: Card, parameters = TINY): Promise<unknown> {
  return keysIn((await role.prepare(await open(card), ALL)).keys, parameters);
}

async function pictureOf(
  name: string,
  frames: readonly Uint8Array[],
  reference?: Float32Array,
): Promise<Picture> {
  const result = await role.decrypt(name, frames, 1, reference);
  if (result.kind !== 'picture') throw new Error('A picture was expected.');
  return result.picture;
}

/** A card with other parameters than its service could have encoded it with. */
function forged(card: Card, parameters: ParametersLiteral): Uint8Array {
  const encoded = Buffer.from(encodeCard(card));
  const [from, to] = [card.parameters, parameters].map((literal) => {
    const { polyModulusDegree, coeffModulusBits } = literal;
    return encode(parametersCodec, { polyModulusDegree, coeffModulusBits });
  });
  const at = encoded.indexOf(from);
  expect(at).toBeGreaterThan(0);
  expect(to).toHaveLength(from.length);
  encoded.set(to, at);
  return Uint8Array.from(encoded);
}

const RELU: Graph = {
  name: 'relu',
  input: { id: 'x', shape: [4] },
  nodes: [{ id: 'r', inputs: ['x'], shape: [4], op: 'activation', function: { kind: 'relu' } }],
  output: 'r',
};

/** The card of a network of two segments with a ReLU between, each of which gives back the four values that it takes. */
function twoSegments(parameters: ParametersLiteral): Card {
  const slots = parameters.polyModulusDegree / 2;
  const ends = { scale: CARD_SCALE, level: parameters.coeffModulusBits.length - 2, count: 1 };
  const shared = { shape: [4], batch: 1, slots };
  const sources = [Int32Array.from({ length: slots }, (_, i) => (i < 4 ? i : -1))];
  const places = { ciphertext: new Int32Array(4), position: Int32Array.of(0, 1, 2, 3) };
  const segment: SegmentInterface = {
    input: { ...ends, layout: { kind: 'gather', ...shared, sources } },
    output: { ...ends, layout: { kind: 'slots', ...shared, count: 1, ...places } },
    rotationSteps: [],
    relinearize: false,
    client: undefined,
  };
  return cardOf(parameters, [{ ...segment, client: RELU }, segment], { kind: 'tensor', shape: [4] });
}

describe('open', () => {
  it('names a card by its bytes, and takes the same one twice', async () => {
    role = createClientRole();
    const encoded = encodeCard(card);
    expect(await role.open(encoded)).toBe(sha256Hex(encoded));
    expect(await role.open(Uint8Array.from(encoded))).toBe(sha256Hex(encoded));
    expect(await open(identityCard(TINY))).not.toBe(sha256Hex(encoded));
  });

  it('refuses bytes that are no card', async () => {
    role = createClientRole();
    const encoded = encodeCard(card);
    for (const broken of [new Uint8Array(50), encoded.subarray(1), encoded.subarray(0, -1)]) {
      await expect(role.open(broken)).rejects.toMatchObject({ code: 'malformed-frame' });
    }
  });

  it('keeps the cards used last, and says which is gone', async () => {
    role = createClientRole();
    const first = await open(identityCard(TINY, { rotationSteps: [1] }));
    const second = await open(identityCard(TINY, { rotationSteps: [2] }));
    for (let step = 3; step <= 16; step += 1) await open(identityCard(TINY, { rotationSteps: [step] }));
    expect(await open(identityCard(TINY, { rotationSteps: [1] }))).toBe(first);
    await open(identityCard(TINY, { rotationSteps: [17] }));
    await expect(role.prepare(second, ALL)).rejects.toMatchObject({ code: 'card-gone' });
    expect(keysIn((await role.prepare(first, ALL)).keys)).toEqual([false, 1]);
  });
});

describe('prepare', () => {
  it('makes each key once, and only those a card needs', async () => {
    role = createClientRole();
    const ask = (rotationSteps: number[], relinearize: boolean): Promise<unknown> =>
      keysFor(identityCard(TINY, { rotationSteps, relinearize }));
    expect(await ask([], false)).toBeUndefined();
    expect(await ask([1, 2], false)).toEqual([false, 1, 2]);
    expect(await ask([1, 2], false)).toBeUndefined();
    expect(await ask([2, 5], true)).toEqual([true, 5]);
    expect(await ask([1, 2, 5], true)).toBeUndefined();
  });

  it('makes as many at once as it is told, and says how many are left', async () => {
    role = createClientRole();
    const name = await open(identityCard(TINY, { rotationSteps: [1, 2, 3], relinearize: true }));
    const seen: unknown[] = [];
    for (let left = 1; left > 0;) {
      const made = await role.prepare(name, 2);
      ({ left } = made);
      seen.push([keysIn(made.keys), left]);
    }
    expect(seen).toEqual([
      [[true, 1], 2],
      [[false, 2, 3], 0],
    ]);
    expect(await role.prepare(name, 2)).toMatchObject({ keys: undefined, left: 0 });
  });

  it('leaves the keys unmade where it is stopped: the next call makes them', async () => {
    role = createClientRole();
    const name = await open(identityCard(TINY, { rotationSteps: [1, 2], relinearize: true }));
    const signal = AbortSignal.abort();
    await expect(role.prepare(name, ALL, { signal })).rejects.toMatchObject({
      code: 'aborted',
      stage: 'keygen',
    });
    expect(keysIn((await role.prepare(name, ALL)).keys)).toEqual([true, 1, 2]);
  });

  it('makes the keys of all segments', async () => {
    role = createClientRole();
    const [segment] = identityCard(TINY).segments;
    const [product] = identityCard(TINY, { relinearize: true }).segments;
    const segments = [
      { ...segment, rotationSteps: [1, 7] },
      { ...product, rotationSteps: [2, 7] },
    ];
    expect(await keysFor(cardOf(TINY, segments))).toEqual([true, 1, 2, 7]);
  });

  it('makes new keys for other parameters, and again when they come back', async () => {
    role = createClientRole();
    const needs = { rotationSteps: [1], relinearize: false };
    expect(await keysFor(identityCard(TINY, needs))).toEqual([false, 1]);
    expect(await keysFor(identityCard(QUICK, needs), QUICK)).toEqual([false, 1]);
    expect(await keysFor(identityCard(TINY, needs))).toEqual([false, 1]);
    await role.close();
    expect(await keysFor(identityCard(TINY, needs))).toEqual([false, 1]);
  });

  it('makes one secret key when asked twice at once', async () => {
    role = createClientRole();
    const before = handles.ofClass('SecretKey').length;
    const name = await open(identityCard(TINY, { rotationSteps: [1] }));
    const answers = await Promise.all([role.prepare(name, ALL), role.prepare(name, ALL)]);
    expect(handles.ofClass('SecretKey')).toHaveLength(before + 1);
    expect(answers.map(({ keys }) => keysIn(keys))).toEqual([[false, 1], undefined]);
  });

  it('comes after a card that is sound: others are refused, and the keys it has are kept', async () => {
    role = createClientRole();
    const name = await ready(card);
    const { frames } = await role.encrypt(name, values);
    const insecure = forged(card, { polyModulusDegree: 2048, coeffModulusBits: [40, 40] });
    await expect(role.open(insecure)).rejects.toMatchObject({ code: 'insecure-parameters' });
    // Frames cannot carry such primes.
    const large = identityCard({ polyModulusDegree: 4096, coeffModulusBits: [30, 30] });
    const wide = forged(large, { polyModulusDegree: 4096, coeffModulusBits: [36, 36] });
    await expect(role.open(wide)).rejects.toMatchObject({ code: 'malformed-frame' });
    expect((await pictureOf(name, frames)).data).toEqual(new Uint8Array(bytes));
  });
});

describe('encrypt and decrypt', () => {
  it('give the picture back, with its precision where a reference is given', async () => {
    role = createClientRole();
    const name = await ready(card);
    const { frames } = await role.encrypt(name, values);
    expect(frames).toHaveLength(3);
    const plain = await pictureOf(name, frames);
    expect(plain).toMatchObject({ width: 4, height: 4, precision: undefined });
    expect(plain.data).toEqual(new Uint8Array(bytes));
    const { precision } = await pictureOf(name, frames.toReversed(), values);
    expect(precision!.maxAbsError).toBeGreaterThan(0);
    expect(precision!.maxAbsError).toBeLessThan(1e-3);
    expect(precision!.meanAbsError).toBeLessThan(precision!.maxAbsError);
  });

  it('put fresh randomness into each encryption: equal inputs have nothing in common', async () => {
    role = createClientRole();
    const name = await ready(card);
    const [a, b] = [await role.encrypt(name, values), await role.encrypt(name, values)];
    const words = ({ frames }: typeof a): Uint32Array =>
      decodeCiphertexts(frames[0], QUICK)[0].ciphertext.words;
    const [first, second] = [words(a), words(b)];
    expect(first.filter((word, i) => word === second[i]).length).toBeLessThan(5);
  });

  it('use keys under which a server can rotate and square', async () => {
    role = createClientRole();
    const [segment] = identityCard(SMALL).segments;
    const scale = 2 ** 24;
    const level = SMALL.maxLevel - 1;
    const outScale = scale ** 2 / droppedPrime(SMALL, SMALL.maxLevel);
    const small = identityCard(SMALL, {
      rotationSteps: [3],
      relinearize: true,
      input: { ...segment.input, scale },
      output: { ...segment.output, scale: outScale, level },
    });
    const name = await open(small);
    const { keys } = await role.prepare(name, ALL);
    const { frames } = await role.encrypt(name, values);
    using backend = new SealBackend(seal, SMALL);
    const decoded = decodeFrame(keys!, SMALL);
    if (decoded.kind !== 'evaluation-keys') throw new Error('Keys were expected.');
    backend.addKeys(decoded.keys);
    const answer = frames.map((frame, index) => {
      const handle = backend.load(decodeCiphertexts(frame, SMALL)[0].ciphertext);
      const rotated = backend.rotate(handle, 3);
      const square = backend.square(rotated, outScale);
      const items = [{ index, ciphertext: backend.save(square) }];
      for (const used of [handle, rotated, square]) backend.free(used);
      return encodeFrame({ kind: 'ciphertexts', items }, SMALL);
    });
    const expected = values.map((_, i) => (i % 16 < 13 ? values[i + 3] ** 2 : 0));
    const { precision } = await pictureOf(name, answer, expected);
    // Slot 0 takes most of a rotation's noise: some 0.015 here.
    expect(precision!.maxAbsError).toBeLessThan(0.15);
    expect(precision!.meanAbsError).toBeLessThan(0.01);
  });

  it.each(['encrypt', 'decrypt'] as const)(
    'refuse to %s before prepare, after close and for others',
    async (call) => {
      role = createClientRole();
      const wrongState = { code: 'wrong-state', message: expect.stringContaining('prepare') as string };
      const act = async (): Promise<unknown> => {
        const name = await open(card);
        return call === 'encrypt' ? role.encrypt(name, values) : role.decrypt(name, [], 1);
      };
      await expect(act()).rejects.toMatchObject(wrongState);
      await ready(identityCard(TINY));
      await expect(act()).rejects.toMatchObject(wrongState);
      await ready(card);
      if (call === 'encrypt') await act();
      await role.close();
      await expect(act()).rejects.toMatchObject(wrongState);
      await role.close();
    },
  );

  it('refuse a card that has not been opened', async () => {
    role = createClientRole();
    const name = sha256Hex(encodeCard(card));
    await expect(role.encrypt(name, values)).rejects.toMatchObject({ code: 'card-gone' });
    await expect(role.decrypt(name, [], 1)).rejects.toMatchObject({ code: 'card-gone' });
  });

  it('end with the signal, and the next call works', async () => {
    role = createClientRole();
    const name = await ready(card);
    const signal = AbortSignal.abort();
    const aborted = { code: 'aborted' };
    await expect(role.encrypt(name, values, { signal })).rejects.toMatchObject(aborted);
    const { frames } = await role.encrypt(name, values);
    await expect(role.decrypt(name, frames, 1, undefined, { signal })).rejects.toMatchObject(aborted);
    expect((await pictureOf(name, frames)).data).toEqual(new Uint8Array(bytes));
  });

  it('refuse an input of another size', async () => {
    role = createClientRole();
    const name = await ready(card);
    await expect(role.encrypt(name, values.subarray(1))).rejects.toThrow(/shape/);
  });
});

describe('decrypt refuses an answer that', () => {
  const deeper = identityCard(TINY);

  /** An answer of three random ciphertexts, damaged by `change`. */
  async function answerWith(change: (items: IndexedCiphertext[]) => IndexedCiphertext[]): Promise<unknown> {
    role = createClientRole();
    const name = await ready(deeper);
    const { frames } = await role.encrypt(name, values);
    const items = frames.flatMap((frame) => [...decodeCiphertexts(frame, TINY)]);
    const frame = encodeFrame({ kind: 'ciphertexts', items: change(items) }, TINY);
    return pictureOf(name, [frame]);
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
    const { keys } = await role.prepare(await open(identityCard(TINY, { relinearize: true })), ALL);
    const name = await open(deeper);
    for (const frame of [new Uint8Array(50), keys!]) {
      await expect(role.decrypt(name, [frame], 1)).rejects.toMatchObject({
        code: 'malformed-frame',
      });
    }
  });
});

describe('hold and encryptHeld', () => {
  const input = Float32Array.of(-0.5, 0.25, -1, 0.75);
  const group = { runId: 1, first: 0, inputs: 1 };

  it('compute the card’s layers between two segments, and give nothing out in the clear', async () => {
    role = createClientRole();
    const name = await ready(twoSegments(TINY));
    const { frames } = await role.encrypt(name, input);
    expect(Object.keys(await role.hold(name, 0, frames, group))).toEqual(['decryptMs']);
    const again = await role.encryptHeld(name, 1, group);
    const result = await role.decrypt(name, again.frames, 1);
    if (result.kind !== 'tensor') throw new Error('A tensor was expected.');
    const expected = [0, 0.25, 0, 0.75];
    result.values.forEach((value, i) => expect(Math.abs(value - expected[i])).toBeLessThan(0.01));
  });

  it('keep values for one run, once, until close', async () => {
    role = createClientRole();
    const name = await ready(twoSegments(TINY));
    const { frames } = await role.encrypt(name, input);
    const gone = { code: 'wrong-state' };
    await expect(role.encryptHeld(name, 1, group)).rejects.toMatchObject(gone);
    await role.hold(name, 0, frames, group);
    await expect(role.encryptHeld(name, 1, { ...group, runId: 2 })).rejects.toMatchObject(gone);
    await role.encryptHeld(name, 1, group);
    await expect(role.encryptHeld(name, 1, group)).rejects.toMatchObject(gone);
    await role.hold(name, 0, frames, group);
    await role.close();
    await ready(twoSegments(TINY));
    await expect(role.encryptHeld(name, 1, group)).rejects.toMatchObject(gone);
  });

  it('refuse a segment that the card does not have', async () => {
    role = createClientRole();
    const name = await ready(twoSegments(TINY));
    const refused = { code: 'invalid-argument' };
    await expect(role.hold(name, 2, [], group)).rejects.toMatchObject(refused);
    await expect(role.encryptHeld(name, -1, group)).rejects.toMatchObject(refused);
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
    const full = await open(identityCard(TINY, { rotationSteps: [1, 7], relinearize: true }));
    const answers: unknown[] = [full, await role.warm(), await role.prepare(full, 2)];
    answers.push(await role.prepare(full, ALL), await role.prepare(full, ALL));
    const [secretKey, ...others] = handles.ofClass('SecretKey').slice(before);
    expect(others).toEqual([]);
    const picture = await open(identityCard(TINY));
    const encrypted = await role.encrypt(picture, values);
    answers.push(encrypted, await role.decrypt(picture, encrypted.frames, 1, values));
    const tensor = await open(twoSegments(TINY));
    const { frames } = await role.encrypt(tensor, values.subarray(0, 4));
    const failure = (call: Promise<unknown>): Promise<unknown> => call.catch((error: unknown) => error);
    answers.push(frames, await role.decrypt(tensor, frames, 1), await failure(role.decrypt(tensor, [], 1)));
    const group = { runId: 1, first: 0, inputs: 1 };
    answers.push(await role.hold(tensor, 0, frames, group));
    answers.push(await role.encryptHeld(tensor, 1, group));
    answers.push(await failure(role.encryptHeld(tensor, 1, group)));
    answers.push(await failure(role.encrypt(picture, new Float32Array(1))));
    answers.push(await failure(role.decrypt(picture, [], 1)), await failure(role.open(new Uint8Array(9))));
    answers.push(await failure(role.prepare('none', ALL)));
    const needles = needlesOf(secretKey);
    expect(Object.keys(role).sort()).toEqual([
      'close',
      'decrypt',
      'encrypt',
      'encryptHeld',
      'hold',
      'open',
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
    await ready(identityCard(TINY));
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
