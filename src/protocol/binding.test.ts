// Bindings: what they depend on, and which answers are to another question.
import { describe, expect, it } from 'vitest';
import { QUICK_CARD } from '../../fixtures/client-cards.ts';
import { sha256Hex } from '../base/sha256.ts';
import { type AnswerBinding, bindRequest, differingPart, keysHash, requireBound } from './binding.ts';

const hash = (text: string): string => sha256Hex(new TextEncoder().encode(text));
const parts = {
  run: 'a',
  card: hash('card'),
  segment: 0,
  keys: [hash('first'), hash('second')],
  frames: [Uint8Array.of(1, 2), Uint8Array.of(3)],
};

describe('bindRequest', () => {
  it('hashes the canonical text of the parts', async () => {
    const { binding, frames } = await bindRequest(parts);
    expect(frames).toEqual(parts.frames.map(sha256Hex));
    const keys = hash(JSON.stringify(parts.keys));
    const text = `{"card":"${parts.card}","frames":["${frames[0]}","${frames[1]}"],"keys":"${keys}","run":"a","segment":0}`;
    expect(binding).toEqual({ run: 'a', card: parts.card, keys, request: hash(text) });
    expect(keysHash([])).toBe(hash('[]'));
  });

  it('depends on every part, and on every order', async () => {
    const changed = [
      { run: 'b' },
      { card: hash('other') },
      { segment: 1 },
      { keys: parts.keys.toReversed() },
      { frames: parts.frames.toReversed() },
      { frames: [Uint8Array.of(1, 2, 3), Uint8Array.of()] },
    ];
    const all = await Promise.all([{}, ...changed].map((change) => bindRequest({ ...parts, ...change })));
    expect(new Set(all.map(({ binding }) => binding.request)).size).toBe(changed.length + 1);
    expect(changed.map((_, i) => differingPart(all[0].binding, all[i + 1].binding))).toEqual([
      'run',
      'card',
      'request',
      'keys',
      'request',
      'request',
    ]);
  });
});

describe('requireBound', () => {
  it('passes an answer to this question by the card’s plan and backend, and no other', async () => {
    const { binding } = await bindRequest(parts);
    const { planHash: plan, backend } = QUICK_CARD;
    const answer: AnswerBinding = { ...binding, plan, backend, tables: hash('t'), kernel: hash('k') };
    expect(() => requireBound(answer, binding, QUICK_CARD)).not.toThrow();
    const wrong: Record<string, Partial<AnswerBinding> | undefined> = {
      binding: undefined,
      run: { run: 'b' },
      card: { card: hash('x') },
      keys: { keys: hash('x') },
      request: { request: hash('x') },
      plan: { plan: hash('x') },
      backend: { backend: 'seal' },
      tables: { tables: '' },
      kernel: { kernel: 'x' },
    };
    for (const [part, change] of Object.entries(wrong)) {
      const given = change && { ...answer, ...change };
      expect(() => requireBound(given, binding, QUICK_CARD), part).toThrow(`to another question (${part})`);
    }
  });
});
