// Batches: samples cut, run one by one and joined.
import { describe, expect, it } from 'vitest';
import { executeSamples, splitSamples } from '../../fixtures/execute-samples.ts';
import { executeBatch } from './batch.ts';
import type { Graph } from './graph.ts';

const RELU: Graph = {
  name: 'relu',
  input: { id: 'x', shape: [2] },
  nodes: [{ id: 'r', inputs: ['x'], shape: [2], op: 'activation', function: { kind: 'relu' } }],
  output: 'r',
};

describe('executeBatch', () => {
  it('runs each input by itself, and nothing without layers', () => {
    const values = Float32Array.of(-1, 2, 3, -4);
    expect(executeBatch(RELU, values)).toEqual(Float32Array.of(0, 2, 3, 0));
    expect(executeBatch(undefined, values)).toBe(values);
  });
});

describe('executeSamples', () => {
  it('joins the outputs along a batch axis; a single sample keeps its shape', () => {
    const batch = { shape: [3, 2], data: Float32Array.of(-1, 2, 3, -4, -5, -6) };
    expect(executeSamples(RELU, batch)).toEqual({ shape: [3, 2], data: Float32Array.of(0, 2, 3, 0, 0, 0) });
    const one = { shape: [1, 2], data: Float32Array.of(-1, 2) };
    expect(executeSamples(RELU, one)).toEqual({ shape: [2], data: Float32Array.of(0, 2) });
  });
});

describe('splitSamples', () => {
  it('refuses a tensor that is neither one input nor a batch of them', () => {
    const refused = expect.objectContaining({ code: 'invalid-argument' }) as Error;
    expect(() => splitSamples(RELU, { shape: [3], data: new Float32Array(3) })).toThrow(refused);
    expect(() => splitSamples(RELU, { shape: [2, 2, 1], data: new Float32Array(4) })).toThrow(refused);
    expect(splitSamples(RELU, { shape: [2, 2], data: new Float32Array(4) })).toHaveLength(2);
  });
});
