// The control of the determinism table in one engine: with other cosines the tables and the answers are others.
import { readFileSync } from 'node:fs';
import { afterEach, expect, it, vi } from 'vitest';
import { kernelBytes } from '../../fixtures/kernel-watch.ts';
import { recordedRequest } from '../../fixtures/recorded-request.ts';
import { compiledStyle, madeOf } from '../../fixtures/same-bytes.ts';
import type * as sine from '../base/exact-math/sine.ts';
import { styleById } from '../style/styles.ts';

const ID = 'dots';
const SINE = '../base/exact-math/sine.ts';

afterEach(() => vi.doUnmock(SINE));

it('gives other tables where one cosine is off by a bit, and another answer where all are off by more', async () => {
  const { model } = styleById(ID);
  const file = new Uint8Array(readFileSync(new URL(`../../public/${model}`, import.meta.url)));
  const compiled = await compiledStyle(ID, 1, file);
  const request = await recordedRequest(compiled.card, 'rough tables');
  const exact = await madeOf(compiled, request, kernelBytes(), [1]);

  let [first, all] = [2 ** -52, 0];
  vi.resetModules();
  vi.doMock(SINE, async (original) => {
    const { sin, cos } = await original<typeof sine>();
    return { sin, cos: (x: number) => cos(x) * (1 + (x === 0 ? first : all)) };
  });
  const off = await import('../../fixtures/same-bytes.ts');
  const rough = await off.madeOf(compiled, request, kernelBytes(), [1]);
  expect(rough.card).toBe(exact.card);
  expect(rough.tables).not.toBe(exact.tables);
  // The same entries, the same answer: the two modules differ in nothing else.
  [first, all] = [0, 0];
  expect(await off.madeOf(compiled, request, kernelBytes(), [1])).toEqual(exact);
  [first, all] = [1e-9, 1e-9];
  const wrong = await off.madeOf(compiled, request, kernelBytes(), [1]);
  expect(wrong.answers[1]).not.toBe(exact.answers[1]);
});
