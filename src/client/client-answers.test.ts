// What a client role encrypts and decrypts: right pictures, clear refusals of calls and of answers.
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  ALL,
  doubled,
  open,
  pictureOf,
  PIXELS,
  PLANES,
  QUICK,
  QUICK_CARD,
  ready,
} from '../../fixtures/client-cards.ts';
import { clientKernelBytes, expanded } from '../../fixtures/client-kernel.ts';
import { type HandleWatch, loadMeasuredSeal, watchHandles } from '../../fixtures/handle-count.ts';
import { CARD_SCALE, identityCard, twoSegments } from '../../fixtures/small-card.ts';
import { SMALL, TINY } from '../../fixtures/small-engine.ts';
import { sha256Hex } from '../base/sha256.ts';
import type { ResidueCiphertext } from '../params/residues.ts';
import { droppedPrime } from '../plan/plan.ts';
import { encodeCard } from '../protocol/card-codec.ts';
import type { ClientRole } from '../protocol/client.ts';
import {
  decodeAnswer,
  decodeCiphertexts,
  decodeFrame,
  encodeFrame,
  type IndexedCiphertext,
} from '../protocol/frame.ts';
import type { SealModule } from '../seal/load.ts';
import { SealBackend } from '../server/backends/seal/seal-backend.ts';
import { createClientRole } from './client-role.ts';
import { FastKeys } from './fast-keys.ts';

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

describe('encrypt and decrypt', () => {
  it('give the picture back, with its precision where a reference is given', async () => {
    role = createClientRole();
    const name = await ready(role, QUICK_CARD);
    const { frames } = await role.encrypt(name, PLANES);
    expect(frames).toHaveLength(3);
    const plain = await pictureOf(role, name, doubled(frames));
    expect(plain).toMatchObject({ width: 4, height: 4, precision: undefined });
    expect(plain.data).toEqual(PIXELS);
    await ready(role, QUICK_CARD);
    const again = await role.encrypt(name, PLANES);
    const { precision } = await pictureOf(role, name, doubled(again.frames).toReversed(), PLANES);
    expect(precision!.maxAbsError).toBeGreaterThan(0);
    expect(precision!.maxAbsError).toBeLessThan(1e-3);
    expect(precision!.meanAbsError).toBeLessThan(precision!.maxAbsError);
  });

  it('put fresh randomness into each encryption: equal inputs have nothing in common', async () => {
    role = createClientRole();
    // A network's key encrypts more than once.
    const name = await ready(role, twoSegments(QUICK));
    const values = PLANES.subarray(0, 4);
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
    const name = await open(role, small);
    const { keys } = await role.prepare(name, ALL);
    const { frames } = await role.encrypt(name, PLANES);
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
    const expected = PLANES.map((_, i) => (i % 16 < 13 ? PLANES[i + 3] ** 2 : 0));
    const { precision } = await pictureOf(role, name, answer, expected);
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
        const name = await open(role, QUICK_CARD);
        return call === 'encrypt' ? role.encrypt(name, PLANES) : role.decrypt(name, [], 1);
      };
      await expect(act()).rejects.toMatchObject(wrongState);
      await ready(role, identityCard(TINY));
      await expect(act()).rejects.toMatchObject(wrongState);
      await ready(role, QUICK_CARD);
      if (call === 'encrypt') await act();
      await role.close();
      await expect(act()).rejects.toMatchObject(wrongState);
      await role.close();
    },
  );

  it('are for one picture: its key encrypts once, decrypts once, and is gone whatever the answer was', async () => {
    role = createClientRole();
    const used = { code: 'wrong-state', message: expect.stringContaining('prepare') as string };
    for (const spoil of [false, true]) {
      const before = handles.ofClass('SecretKey').length;
      const name = await ready(role, QUICK_CARD);
      const [key] = handles.ofClass('SecretKey').slice(before);
      const { frames } = await role.encrypt(name, PLANES);
      await expect(role.encrypt(name, PLANES)).rejects.toMatchObject(used);
      expect(key.isDeleted()).toBe(false);
      const answer = role.decrypt(name, doubled(spoil ? frames.slice(1) : frames), 1);
      if (spoil) await expect(answer).rejects.toMatchObject({ code: 'malformed-frame' });
      else expect(await answer).toMatchObject({ kind: 'picture' });
      expect(key.isDeleted()).toBe(true);
      await expect(role.decrypt(name, frames, 1)).rejects.toMatchObject(used);
      await expect(role.encrypt(name, PLANES)).rejects.toMatchObject(used);
    }
  });

  it('refuse a picture that is not the one expected, and end its key', async () => {
    role = createClientRole();
    const wrong = PLANES.slice();
    wrong[5] += 0.02;
    for (const [reference, bound] of [
      [wrong, 0.01],
      [PLANES.map(() => Number.NaN), 0.01],
      [PLANES, Number.NaN],
    ] as const) {
      const name = await ready(role, QUICK_CARD);
      const { frames } = await role.encrypt(name, PLANES);
      const refused = { code: 'wrong-answer', stage: 'decrypt' };
      await expect(pictureOf(role, name, doubled(frames), reference, bound)).rejects.toMatchObject(refused);
      await expect(pictureOf(role, name, frames)).rejects.toMatchObject({ code: 'wrong-state' });
    }
    const name = await ready(role, QUICK_CARD);
    const { frames } = await role.encrypt(name, PLANES);
    expect((await pictureOf(role, name, doubled(frames), wrong, 0.03)).data).toEqual(PIXELS);
  });

  it('refuse a card that has not been opened', async () => {
    role = createClientRole();
    const name = sha256Hex(encodeCard(QUICK_CARD));
    await expect(role.encrypt(name, PLANES)).rejects.toMatchObject({ code: 'card-gone' });
    await expect(role.decrypt(name, [], 1)).rejects.toMatchObject({ code: 'card-gone' });
  });

  it('end with the signal, and the next call works', async () => {
    role = createClientRole();
    const name = await ready(role, QUICK_CARD);
    const signal = AbortSignal.abort();
    const aborted = { code: 'aborted' };
    await expect(role.encrypt(name, PLANES, { signal })).rejects.toMatchObject(aborted);
    const stopped = await role.encrypt(name, PLANES);
    await expect(role.decrypt(name, stopped.frames, 1, undefined, { signal })).rejects.toMatchObject(aborted);
    // The key is gone with the answer that nobody has seen.
    await expect(role.decrypt(name, stopped.frames, 1)).rejects.toMatchObject({ code: 'wrong-state' });
    await ready(role, QUICK_CARD);
    const { frames } = await role.encrypt(name, PLANES);
    expect((await pictureOf(role, name, doubled(frames))).data).toEqual(PIXELS);
  });

  it('refuse an input of another size', async () => {
    role = createClientRole();
    const name = await ready(role, QUICK_CARD);
    await expect(role.encrypt(name, PLANES.subarray(1))).rejects.toThrow(/shape/);
  });
});

