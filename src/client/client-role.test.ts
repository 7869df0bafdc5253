// The client role: cards by name, keys once, and values held between two segments.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
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
import { clientKernelBytes } from '../../fixtures/client-kernel.ts';
import { type HandleWatch, loadMeasuredSeal, watchHandles } from '../../fixtures/handle-count.ts';
import { cardOf, identityCard, twoSegments } from '../../fixtures/small-card.ts';
import { SMALL, TINY } from '../../fixtures/small-engine.ts';
import { encode } from '../base/codec.ts';
import { sha256Hex } from '../base/sha256.ts';
import type { ParametersLiteral } from '../params/parameters.ts';
import { parametersCodec } from '../params/parameters-codec.ts';
import type { Card } from '../protocol/card.ts';
import { encodeCard } from '../protocol/card-codec.ts';
import type { ClientRole } from '../protocol/client.ts';
import { decodeFrame } from '../protocol/frame.ts';
import { createClientRole } from './client-role.ts';

let handles: HandleWatch;
let role: ClientRole;
beforeAll(async () => {
  await loadMeasuredSeal();
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

/** What the role makes keys of for `card`, all at once. */
async function keysFor(card: Card, parameters = TINY): Promise<unknown> {
  return keysIn((await role.prepare(await open(role, card), ALL)).keys, parameters);
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

describe('open', () => {
  it('names a card by its bytes, and takes the same one twice', async () => {
    role = createClientRole();
    const encoded = encodeCard(QUICK_CARD);
    expect(await role.open(encoded)).toBe(sha256Hex(encoded));
    expect(await role.open(Uint8Array.from(encoded))).toBe(sha256Hex(encoded));
    expect(await open(role, identityCard(TINY))).not.toBe(sha256Hex(encoded));
  });

  it('refuses bytes that are no card', async () => {
    role = createClientRole();
    const encoded = encodeCard(QUICK_CARD);
    for (const broken of [new Uint8Array(50), encoded.subarray(1), encoded.subarray(0, -1)]) {
      await expect(role.open(broken)).rejects.toMatchObject({ code: 'malformed-frame' });
    }
  });

  it('keeps the cards used last, and says which is gone', async () => {
    role = createClientRole();
    const first = await open(role, identityCard(TINY, { rotationSteps: [1] }));
    const second = await open(role, identityCard(TINY, { rotationSteps: [2] }));
    for (let step = 3; step <= 16; step += 1) await open(role, identityCard(TINY, { rotationSteps: [step] }));
    expect(await open(role, identityCard(TINY, { rotationSteps: [1] }))).toBe(first);
    await open(role, identityCard(TINY, { rotationSteps: [17] }));
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

  it('cuts keys to the levels that the card says, and makes those anew that another wants higher', async () => {
    role = createClientRole({ kernel: clientKernelBytes() });
    const levelsOf = async (relinearize: number, rotations: readonly number[]): Promise<unknown> => {
      const needs = { rotationSteps: [1, 5], relinearize: true, keyLevels: { relinearize, rotations } };
      const { keys } = await role.prepare(await open(role, identityCard(SMALL, needs)), ALL);
      if (!keys) return undefined;
      const frame = decodeFrame(keys, SMALL);
      if (frame.kind !== 'evaluation-keys') throw new Error('Keys were expected.');
      const { relinearization, rotations: made } = frame.keys;
      return [
        relinearization?.digits.length,
        ...[...made].map(([step, { digits }]) => [step, digits.length]),
      ];
    };
    expect(await levelsOf(1, [0, 1])).toEqual([2, [1, 1], [5, 2]]);
    expect(await levelsOf(1, [0, 0])).toBeUndefined();
    expect(await levelsOf(2, [1, 1])).toEqual([3, [1, 2]]);
  });

  it('makes as many at once as it is told, and says how many are left', async () => {
    role = createClientRole();
    const name = await open(role, identityCard(TINY, { rotationSteps: [1, 2, 3], relinearize: true }));
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
    const name = await open(role, identityCard(TINY, { rotationSteps: [1, 2], relinearize: true }));
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
    const name = await open(role, identityCard(TINY, { rotationSteps: [1] }));
    const answers = await Promise.all([role.prepare(name, ALL), role.prepare(name, ALL)]);
    expect(handles.ofClass('SecretKey')).toHaveLength(before + 1);
    expect(answers.map(({ keys }) => keysIn(keys))).toEqual([[false, 1], undefined]);
  });

  it('comes after a card that is sound: others are refused, and the keys it has are kept', async () => {
    role = createClientRole();
    const name = await ready(role, QUICK_CARD);
    const { frames } = await role.encrypt(name, PLANES);
    const insecure = forged(QUICK_CARD, { polyModulusDegree: 2048, coeffModulusBits: [40, 40] });
    await expect(role.open(insecure)).rejects.toMatchObject({ code: 'insecure-parameters' });
    // Frames cannot carry such primes.
    const large = identityCard({ polyModulusDegree: 4096, coeffModulusBits: [30, 30] });
    const wide = forged(large, { polyModulusDegree: 4096, coeffModulusBits: [36, 36] });
    await expect(role.open(wide)).rejects.toMatchObject({ code: 'malformed-frame' });
    expect((await pictureOf(role, name, doubled(frames))).data).toEqual(PIXELS);
  });
});

describe('hold and encryptHeld', () => {
  const input = Float32Array.of(-0.5, 0.25, -1, 0.75);
  const group = { runId: 1, first: 0, inputs: 1 };

  it('compute the card’s layers between two segments, and give nothing out in the clear', async () => {
    role = createClientRole();
    const name = await ready(role, twoSegments(TINY));
    const { frames } = await role.encrypt(name, input);
    const round = await role.hold(name, 0, doubled(frames, TINY), group);
    expect(round).toEqual({ decryptMs: expect.any(Number) as number, wrong: undefined });
    const again = await role.encryptHeld(name, 1, group);
    const result = await role.decrypt(name, doubled(again.frames, TINY), 1);
    if (result.kind !== 'tensor') throw new Error('A tensor was expected.');
    const expected = [0, 0.25, 0, 0.75];
    result.values.forEach((value, i) => expect(Math.abs(value - expected[i])).toBeLessThan(0.01));
  });

  it('keep values for one run, once, until close', async () => {
    role = createClientRole();
    const name = await ready(role, twoSegments(TINY));
    const { frames } = await role.encrypt(name, input);
    const gone = { code: 'wrong-state' };
    await expect(role.encryptHeld(name, 1, group)).rejects.toMatchObject(gone);
    await role.hold(name, 0, doubled(frames, TINY), group);
    await expect(role.encryptHeld(name, 1, { ...group, runId: 2 })).rejects.toMatchObject(gone);
    await role.encryptHeld(name, 1, group);
    await expect(role.encryptHeld(name, 1, group)).rejects.toMatchObject(gone);
    await role.hold(name, 0, doubled(frames, TINY), group);
    await role.close();
    await ready(role, twoSegments(TINY));
    await expect(role.encryptHeld(name, 1, group)).rejects.toMatchObject(gone);
  });

  it('refuse a segment that the card does not have', async () => {
    role = createClientRole();
    const name = await ready(role, twoSegments(TINY));
    const refused = { code: 'invalid-argument' };
    await expect(role.hold(name, 2, [], group)).rejects.toMatchObject(refused);
    await expect(role.encryptHeld(name, -1, group)).rejects.toMatchObject(refused);
  });
});
