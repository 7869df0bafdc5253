// A row of the study in the clear: its figures, what is kept, and how it goes on; its networks' files.
import { describe, expect, it } from 'vitest';
import { planesOf } from '../../../fixtures/study-planes.ts';
import { createHash } from 'node:crypto';
import { importOnnx } from '../../import/onnx/import-onnx.ts';
import { readModelFile } from '../../import/model-file.ts';
import { executeGraph } from '../../model/execute.ts';
import { writeAffineNetwork } from './affine-network.ts';
import { codeInput, studyCode, studyTexts } from './codes.ts';
import { STUDY_STYLES, styledPicture, type StudyStyle } from './gradients.ts';
import { readPicture } from './readings.ts';
import { bitsRow, rowsFor } from './study-rows.ts';
import { type RowRequest, type RowState, runRowInClear, type StudyStore } from './study-run.ts';
import { rowReport } from './row-report.ts';
import { scoreIn } from './study-report.ts';

const bytes = writeAffineNetwork('green_orange', 21);
const graph = readModelFile(bytes, { name: 'affine.onnx' });
const [affine] = rowsFor('green_orange', 1).filter(({ id }) => id === 'affine');

function memoryStore(): StudyStore & { readonly kept: Map<string, RowState> } {
  const kept = new Map<string, RowState>();
  return {
    kept,
    load: (name) => Promise.resolve(kept.get(name)),
    save: (name, state) => Promise.resolve(void kept.set(name, state)),
  };
}

function request(store: StudyStore, count: number, onRead: () => void = () => undefined): RowRequest {
  const codes = studyTexts('test', count).map((text) => studyCode(text, 1));
  const reader = (): string => {
    onRead();
    return 'something';
  };
  return {
    row: affine,
    model: { file: { name: 'affine.onnx', bytes }, graph },
    style: 'green_orange',
    zbar: reader,
    readers: { one: reader },
    codes,
    store,
    name: 'a row',
  };
}

describe('a row in the clear', () => {
  it('counts what is read, exact or not, and the difference', async () => {
    const state = await runRowInClear(request(memoryStore(), 3));
    const { clear } = rowReport(affine, state, undefined);
    const { readAny, readExact, difference } = scoreIn(clear!, 'clamped', 'uncorrected');
    expect([readAny.value, readExact.value, difference.value]).toEqual([1, 0, 0]);
    expect(clear!.count).toBe(3);
  });

  it('goes on where it was stopped, to the same sums', async () => {
    const store = memoryStore();
    const stop = new AbortController();
    let reads = 0;
    const stopping = request(store, 60, () => {
      reads += 1;
      if (reads === 52 * 8) stop.abort();
    });
    await expect(runRowInClear(stopping, { signal: stop.signal })).rejects.toThrow(/Stopped/);
    expect([...store.kept.values()][0].done).toBe(50);
    reads = 0;
    const state = await runRowInClear(request(store, 60, () => (reads += 1)));
    expect(reads).toBe(10 * 8);
    const whole = await runRowInClear(request(memoryStore(), 60));
    expect(state.tallies).toEqual(whole.tallies);
  });

  it('does not take a row of more codes for one of fewer, and keeps both', async () => {
    const store = memoryStore();
    await runRowInClear(request(store, 20));
    const { done } = await runRowInClear(request(store, 10));
    expect(done).toBe(10);
    expect([...store.kept.values()].map((state) => state.done)).toEqual([20, 10]);
  });
});

describe('the affine network', () => {
  it.each(Object.keys(STUDY_STYLES) as StudyStyle[])('draws %s to the byte at both versions', (style) => {
    for (const version of [1, 6] as const) {
      const { code } = studyCode('Sealed', version);
      const network = importOnnx(writeAffineNetwork(style, code.modules));
      const { data } = executeGraph(network, {
        shape: [1, code.modules, code.modules],
        data: codeInput(code),
      });
      expect(readPicture(data, 'clamped')).toEqual(styledPicture(code, style));
      const planes = planesOf(styledPicture(code, style));
      expect(data.every((x, i) => Math.abs(x - planes[i]) < 1e-6)).toBe(true);
    }
  });

  it('has the same bytes whenever it is written', () => {
    const hash = (file: Uint8Array): string => createHash('sha256').update(file).digest('hex');
    expect(hash(writeAffineNetwork('green_orange', 21))).toBe(hash(bytes));
  });
});

describe('rows', () => {
  it('have names of their own, at every style and version', () => {
    for (const style of Object.keys(STUDY_STYLES) as StudyStyle[]) {
      for (const version of [1, 6] as const) {
        const ids = rowsFor(style, version).map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
        expect(ids).toContain('affine');
      }
    }
    expect(bitsRow(3).name).toContain('3 bits');
  });
});
