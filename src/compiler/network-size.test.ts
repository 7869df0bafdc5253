// What is far too large is refused before anything is built for it: small files that ask for very much.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { writeOnnx } from '../../fixtures/onnx-writer.ts';
import { asSealedError, type SealedError } from '../base/errors.ts';
import { importOnnx } from '../import/onnx/import-onnx.ts';
import type { Graph, Node } from '../model/graph.ts';
import { COST_TABLES } from '../plan/cost-tables.ts';
import { styleGraph } from '../style/graph.ts';
import { LARGE_STYLES } from '../../fixtures/styled-versions.ts';
import { compile } from './compile.ts';
import { PlanningWork } from './general/planning-work.ts';
import { sizeOf, tooLargeFor } from './network-size.ts';

const costs = COST_TABLES.simd;

/** The file of Mul(x, x) on `values` values. */
function mulFile(values: number): Uint8Array {
  return writeOnnx({
    opset: 13,
    input: { name: 'x', dims: [1, values] },
    initializers: [],
    nodes: [{ op: 'Mul', inputs: ['x', 'x'], outputs: ['y'] }],
    output: 'y',
  });
}

/** The file of `count` Adds of x, one after the other. */
function addFile(count: number): Uint8Array {
  return writeOnnx({
    opset: 13,
    input: { name: 'x', dims: [1, 28, 28] },
    initializers: [],
    nodes: Array.from({ length: count }, (_, i) => ({
      op: 'Add',
      inputs: [i === 0 ? 'x' : `v${i - 1}`, 'x'],
      outputs: [`v${i}`],
    })),
    output: `v${count - 1}`,
  });
}

/** How `plan` is refused. */
function refusalOf(plan: () => unknown): SealedError {
  try {
    plan();
  } catch (error) {
    return asSealedError(error);
  }
  throw new Error('It was not refused.');
}

describe('hostile files', () => {
  it('are refused at 2^22 squared values, with what to do, and nothing is searched', () => {
    const file = mulFile(2 ** 22);
    expect(file.length).toBeLessThan(80);
    const graph = importOnnx(file);
    const work = new PlanningWork();
    const refusal = refusalOf(() => compile(graph, { costs, work }));
    expect(refusal).toMatchObject({ code: 'does-not-fit', stage: 'compile' });
    expect(refusal.detail).toMatchObject({ layer: 'x', elements: 2 ** 22, ciphertexts: 1024 });
    expect(refusal.message).toMatch(/4194304 values of x.*Make the input smaller/);
    expect([work.steps, work.priced, work.built]).toEqual([0, 0, 0]);
  });

  it('are refused at 60,000 Adds, when they are read', () => {
    const refusal = refusalOf(() => importOnnx(addFile(60_000)));
    expect(refusal).toMatchObject({ code: 'does-not-fit', stage: 'model' });
    expect(refusal.message).toMatch(/more than 4096 layers\. Fold its constants/);
  });

  it('are refused at as many layers, however the graph came', () => {
    const shape = [4];
    const nodes = Array.from({ length: 60_000 }, (_, i): Node => ({
      id: `v${i}`,
      op: 'add',
      inputs: [i === 0 ? 'x' : `v${i - 1}`, 'x'],
      shape,
    }));
    const graph: Graph = { name: 'adds', input: { id: 'x', shape }, nodes, output: 'v59999' };
    const work = new PlanningWork();
    const refusal = refusalOf(() => compile(graph, { costs, work }));
    expect(refusal).toMatchObject({ code: 'does-not-fit', detail: { layers: 60_000 } });
    expect(refusal.message).toMatch(/write what repeats as one layer\.$/);
    expect(work.steps).toBe(0);
  });

  it('are refused for what a convolution multiplies, by its shapes alone', () => {
    const data = new Float32Array(64 * 64 * 9);
    const graph: Graph = {
      name: 'wide',
      input: { id: 'x', shape: [64, 256, 256] },
      nodes: [
        {
          id: 'conv',
          op: 'conv2d',
          inputs: ['x'],
          shape: [64, 256, 256],
          weight: { shape: [64, 64, 3, 3], data },
          strides: [1, 1],
          pads: [1, 1, 1, 1],
          dilations: [1, 1],
          groups: 1,
        },
      ],
      output: 'conv',
    };
    const refusal = refusalOf(() => compile(graph, { costs }));
    expect(refusal.message).toMatch(/2416 million operations/);
  });
});

describe('sizes', () => {
  const square = (values: number): Graph => importOnnx(mulFile(values));

  it('count ciphertexts × levels × slots of what must be a ciphertext', () => {
    // Two ciphertexts of two primes go in and two of one prime come out: 64 KiB for each prime.
    const size = sizeOf(square(5000), false);
    expect(size).toEqual({
      operations: 5000,
      ciphertextBytes: (2 * 2 + 2) * 65_536,
      largest: { layer: 'x', elements: 5000, ciphertexts: 2 },
    });
    // With a refresh in between no depth can be told.
    expect(sizeOf(square(5000), true).ciphertextBytes).toBe((2 + 2) * 65_536);
  });

  it('let small ones pass and stop the others, at a limit of each form', () => {
    const held = sizeOf(square(2 ** 19), false);
    expect(tooLargeFor(held, 'general')).toBeUndefined();
    expect(tooLargeFor(sizeOf(square(2 ** 20), false), 'general')?.code).toBe('does-not-fit');
    expect(tooLargeFor(sizeOf(square(2 ** 20), false), 'channels')).toBeUndefined();
    expect(tooLargeFor({ ...held, operations: 2 ** 27 }, 'general')?.message).toMatch(/operations/);
    // No option is proposed that has not been tried: see what-would-do.ts.
    expect(tooLargeFor({ ...held, ciphertextBytes: 2 ** 30 }, 'general')?.message).not.toMatch(/--/);
  });

  it.each(LARGE_STYLES)('hold $id at version 40 in channel form', (style) => {
    const bytes = new Uint8Array(readFileSync(new URL(`../../public/${style.model}`, import.meta.url)));
    const network = importOnnx(bytes, { inputShape: [1, 21, 21] });
    const size = sizeOf(styleGraph(network, style, 177, style.defaultColours, 8), false);
    expect(tooLargeFor(size, 'channels')).toBeUndefined();
    expect(tooLargeFor(size, 'general')).toBeDefined();
  });
});