describe('decrypt refuses an answer that', () => {
  const deeper = identityCard(TINY);

  /** An answer of three random ciphertexts, damaged by `change`. */
  async function answerWith(
    change: (items: { index: number; ciphertext: ResidueCiphertext }[]) => IndexedCiphertext[],
  ): Promise<unknown> {
    role = createClientRole();
    const name = await ready(role, deeper);
    const { frames } = await role.encrypt(name, PLANES);
    const items = doubled(frames, TINY).flatMap((frame) => [...decodeAnswer(frame, TINY)]);
    const frame = encodeFrame({ kind: 'ciphertexts', items: change(items) }, TINY);
    return pictureOf(role, name, [frame]);
  }
  const N = TINY.polyModulusDegree;
  const with1 =
    (change: (ciphertext: ResidueCiphertext) => Partial<ResidueCiphertext>) =>
    (items: { index: number; ciphertext: ResidueCiphertext }[]) =>
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

  it.each<[string, (items: { index: number; ciphertext: ResidueCiphertext }[]) => IndexedCiphertext[]]>([
    ['lacks a ciphertext', (items) => items.slice(1)],
    ['is empty', () => []],
    ['repeats a ciphertext', (items) => [...items, items[0]]],
    ['repeats one instead of another', ([a, b]) => [a, b, b]],
    ['numbers one beyond the last', ([a, b, c]) => [a, b, { ...c, index: 3 }]],
    ['has another scale', with1(() => ({ scale: 2 * CARD_SCALE * 1.0001 }))],
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

  it.each<[string, (words: Uint32Array) => void]>([
    ['is not encrypted', (words) => words.fill(0, words.length / 2)],
    ['is encrypted by a number alone', (words) => words.fill(7, words.length / 2)],
    ['decrypts to no colours', (words) => words.forEach((_, i) => (words[i] = (i * i * 7919 + i) % 65537))],
  ])('%s', async (_, change) => {
    const crafted = with1(({ words }) => {
      const copy = words.slice();
      change(copy);
      return { words: copy };
    });
    await expect(answerWith(crafted)).rejects.toMatchObject({ code: 'wrong-answer', stage: 'decrypt' });
  });

  it('is the request', async () => {
    for (const files of [{}, { kernel: clientKernelBytes() }]) {
      role = createClientRole(files);
      const name = await ready(role, QUICK_CARD);
      const { frames } = await role.encrypt(name, PLANES);
      const items = frames
        .flatMap((frame) => decodeCiphertexts(frame, QUICK))
        .map(({ index, ciphertext }) => {
          const { scale } = QUICK_CARD.segments[0].output;
          return { index, ciphertext: { ...expanded(ciphertext, QUICK), scale } };
        });
      const answer = [encodeFrame({ kind: 'ciphertexts', items }, QUICK)];
      const message = expect.stringContaining('is the request') as string;
      await expect(role.decrypt(name, answer, 1)).rejects.toMatchObject({ code: 'wrong-answer', message });
      await role.close();
    }
  });

  it('lacks a part: none of the others is decrypted', async () => {
    const decrypted = vi.spyOn(FastKeys.prototype, 'decrypt');
    role = createClientRole({ kernel: clientKernelBytes() });
    for (const frames of [2, 3]) {
      const name = await ready(role, QUICK_CARD);
      const answer = doubled((await role.encrypt(name, PLANES)).frames).slice(0, frames);
      await role.decrypt(name, answer, 1).catch(() => undefined);
      expect(decrypted).toHaveBeenCalledTimes(frames === 2 ? 0 : 3);
    }
    decrypted.mockRestore();
  });

  it('is no frame, or a frame of keys', async () => {
    role = createClientRole();
    const { keys } = await role.prepare(await open(role, identityCard(TINY, { relinearize: true })), ALL);
    for (const frame of [new Uint8Array(50), keys!]) {
      const name = await ready(role, deeper);
      await expect(role.decrypt(name, [frame], 1)).rejects.toMatchObject({
        code: 'malformed-frame',
      });
    }
  });
});
