// The control of the determinism table in one engine: a cosine that is off in its last bit gives other bytes.
import { readFileSync } from 'node:fs';
import { afterEach, expect, it, vi } from 'vitest';
import { kernelBytes } from '../../fixtures/kernel-watch.ts';
import { recordedRequest } from '../../fixtures/recorded-request.ts';
import { compiledStyle, madeOf } from '../../fixtures/same-bytes.ts';
import { styleById } from '../style/styles.ts';

const ID = 'ink';
const SINE = '../base/exact-math/sine.ts';

afterEach(() => vi.doUnmock(SINE));

it('gives other bytes where one entry of the encoder’s table is off by a bit', async () => {
  const { model } = styleById(ID);
  const file = new Uint8Array(readFileSync(new URL(`../../public/${model}`, import.meta.url)));
  const compiled = await compiledStyle(ID, 1, file);
  const request = await recordedRequest(compiled.card, 'rough tables');
  const exact = await madeOf(compiled, request, kernelBytes(), [1]);

  vi.resetModules();
  vi.doMock(SINE, async (original) => {
    const { sin, cos } = await original<typeof import('../base/exact-math/sine.ts')>();
    const third = (2 * Math.PI * 3) / (2 * compiled.card.parameters.polyModulusDegree);
    return { sin, cos: (x: number) => (x === third ? cos(x) * (1 + 2 ** -52) : cos(x)) };
  });
  const off = await import('../../fixtures/same-bytes.ts');
  const rough = await off.madeOf(await off.compiledStyle(ID, 1, file), request, kernelBytes(), [1]);
  expect(rough.card).toBe(exact.card);
  expect(rough.answers[1]).not.toBe(exact.answers[1]);
});
