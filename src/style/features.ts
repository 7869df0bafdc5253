// What a feature network makes of the 512 neighbourhoods, and the weights that turn features into coverages.
import { SealedError } from '../base/errors.ts';
import { pow } from '../base/exact-math.ts';
import { executeGraph } from '../model/execute.ts';
import type { Graph, Node } from '../model/graph.ts';
import { PATTERN_WEIGHTS } from './pattern-weights.ts';
import type { Layer, Layers } from './recipe.ts';

/** Number of distinct 3×3 neighbourhoods. */
export const PATTERNS = 512;

/** A coverage's weights: `[outputs][features + 1]`, the last for the constant one. */
export interface CoverageWeights {
  readonly outputs: number;
  readonly features: number;
  readonly data: Float64Array;
}

function notFeatures(reason: string): SealedError {
  return new SealedError('malformed-model', `This is not a feature network: ${reason}.`, { stage: 'model' });
}

/**
 * The feature network for a code of `modules` by `modules` with `margin` modules around: input `[1, modules, modules]`,
 * output `[features, modules + 2·margin, …]`.
 *
 * @throws SealedError `malformed-model` unless the network is a chain of convolutions and squares from one channel, of
 *   which only the first looks at neighbours, up to one module away
 */
export function featureGraph(network: Graph, modules: number, margin: number): Graph {
  const side = modules + 2 * margin;
  const input = { id: network.input.id, shape: [1, modules, modules] };
  let previous = input.id;
  let channels = 1;
  const nodes = network.nodes.map((node, index): Node => {
    if (node.inputs.some((id) => id !== previous))
      throw notFeatures(`layer ${index + 1} skips its predecessor`);
    const sized = resized(node, index, channels, side, margin);
    channels = sized.shape[0];
    const inputs = [index === 0 ? input.id : `features/${previous}`];
    previous = node.id;
    return { ...sized, id: `features/${node.id}`, inputs };
  });
  if (nodes.length === 0 || network.output !== previous)
    throw notFeatures('its output is not its last layer');
  return { name: `${network.name}-features`, input, nodes, output: `features/${previous}` };
}

function resized(node: Node, index: number, channels: number, side: number, margin: number): Node {
  const shape = [channels, side, side];
  switch (node.op) {
    case 'conv2d': {
      const [outputs, inputs, height, width] = node.weight.shape as [number, number, number, number];
      const isFirst = index === 0;
      const fits = (size: number): boolean => size === 1 || (size === 3 && isFirst);
      const isPlain =
        node.strides.every((stride) => stride === 1) && node.dilations.every((dilation) => dilation === 1);
      if (!isPlain || !fits(height) || !fits(width) || node.groups !== 1 || inputs !== channels) {
        throw notFeatures(`layer ${index + 1} takes ${inputs} channels, not ${channels}, or looks too far`);
      }
      const extra = isFirst ? margin : 0;
      const [down, across] = [(height - 1) / 2 + extra, (width - 1) / 2 + extra];
      return { ...node, pads: [down, across, down, across], shape: [outputs, side, side] };
    }
    case 'square':
      return { ...node, shape };
    case 'multiply':
      // Exporters write x² as x·x; every input has been checked to be the predecessor.
      return { id: node.id, op: 'square', inputs: [node.inputs[0]], shape };
    default:
      throw notFeatures(`layer ${index + 1} is a ${node.op}`);
  }
}

/** Features of every neighbourhood: `[512][features]`. */
export interface PatternFeatures {
  readonly features: number;
  readonly data: Float64Array;
}

/** What `network` makes of every neighbourhood. @throws SealedError `malformed-model` as {@link featureGraph} does */
export function patternFeatures(network: Graph): PatternFeatures {
  // All patterns side by side on one board, three modules each, read in their middles.
  const across = 32;
  const side = 3 * across;
  const board = new Float32Array(side * side);
  const middle = (pattern: number): number =>
    (3 * Math.floor(pattern / across) + 1) * side + 3 * (pattern % across) + 1;
  for (let pattern = 0; pattern < PATTERNS; pattern += 1) {
    for (let bit = 0; bit < 9; bit += 1) {
      const at = middle(pattern) + (Math.floor(bit / 3) - 1) * side + (bit % 3) - 1;
      board[at] = (pattern >> bit) & 1;
    }
  }
  const graph = featureGraph(network, side, 0);
  const output = executeGraph(graph, { shape: graph.input.shape, data: board });
  const features = output.shape[0];
  const data = new Float64Array(PATTERNS * features);
  for (let pattern = 0; pattern < PATTERNS; pattern += 1) {
    for (let j = 0; j < features; j += 1) {
      data[pattern * features + j] = output.data[j * side * side + middle(pattern)];
    }
  }
  return { features, data };
}

/** Coverages that `layers` have in the network: one for each power of the bend, or one for each tap. */
export function coverageCount(layers: Layers): number {
  return layers.kind === 'taps'
    ? layers.taps.length
    : layers.layers.reduce((sum, { degree }) => sum + degree + 1, 0);
}

/** Bends at which a layer is drawn to find its polynomial. */
const BENDS = [-0.9, -0.4, 0, 0.4, 0.9];

// The bend is mostly near 0: noise of several octaves.
const BEND_WEIGHTS = [0.4, 1, 1.3, 1, 0.4];

