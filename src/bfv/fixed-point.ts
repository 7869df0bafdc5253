// Fixed point for BFV in slots: how many digits of inputs and weights fit below p/2, and what error their rounding makes.
import { executeGraph } from '../model/execute.ts';
import type { Graph, Node } from '../model/graph.ts';
import type { LayerStep, SlotLayout } from './slot-layout.ts';

/** What the float network makes of the inputs: per node the values of all pictures, one after another. */
export type NodeValues = ReadonlyMap<string, Float32Array>;

/** Inputs and weights times base^digits, rounded to whole numbers. */
export interface FixedPoint {
  readonly base: number;
  readonly digits: number;
  /** What the values after each step are multiplied by. */
  readonly scales: readonly number[];
  /** Largest error of the rounded network's outputs against the float network's. */
  readonly roundingError: number;
  /** The least p that holds every value: above twice the largest whole number that occurs. */
  readonly leastP: number;
}

/** A network in slots, and what it makes of its inputs. */
export interface FixedPointWork {
  readonly graph: Graph;
  readonly inputs: readonly Float32Array[];
  readonly layout: SlotLayout;
  readonly exact: NodeValues;
  /** Ids of the nodes after which the client decrypts and encrypts again. */
  readonly refreshed: ReadonlySet<string>;
}

/** More digits than a double has. */
const MOST_DIGITS = 52;
/** Whole numbers are exact in a double below this. */
const MOST_P = 2 ** 53;

/** The values of every node for each of `inputs`. @throws SealedError `invalid-argument` for inputs of another size */
export function valuesOf(graph: Graph, inputs: readonly Float32Array[]): NodeValues {
  const values = new Map<string, Float32Array>([[graph.input.id, joined(inputs)]]);
  const parts = new Map<string, Float32Array[]>();
  for (const data of inputs) {
    executeGraph(
      graph,
      { shape: graph.input.shape, data },
      {
        onNode: ({ id }, output) => void parts.set(id, [...(parts.get(id) ?? []), output.data]),
      },
    );
  }
  for (const [id, list] of parts) values.set(id, joined(list));
  return values;
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Largest absolute value. */
export function peakOf(values: ArrayLike<number>): number {
  let peak = 0;
  for (let i = 0; i < values.length; i += 1) peak = Math.max(peak, Math.abs(values[i]));
  return peak;
}

/** Scales after each step; a refresh brings the values back to the input's. */
function scalesOf(steps: readonly LayerStep[], digitScale: number, refreshed: ReadonlySet<string>): number[] {
  let scale = digitScale;
  return steps.map(({ node, kind, weighted, ciphertexts }, i) => {
    if (i > 0 && refreshed.has(node.inputs[0])) scale = digitScale;
    if (kind === 'squares') scale *= scale;
    // A pooling only adds: what it would divide by is in the scale, the same for the whole layer.
    scale *= ciphertexts[0].divisor * (weighted ? digitScale : 1);
    return scale;
  });
}

const toGrid = (values: Float32Array, scale: number): Float32Array =>
  values.map((x) => Math.round(x * scale) / scale);

/** `node` with its weights and bias rounded as they are in fixed point. */
function rounded(node: Node, weightScale: number, scale: number): Node {
  if (node.op !== 'conv2d' && node.op !== 'linear') return node;
  const weight = { ...node.weight, data: toGrid(node.weight.data, weightScale) };
  const bias = node.bias && { ...node.bias, data: toGrid(node.bias.data, scale) };
  return { ...node, weight, ...(bias && { bias }) };
}

/** The network with `digits` digits of inputs and weights. */
function fixedPointOf(
  { graph, inputs, layout: { steps }, exact, refreshed }: FixedPointWork,
  base: number,
  digits: number,
): FixedPoint {
  const scale = base ** digits;
  const scales = scalesOf(steps, scale, refreshed);
  const nodes = graph.nodes.map((node, i) => rounded(node, scale, scales[i]));
  const values = valuesOf(
    { ...graph, nodes },
    inputs.map((input) => toGrid(input, scale)),
  );
  const whole = steps.map(({ node }, i) => peakOf(values.get(node.id)!) * scales[i]);
  const weights = steps.flatMap(({ ciphertexts, weighted }) =>
    weighted ? ciphertexts.map(({ terms }) => scale * peakOf(terms.map(({ weight }) => weight))) : [],
  );
  // The values come from float32: what they are off by is added.
  const most = Math.max(peakOf(values.get(graph.input.id)!) * scale, ...weights, ...whole);
  const [got, want] = [values.get(graph.output)!, exact.get(graph.output)!];
  return {
    base,
    digits,
    scales,
    roundingError: peakOf(got.map((x, i) => x - want[i])),
    leastP: Math.ceil(2 * most * (1 + 1e-5)) + 3,
  };
}

/**
 * The most digits whose whole numbers stay below p/2; undefined where p holds not even whole numbers.
 * @param p the plain modulus
 */
export function mostDigits(work: FixedPointWork, base: number, p: number): FixedPoint | undefined {
  let best: FixedPoint | undefined;
  for (let digits = 0; digits <= MOST_DIGITS; digits += 1) {
    const point = fixedPointOf(work, base, digits);
    if (point.leastP > p) break;
    best = point;
  }
  return best;
}

/** The fewest digits whose rounding costs at most `tolerance`; undefined where no p below 2^53 holds them. */
export function fewestDigits(work: FixedPointWork, base: number, tolerance: number): FixedPoint | undefined {
  for (let digits = 0; digits <= MOST_DIGITS; digits += 1) {
    const point = fixedPointOf(work, base, digits);
    if (point.leastP > MOST_P) return undefined;
    if (point.roundingError <= tolerance) return point;
  }
  return undefined;
}
