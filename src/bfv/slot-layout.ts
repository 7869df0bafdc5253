// Which values share the slots of a BFV ciphertext, so that every layer is sums of scalar multiples: no rotations.
import { SealedError } from '../base/errors.ts';
import { elementCount, type Graph, type Node, type Shape } from '../model/graph.ts';
import { sumRule, unsupported } from './layer-sums.ts';

/**
 * The values of one ciphertext: for each place the element of a tensor, counted through all pictures; −1 is a zero. All
 * places of a ciphertext are worked on alike.
 */
export type Places = Int32Array;

/** `weight` times ciphertext `from` of the layer before. */
export interface Term {
  readonly from: number;
  readonly weight: number;
}

/** One ciphertext of a layer: the terms of its sum and what is added in every place. */
export interface LayerCiphertext {
  readonly places: Places;
  readonly terms: readonly Term[];
  readonly bias: number;
  /** What the sum is divided by: the area of a pooling's window, else 1. */
  readonly divisor: number;
}

/** A layer: sums of multiples of the ciphertexts before, or their squares, one by one. */
export interface LayerStep {
  readonly node: Node;
  readonly kind: 'sums' | 'squares' | 'same';
  /** Whether the weights are a network's, in fixed point; those of a pooling are ones, and its area is in the scale. */
  readonly weighted: boolean;
  readonly ciphertexts: readonly LayerCiphertext[];
}

/** How a network is laid out for some pictures. */
export interface SlotLayout {
  readonly inputs: readonly Places[];
  readonly steps: readonly LayerStep[];
}

/** Ciphertexts of one layer; more would take minutes and gigabytes. */
const MOST_CIPHERTEXTS = 20_000;

/** The distinct ciphertexts that a layer reads, found by what is in their places. */
class Wanted {
  readonly places: Places[] = [];
  readonly #known = new Map<string, number>();

  index(places: Places): number {
    const key = places.join();
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#known.set(key, this.places.length);
    return this.places.push(places) - 1;
  }
}

/**
 * Lays out `graph` for `pictures` inputs, from its output back: a place of a ciphertext is one position of the last
 * layer's plane in one picture, and a layer before has a ciphertext for every channel and offset that is read.
 * @param capacity places of a ciphertext
 * @throws SealedError `unsupported-layer` naming the layer; `does-not-fit`
 */
export function layOut(graph: Graph, pictures: number, capacity: number): SlotLayout {
  const steps: LayerStep[] = [];
  const last = graph.nodes.at(-1);
  if (!last) throw new SealedError('invalid-argument', 'There is no layer to run.', { stage: 'model' });
  let wanted = planes(last.shape, pictures, capacity);
  for (let at = graph.nodes.length - 1; at >= 0; at -= 1) {
    const node = graph.nodes[at];
    const before = graph.nodes[at - 1] ?? graph.input;
    if (node.inputs.length !== 1 || node.inputs[0] !== before.id)
      throw unsupported(node, 'it reads more than the layer before it.');
    const inputs = new Wanted();
    steps.unshift(stepOf(node, before.shape, wanted, inputs));
    wanted = inputs.places;
    if (wanted.length > MOST_CIPHERTEXTS) {
      const message = `Layer '${node.id}' would read ${wanted.length} ciphertexts. Test fewer layers.`;
      throw new SealedError('does-not-fit', message, { stage: 'model' });
    }
  }
  return { inputs: wanted, steps };
}

/** One ciphertext for each channel, with the plane's positions in all pictures; several where they are too many. */
function planes(shape: Shape, pictures: number, capacity: number): Places[] {
  const count = elementCount(shape);
  const plane = shape.length === 3 ? shape[1] * shape[2] : 1;
  const found: Places[] = [];
  for (let channel = 0; channel < count / plane; channel += 1) {
    const all = Int32Array.from(
      { length: pictures * plane },
      (_, i) => Math.floor(i / plane) * count + channel * plane + (i % plane),
    );
    for (let from = 0; from < all.length; from += capacity) found.push(all.slice(from, from + capacity));
  }
  return found;
}

function stepOf(node: Node, input: Shape, wanted: readonly Places[], inputs: Wanted): LayerStep {
  const alike = (kind: 'squares' | 'same'): LayerStep => ({
    node,
    kind,
    weighted: false,
    ciphertexts: wanted.map((places) => ({
      places,
      terms: [{ from: inputs.index(places), weight: 1 }],
      bias: 0,
      divisor: 1,
    })),
  });
  if (node.op === 'square') return alike('squares');
  if (node.op === 'reshape') return alike('same');
  const rule = sumRule(node, input);
  return {
    node,
    kind: 'sums',
    weighted: rule.weighted,
    ciphertexts: wanted.map((places) => {
      const first = places.find((element) => element >= 0) ?? 0;
      const { taps, bias } = rule.of(first);
      const divisor = rule.divisorOf(first);
      if (places.some((element) => element >= 0 && rule.divisorOf(element) !== divisor))
        throw unsupported(node, 'its windows are divided by different areas, which slots cannot be.');
      const terms: Term[] = [];
      for (const { weight, source } of taps) {
        const read = places.map((element) => (element < 0 ? -1 : source(element)));
        // Padding in every place adds nothing.
        if (read.some((element) => element >= 0)) terms.push({ from: inputs.index(read), weight });
      }
      return { places, terms, bias, divisor };
    }),
  };
}