/** Rows that turn values at {@link BENDS} into coefficients of the bend's powers, by weighted least squares. */
function bendFit(degree: number): Float64Array[] {
  if (degree === 0) return [Float64Array.of(1)];
  const size = degree + 1;
  const normal = new Float64Array(size * size);
  const right = new Float64Array(size * BENDS.length);
  BENDS.forEach((bend, k) => {
    for (let i = 0; i < size; i += 1) {
      right[i * BENDS.length + k] = BEND_WEIGHTS[k] * pow(bend, i);
      for (let j = 0; j < size; j += 1) normal[i * size + j] += BEND_WEIGHTS[k] * pow(bend, i + j);
    }
  });
  const solved = solveSymmetric(normal, size, right, BENDS.length);
  return Array.from({ length: size }, (_, i) => solved.subarray(i * BENDS.length, (i + 1) * BENDS.length));
}

/** What each pattern's pixels shall be: `[512][p²·coverages]`, the coverages of a pixel side by side. */
export function coverageTargets(layers: readonly Layer[], pixels: number): Float64Array {
  const coverages = layers.reduce((sum, { degree }) => sum + degree + 1, 0);
  const row = pixels * pixels * coverages;
  const targets = new Float64Array(PATTERNS * row);
  let first = 0;
  for (const layer of layers) {
    const fit = bendFit(layer.degree);
    const bends = layer.degree === 0 ? [0] : BENDS;
    for (let pattern = 0; pattern < PATTERNS; pattern += 1) {
      for (let pixel = 0; pixel < pixels * pixels; pixel += 1) {
        bends.forEach((bend, k) => {
          const value = pixelCoverage(
            layer,
            pattern,
            pixel % pixels,
            Math.floor(pixel / pixels),
            pixels,
            bend,
          );
          const at = pattern * row + pixel * coverages + first;
          for (let i = 0; i <= layer.degree; i += 1) targets[at + i] += fit[i][k] * value;
        });
      }
    }
    first += layer.degree + 1;
  }
  return targets;
}

/** Mean coverage of pixel (x, y) of `pixels` by `pixels`. */
export function pixelCoverage(
  { coverage, samples }: Layer,
  pattern: number,
  x: number,
  y: number,
  pixels: number,
  bend: number,
): number {
  const step = 1 / (pixels * samples);
  let sum = 0;
  for (let j = 0; j < samples; j += 1) {
    for (let i = 0; i < samples; i += 1) {
      sum += coverage(pattern, x / pixels + (i + 0.5) * step, y / pixels + (j + 0.5) * step, bend);
    }
  }
  return sum / (samples * samples);
}

// Large even areas show what an edge hides.
const FLAT = 300;

/** Whether a neighbourhood is all light or all dark. */
function isFlat(pattern: number): boolean {
  return pattern === 0 || pattern === PATTERNS - 1;
}

// A trace of ridge: features may depend on each other.
const RIDGE = 1e-7;

/**
 * The weights from features to `targets`, `[512][outputs]`: least squares over all neighbourhoods, each counted by how
 * often codes have it. No neighbourhood is left out, so none can come out as a speck.
 */
export function fitCoverages({ features, data }: PatternFeatures, targets: Float64Array): CoverageWeights {
  const outputs = targets.length / PATTERNS;
  const size = features + 1;
  const normal = new Float64Array(size * size);
  const right = new Float64Array(size * outputs);
  const row = new Float64Array(size);
  for (let pattern = 0; pattern < PATTERNS; pattern += 1) {
    row.set(data.subarray(pattern * features, (pattern + 1) * features));
    row[features] = 1;
    const weight = PATTERN_WEIGHTS[pattern] * (isFlat(pattern) ? FLAT : 1);
    for (let i = 0; i < size; i += 1) {
      const share = weight * row[i];
      if (share === 0) continue;
      for (let j = 0; j < size; j += 1) normal[i * size + j] += share * row[j];
      const from = pattern * outputs;
      const to = i * outputs;
      for (let o = 0; o < outputs; o += 1) right[to + o] += share * targets[from + o];
    }
  }
  for (let i = 0; i < size; i += 1) normal[i * size + i] += RIDGE;
  const solved = solveSymmetric(normal, size, right, outputs);
  const weights = new Float64Array(outputs * size);
  for (let o = 0; o < outputs; o += 1) {
    for (let i = 0; i < size; i += 1) weights[o * size + i] = solved[i * outputs + o];
  }
  return { outputs, features, data: weights };
}

/** Solves A·X = B for a symmetric positive A of `size`², B with `columns` columns, by Cholesky's A = L·Lᵀ. */
function solveSymmetric(a: Float64Array, size: number, b: Float64Array, columns: number): Float64Array {
  const l = Float64Array.from(a);
  for (let j = 0; j < size; j += 1) {
    for (let k = 0; k < j; k += 1) {
      for (let i = j; i < size; i += 1) l[i * size + j] -= l[i * size + k] * l[j * size + k];
    }
    const pivot = Math.sqrt(Math.max(l[j * size + j], 1e-300));
    for (let i = j; i < size; i += 1) l[i * size + j] /= pivot;
  }
  const x = Float64Array.from(b);
  const subtract = (to: number, from: number, factor: number): void => {
    for (let c = 0; c < columns; c += 1) x[to * columns + c] -= factor * x[from * columns + c];
  };
  const divide = (row: number): void => {
    for (let c = 0; c < columns; c += 1) x[row * columns + c] /= l[row * size + row];
  };
  for (let i = 0; i < size; i += 1) {
    for (let k = 0; k < i; k += 1) subtract(i, k, l[i * size + k]);
    divide(i);
  }
  for (let i = size - 1; i >= 0; i -= 1) {
    for (let k = i + 1; k < size; k += 1) subtract(i, k, l[k * size + i]);
    divide(i);
  }
  return x;
}
