// Tests that the committed networks of the public harness are those of their card, and read the drawn digits beside them.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { importModel } from '../src/import/import-model.ts';
import { readNpy } from '../src/import/numpy.ts';
import { executeGraph } from '../src/model/execute.ts';

const read = (name: string): Uint8Array => readFileSync(new URL(`../public/models/${name}`, import.meta.url));
const card = JSON.parse(new TextDecoder().decode(read('digits-harness.card.json'))) as {
  readonly networks: Readonly<Record<string, { readonly sha256: string; readonly accuracy: number }>>;
};

it.each(['square', 'relu'])(
  'the %s network is the one its card describes, and reads drawn digits',
  (kind) => {
    const bytes = read(`digits-${kind}.onnx`);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(card.networks[kind].sha256);
    expect(card.networks[kind].accuracy).toBeGreaterThan(0.97);
    const graph = importModel(bytes);
    const { data } = readNpy(read('digits-square-input.npy'));
    const labels = Array.from({ length: 10 }, (_, i) => {
      const picture = data.slice(i * 784, (i + 1) * 784);
      const outputs = executeGraph(graph, { shape: graph.input.shape, data: picture }).data;
      return outputs.indexOf(Math.max(...outputs));
    });
    // One of each: at 98 of 100, one may be misread.
    expect(labels.filter((label, digit) => label === digit).length).toBeGreaterThanOrEqual(9);
  },
);
