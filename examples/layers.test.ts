// The layers of PyCrCNN's notebook, called on ciphertexts, against what PyTorch makes of them.
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { walk } from './layers.ts';

const folder = resolve(import.meta.dirname, '../../shared/data/pycrcnn');
const isThere = existsSync(folder);

/** What PyTorch gives after `layer` of `model`. */
function expected(model: string, layer: number): readonly number[] {
  const path = join(folder, `${model.replace(/\.pt$/, '')}.expected.json`);
  const { layers } = JSON.parse(readFileSync(path, 'utf8')) as { layers: { values: number[] }[] };
  return layers[layer].values;
}

describe('examples/layers.ts', () => {
  it.skipIf(!isThere)(
    `gives what PyTorch gives, layer by layer and as one plan${isThere ? '' : ' (skipped: ../shared/data is not here)'}`,
    async () => {
      const lines: string[] = [];
      const decrypted = await walk(folder, (line) => lines.push(line));
      expect(decrypted.map(({ model, layer }) => `${model} ${layer}`)).toEqual([
        'local_execution_model.pt 0',
        'local_execution_model.pt 3',
        'local_execution_model.pt 3',
        'SimpleModelApprox_Minimal.pt 4',
        ...Array<string>(4).fill('local_execution_model.pt 3'),
      ]);
      for (const { model, layer, values } of decrypted) {
        const wanted = expected(model, layer);
        expect(values).toHaveLength(wanted.length);
        const off = wanted.reduce((most, value, i) => Math.max(most, Math.abs(value - values[i])), 0);
        expect(off, `${model}, layer ${layer}`).toBeLessThan(0.005);
      }
      const text = lines.join('\n');
      expect(text).toMatch(/layer by layer \d+ ms\n {2}as one plan {4}\d+ ms/);
      // The refresh gives back the levels that three layers have used.
      const levels = [...text.matchAll(/^ {2}(Pool2d|AvgPool2d|Refresh) .*level (\d)/gm)].slice(-2);
      expect(Number(levels[1][2])).toBeGreaterThan(Number(levels[0][2]));
    },
  );
});
