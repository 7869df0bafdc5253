// Layers for people: shapes and trained numbers of the committed example.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { importModel } from '../../import/import-model.ts';
import { layersOf } from './model-layers.ts';

const graph = importModel(readFileSync(new URL('../../../public/models/digits.onnx', import.meta.url)));

describe('layersOf', () => {
  it('names the layers of the file with their shapes and numbers', () => {
    const rows = layersOf(graph).map(({ type, shape, parameters }) => [type, shape.join('×'), parameters]);
    expect(rows).toEqual([
      ['Conv', '5×6×6', 50],
      ['Mul', '5×6×6', 0],
      ['Flatten', '180', 0],
      ['Gemm', '32', 5792],
      ['Mul', '32', 0],
      ['Gemm', '10', 330],
    ]);
  });

  it('counts every number once, with or without marks', () => {
    const total = (layers: ReturnType<typeof layersOf>): number =>
      layers.reduce((sum, { parameters }) => sum + parameters, 0);
    const { layers: _, ...unmarked } = graph;
    expect(total(layersOf(graph))).toBe(6172);
    expect(total(layersOf(unmarked))).toBe(6172);
  });
});
