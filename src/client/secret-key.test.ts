// The secret key: in no answer of the client role, in no form, and on nothing that can be reached.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ALL, doubled, open, PLANES, ready } from '../../fixtures/client-cards.ts';
import { type HandleWatch, loadMeasuredSeal, watchHandles } from '../../fixtures/handle-count.ts';
import { identityCard, twoSegments } from '../../fixtures/small-card.ts';
import { TINY } from '../../fixtures/small-engine.ts';
import type { ClientRole } from '../protocol/client.ts';
import { encodeFrame } from '../protocol/frame.ts';
import { packRow } from '../protocol/pack-rows.ts';
import type { SealModule } from '../seal/load.ts';
import { createClientRole } from './client-role.ts';

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

  /** Stretches of the key as SEAL saves it, of its residues in 32 bits, and packed as in a frame. */
  function needlesOf(secretKey: object): Buffer[] {
    const saved = (secretKey as InstanceType<SealModule['SecretKey']>).saveToArray(
      seal.ComprModeType.none,
    ) as Uint8Array;
    const head = saved.length - 8 * TINY.primes.length * TINY.polyModulusDegree;
    const residues = new BigUint64Array(saved.slice(head).buffer);
    return TINY.primes.flatMap((_, index) => {
      const part = residues.slice(index * TINY.polyModulusDegree + 8, index * TINY.polyModulusDegree + 24);
      const words = Uint32Array.from(part, Number);
      // A row's words from a multiple of 8 on begin a byte, packed at their prime's bits as in a frame.
      const packed = packRow(Uint32Array.from([...words, ...words]), TINY.coeffModulusBits[index]);
      return [
        Buffer.from(part.buffer),
        Buffer.from(words.buffer),
        Buffer.from(packed.subarray(0, packed.length / 2)),
      ];
    });
  }

  function leaks(answer: unknown, needles: readonly Buffer[]): boolean {
    return contentOf(answer).some((content) => needles.some((needle) => content.includes(needle)));
  }

  it('is in no answer of any method, errors included', async () => {
    role = createClientRole();
    const before = handles.ofClass('SecretKey').length;
    const full = await open(role, identityCard(TINY, { rotationSteps: [1, 7], relinearize: true }));
    const answers: unknown[] = [full, await role.warm(), await role.prepare(full, 2)];
    answers.push(await role.prepare(full, ALL), await role.prepare(full, ALL));
    const [secretKey, ...others] = handles.ofClass('SecretKey').slice(before);
    expect(others).toEqual([]);
    const needles = needlesOf(secretKey);
    const picture = await open(role, identityCard(TINY));
    const encrypted = await role.encrypt(picture, PLANES);
    const expected = { reference: PLANES, bound: 0.01 };
    answers.push(encrypted, await role.decrypt(picture, doubled(encrypted.frames, TINY), 1, expected));
    // A picture's key is gone with its answer.
    expect(secretKey.isDeleted()).toBe(true);
    const tensor = await ready(role, twoSegments(TINY));
    needles.push(...needlesOf(handles.ofClass('SecretKey').at(-1)!));
    const { frames } = await role.encrypt(tensor, PLANES.subarray(0, 4));
    const failure = (call: Promise<unknown>): Promise<unknown> => call.catch((error: unknown) => error);
    answers.push(
      frames,
      await role.decrypt(tensor, doubled(frames, TINY), 1),
      await failure(role.decrypt(tensor, [], 1)),
    );
    const group = { runId: 1, first: 0, inputs: 1 };
    answers.push(await role.hold(tensor, 0, doubled(frames, TINY), group));
    answers.push(await role.encryptHeld(tensor, 1, group));
    answers.push(await failure(role.encryptHeld(tensor, 1, group)));
    answers.push(await failure(role.encrypt(picture, new Float32Array(1))));
    answers.push(await failure(role.decrypt(picture, [], 1)), await failure(role.open(new Uint8Array(9))));
    answers.push(await failure(role.prepare('none', ALL)));
    expect(Object.keys(role).sort()).toEqual([
      'close',
      'commit',
      'decrypt',
      'encrypt',
      'encryptHeld',
      'forget',
      'hold',
      'mix',
      'open',
      'prepare',
      'reveal',
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
    await ready(role, identityCard(TINY));
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
