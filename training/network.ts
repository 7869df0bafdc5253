// Reads a committed shape network and counts what it costs.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Graph } from '../src/model/graph.ts';
import { importOnnx } from '../src/import/onnx/import-onnx.ts';
import type { Style } from '../src/style/styles.ts';

/** A network as committed: its graph (for 21 by 21 modules) and the SHA-256 of its file in hexadecimal. */
export interface CommittedNetwork {
  readonly graph: Graph;
  readonly sha256: string;
}

/** Reads the network of `style` from public/. */
export function readNetwork(style: Style): CommittedNetwork {
  const bytes = readFileSync(new URL(`../public/${style.model}`, import.meta.url));
  return {
    graph: importOnnx(bytes, { inputShape: [1, 1, 21, 21] }),
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
}

/** The layers in words, `conv 3×3 1→8 · square · …`. */
export function architecture(graph: Graph): string {
  const layers = graph.nodes.map((node) => {
    if (node.op !== 'conv2d') return node.op === 'multiply' ? 'square' : node.op;
    const [outputs, inputs, height, width] = node.weight.shape;
    return `conv ${height}×${width} ${inputs}→${outputs}`;
  });
  return layers.join(' · ');
}

/** Weights and biases of all layers. */
export function parameterCount(graph: Graph): number {
  return graph.nodes.reduce(
    (sum, node) =>
      node.op === 'conv2d' ? sum + node.weight.data.length + (node.bias?.data.length ?? 0) : sum,
    0,
  );
}

/** Multiplications the network takes for one module: one a weight, one a squared channel. */
export function multiplicationsPerModule(graph: Graph): number {
  return graph.nodes.reduce(
    (sum, node) => sum + (node.op === 'conv2d' ? node.weight.data.length : node.shape[0]),
    0,
  );
}
