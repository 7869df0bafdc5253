// Rounds in the middle of a network: whatever a service answers, the next request comes, and says nothing of it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ALL, doubled, open } from '../../fixtures/client-cards.ts';
import { clientKernelBytes } from '../../fixtures/client-kernel.ts';
import { twoSegments } from '../../fixtures/small-card.ts';
import { TINY } from '../../fixtures/small-engine.ts';
import { decodeAnswer, encodeFrame } from '../protocol/frame.ts';
import type { ClientRole } from '../protocol/client.ts';
import { createClientRole } from './client-role.ts';

const input = Float32Array.of(0.5, 0.25, 1, 0.75);
const group = { runId: 1, first: 0, inputs: 1 };
const expected = { reference: input, bound: 0.01 };
let role: ClientRole;
let name: string;
beforeEach(async () => {
  role = createClientRole({ kernel: clientKernelBytes() });
  name = await open(role, twoSegments(TINY));
  await role.prepare(name, ALL);
});
afterEach(() => role.close());

/** The answer with its residues changed. */
function changed(frame: Uint8Array, change: (word: number, i: number) => number): Uint8Array {
  const [{ index, ciphertext }] = decodeAnswer(frame, TINY);
  const words = ciphertext.words.map(change);
  return encodeFrame({ kind: 'ciphertexts', items: [{ index, ciphertext: { ...ciphertext, words } }] }, TINY);
}
const prime = Number(TINY.primes.reduce((least, p) => (p < least ? p : least)));

describe('a round', () => {
  const answers: Record<string, (frame: Uint8Array) => Uint8Array[]> = {
    'nothing at all': () => [],
    'no frame': () => [new Uint8Array(9)],
    'what is not encrypted': (frame) => [
      changed(frame, (word, i) => (i < 2 * TINY.polyModulusDegree ? word : 0)),
    ],
    noise: (frame) => [changed(frame, (_, i) => (i * 2654435761) % prime)],
    'an older answer': (frame) => [frame, frame],
  };

  it.each(Object.entries(answers))(
    'goes on after %s, with the reference’s values, and tells of it',
    async (_, craft) => {
      const { frames } = await role.encrypt(name, input);
      const answer = craft(doubled(frames, TINY)[0]);
      const { wrong } = await role.hold(name, 0, answer, group, expected);
      expect(wrong).toMatch(/^In a round, /);
      const next = await role.encryptHeld(name, 1, group);
      expect(next.frames.map(({ length }) => length)).toEqual(frames.map(({ length }) => length));
      const result = await role.decrypt(name, doubled(next.frames, TINY), 1, expected);
      expect(result.kind).toBe('tensor');
    },
  );

  it('replaces single values that are away from the reference', async () => {
    const { frames } = await role.encrypt(name, Float32Array.of(0.5, 0.25, 1, 3));
    const { wrong } = await role.hold(name, 0, doubled(frames, TINY), group, expected);
    expect(wrong).toContain('1 of 4 values were not the network’s');
    const next = await role.encryptHeld(name, 1, group);
    const result = await role.decrypt(name, doubled(next.frames, TINY), 1, expected);
    expect(result.kind).toBe('tensor');
  });

  it('without a reference clamps what cannot be encrypted, and is silent about what can', async () => {
    const { frames } = await role.encrypt(name, input);
    const noise = answers['noise'](doubled(frames, TINY)[0]);
    const { wrong } = await role.hold(name, 0, noise, group);
    expect(wrong).toMatch(/no plan allows for/);
    expect((await role.encryptHeld(name, 1, group)).frames).toHaveLength(1);
    expect(await role.hold(name, 0, doubled(frames, TINY), group)).toMatchObject({ wrong: undefined });
  });
});

describe('a result', () => {
  it('further from the reference than allowed is refused', async () => {
    const { frames } = await role.encrypt(name, input);
    const other = { reference: Float32Array.of(0.5, 0.25, 1, 0.5), bound: 0.1 };
    const refused = { code: 'wrong-answer', stage: 'decrypt' };
    await expect(role.decrypt(name, doubled(frames, TINY), 1, other)).rejects.toMatchObject(refused);
    const short = { reference: input.subarray(1), bound: 9 };
    await expect(role.decrypt(name, doubled(frames, TINY), 1, short)).rejects.toMatchObject(refused);
    expect((await role.decrypt(name, doubled(frames, TINY), 1, { ...other, bound: 0.3 })).kind).toBe(
      'tensor',
    );
  });
});
