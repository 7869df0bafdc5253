// Fixed point for BFV: how many digits of inputs and weights fit below p/2, and what error their rounding makes.
import { executeGraph } from '../model/execute.ts';
import type { Graph, Node } from '../model/graph.ts';
import type { BfvLayout, LayerStep } from './bfv-layout.ts';

/** What the float network makes of the inputs: per node the values of all pictures, one after another. */
export type NodeValues = ReadonlyMap<string, Float32Array>;

/** One choice of digits. */
export interface FixedPoint {
  readonly base: number;
  readonly inputDigits: number;
  readonly weightDigits: number;
  /** What the values after each step are multiplied by. */
  readonly scales: readonly number[];
  /** Largest error of the rounded network's outputs against the float network's. */
  readonly roundingError: number;
  /** The least p that holds every value: above twice the largest whole number that occurs. */
  readonly leastP: number;
}

/** Rounding that costs more than this share of the largest output tells nothing about the network. */
const USEFUL = 0.1;
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
function peakOf(values: ArrayLike<number>): number {
  let peak = 0;
  for (let i = 0; i < values.length; i += 1) peak = Math.max(peak, Math.abs(values[i]));
  return peak;
}

function scalesOf(steps: readonly LayerStep[], inputScale: number, weightScale: number): number[] {
  let scale = inputScale;
  return steps.map(({ kind, weighted, gain }) => {
    if (kind === 'squares') scale *= scale;
    scale *= gain * (weighted ? weightScale : 1);
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

function tryDigits(
  graph: Graph,
  inputs: readonly Float32Array[],
  { steps }: BfvLayout,
  exact: NodeValues,
  [base, inputDigits, weightDigits]: readonly [number, number, number],
): FixedPoint {
  const [inputScale, weightScale] = [base ** inputDigits, base ** weightDigits];
  const scales = scalesOf(steps, inputScale, weightScale);
  const nodes = graph.nodes.map((node, i) => rounded(node, weightScale, scales[i]));
  const values = valuesOf(
    { ...graph, nodes },
    inputs.map((input) => toGrid(input, inputScale)),
  );
  const whole = steps.map(({ node }, i) => peakOf(values.get(node.id)!) * scales[i]);
  const weights = steps.flatMap(({ ciphertexts, weighted }) =>
    weighted ? ciphertexts.map(({ terms }) => weightScale * peakOf(terms.map(({ weight }) => weight))) : [],
  );
  // The values come from float32: what they are off by is added.
  const most = Math.max(peakOf(values.get(graph.input.id)!) * inputScale, ...weights, ...whole);
  const [got, want] = [values.get(graph.output)!, exact.get(graph.output)!];
  return {
    base,
    inputDigits,
    weightDigits,
    scales,
    roundingError: peakOf(got.map((x, i) => x - want[i])),
    leastP: Math.ceil(2 * most * (1 + 1e-5)) + 3,
  };
}

/**
 * The useful choices of digits for `p`, most exact first: for each number of a weight's digits the most of the input's
 * that fit. Empty where p holds none.
 */
export function digitsThatFit(
  graph: Graph,
  inputs: readonly Float32Array[],
  layout: BfvLayout,
  exact: NodeValues,
  base: number,
  p: number,
): FixedPoint[] {
  const useful = USEFUL * peakOf(exact.get(graph.output)!);
  const found: FixedPoint[] = [];
  const weighted = layout.steps.some((step) => step.weighted);
  for (let weightDigits = 0; base ** weightDigits < p; weightDigits += 1) {
    const fits = (scales: readonly number[]): boolean =>
      layout.steps.every(({ node }, i) => peakOf(exact.get(node.id)!) * scales[i] < p / 2);
    let inputDigits = Math.floor(Math.log(p) / Math.log(base));
    while (inputDigits >= 0 && !fits(scalesOf(layout.steps, base ** inputDigits, base ** weightDigits)))
      inputDigits -= 1;
    // Rounded values can pass the float network's largest: then one digit less.
    for (const digits of [inputDigits, inputDigits - 1]) {
      if (digits < 0) continue;
      const choice = tryDigits(graph, inputs, layout, exact, [base, digits, weightDigits]);
      if (choice.leastP > p) continue;
      if (choice.roundingError <= useful) found.push(choice);
      break;
    }
    if (inputDigits < 0 || !weighted) break;
  }
  return found.sort((a, b) => a.roundingError - b.roundingError);
}

/** The choice of digits, as many for inputs as for weights, with the least p that is useful; undefined beyond 2^53. */
export function leastUsefulDigits(
  graph: Graph,
  inputs: readonly Float32Array[],
  layout: BfvLayout,
  exact: NodeValues,
  base: number,
): FixedPoint | undefined {
  const useful = USEFUL * peakOf(exact.get(graph.output)!);
  for (let digits = 0; digits <= 52; digits += 1) {
    const choice = tryDigits(graph, inputs, layout, exact, [base, digits, digits]);
    if (choice.leastP > MOST_P) return undefined;
    if (choice.roundingError <= useful) return choice;
  }
  return undefined;
}

/** Bits of noise budget that the layers use up, by a rule of thumb: sums add up like independent noise. */
export function noiseBits({ steps }: BfvLayout, weightScale: number, p: number, degree: number): number {
  let bits = 0;
  for (const { kind, weighted, ciphertexts } of steps) {
    if (kind === 'squares') bits += Math.log2(p) + Math.log2(degree) / 2 + 3;
    if (kind !== 'sums') continue;
    const scale = weighted ? weightScale : 1;
    const energy = (terms: LayerStep['ciphertexts'][number]['terms']): number =>
      terms.reduce((sum, { weight }) => sum + Math.round(weight * scale) ** 2, 0);
    const most = ciphertexts.reduce((max, { terms }) => Math.max(max, energy(terms)), 1);
    bits += Math.log2(most) / 2;
  }
  return bits;
}
