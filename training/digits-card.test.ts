// Tests that the committed example network is the one its card describes, in both formats, and reads its example.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { executeGraph } from '../src/model/execute.ts';
import { elementCount } from '../src/model/graph.ts';
import { importModel } from '../src/import/import-model.ts';
import { readNpy } from '../src/import/numpy.ts';

const read = (name: string): Uint8Array => readFileSync(new URL(`../public/models/${name}`, import.meta.url));

interface DigitsCard {
  readonly sha256: string;
  readonly parameters: number;
  readonly accuracy: number;
  readonly largestLogit: number;
}

const card = JSON.parse(new TextDecoder().decode(read('digits.card.json'))) as DigitsCard;
const graph = importModel(read('digits.onnx'));
const examples = readNpy(read('digits-input.npy'));
const size = elementCount(graph.input.shape);
const inputs = Array.from({ length: 10 }, (_, i) => examples.data.slice(i * size, (i + 1) * size));

function outputs(network: typeof graph): Float32Array[] {
  return inputs.map((data) => executeGraph(network, { shape: network.input.shape, data }).data);
}

describe('the digits example', () => {
  it('is the file its card describes', () => {
    expect(createHash('sha256').update(read('digits.onnx')).digest('hex')).toBe(card.sha256);
    const numbers = graph.nodes
      .flatMap((node) => Object.values(node) as unknown[])
      .reduce<number>((sum, field) => {
        const { data } = (field ?? {}) as { data?: unknown };
        return sum + (data instanceof Float32Array ? data.length : 0);
      }, 0);
    expect(numbers).toBe(card.parameters);
    expect(card.accuracy).toBeGreaterThan(0.99);
  });

  it('reads the ten digits of its example, with outputs small enough for the scheme', () => {
    expect(examples.shape).toEqual([10, 1, 12, 12]);
    const read = outputs(graph).map((values) => values.indexOf(Math.max(...values)));
    expect(read).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(card.largestLogit).toBeLessThan(40);
  });

  it('is the same network as PyTorch saved it', () => {
    const saved = importModel(read('digits.pt'), { inputShape: [1, 12, 12] });
    const expected = outputs(graph);
    outputs(saved).forEach((values, i) =>
      values.forEach((value, j) => expect(value).toBeCloseTo(expected[i][j], 4)),
    );
  });
});
