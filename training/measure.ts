// Measures a shape network against the reference of its style on seeded random codes.

import { executeGraph } from '../src/model/execute.ts';
import type { Graph } from '../src/model/graph.ts';
import { shapeGraph } from '../src/style/graph.ts';
import { referenceCoverage, type StyleId } from '../src/style/reference.ts';
import type { SampleCode } from './payloads.ts';

/** Errors of the coverage (0 … 1) over all pixels of all codes, and how large the values inside get. */
export interface Measurement {
  readonly codes: number;
  readonly meanAbsoluteError: number;
  readonly maxAbsoluteError: number;
  /** Furthest the coverage leaves 0 … 1. */
  readonly overshoot: number;
  /** Largest magnitude after each layer, in order. */
  readonly ranges: readonly number[];
}

/** Runs `network` on `codes` in floats and compares every pixel with the reference of `style`. */
export function measure(network: Graph, style: StyleId, codes: Iterable<SampleCode>): Measurement {
  const ranges: number[] = network.nodes.map(() => 0);
  let sum = 0;
  let pixels = 0;
  let worst = 0;
  let overshoot = 0;
  let count = 0;
  for (const { dark, modules } of codes) {
    const graph = shapeGraph(network, modules, 8);
    const input = { shape: [1, modules, modules], data: Float32Array.from(dark) };
    const coverage = executeGraph(graph, input, {
      onNode: (node, { data }) => {
        const index = graph.nodes.indexOf(node);
        for (const value of data) ranges[index] = Math.max(ranges[index], Math.abs(value));
      },
    }).data;
    const reference = referenceCoverage(style, dark, modules);
    for (let i = 0; i < reference.length; i++) {
      const error = Math.abs(coverage[i] - reference[i]);
      sum += error;
      worst = Math.max(worst, error);
      overshoot = Math.max(overshoot, -coverage[i], coverage[i] - 1);
    }
    pixels += reference.length;
    count++;
  }
  return { codes: count, meanAbsoluteError: sum / pixels, maxAbsoluteError: worst, overshoot, ranges };
}
