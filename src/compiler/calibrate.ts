// Ranges of every value of a network over sample inputs: what fits and scales are chosen by, and what a run is held to.
import { SealedError } from '../base/errors.ts';
import { executeGraph } from '../model/execute.ts';
import { elementCount, type Graph, type Tensor, type ValueId } from '../model/graph.ts';

/** Least and largest value seen, widened. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** The ranges of a graph's values. */
export interface Ranges {
  /** @throws SealedError `internal` for a value that is not in the graph */
  of(value: ValueId): Range;
  /** The value for each sample. @throws SealedError `internal` unless it was to be kept */
  values(value: ValueId): readonly Tensor[];
}

// How far beyond the samples other inputs may go, as a share of the range seen.
const MARGIN = 0.2;

/**
 * Runs `graph` on each sample and widens what it sees by a fifth.
 * @param kept values to keep whole
 * @throws SealedError `out-of-range` naming the first layer whose values are NaN or infinite
 */
export function calibrate(
  graph: Graph,
  samples: readonly Tensor[],
  kept: ReadonlySet<ValueId> = new Set(),
): Ranges {
  const whole = new Map([...kept].map((id): [ValueId, Tensor[]] => [id, []]));
  const seen = new Map<ValueId, { low: number; high: number }>();
  const widen = (id: ValueId, data: Float32Array): void => {
    const range = seen.get(id) ?? { low: Infinity, high: -Infinity };
    for (const x of data) {
      if (!Number.isFinite(x)) throw notFinite(id);
      if (x < range.low) range.low = x;
      if (x > range.high) range.high = x;
    }
    seen.set(id, range);
  };
  for (const sample of samples) {
    widen(graph.input.id, sample.data);
    whole.get(graph.input.id)?.push(sample);
    executeGraph(graph, sample, {
      onNode: (node, output) => {
        widen(node.id, output.data);
        whole.get(node.id)?.push(output);
      },
    });
  }
  return {
    of(value) {
      const range = seen.get(value);
      if (!range) throw new SealedError('internal', `There is no range for ${value}.`, { stage: 'compile' });
      const margin = Math.max((range.high - range.low) * MARGIN, 1e-3);
      return { low: range.low - margin, high: range.high + margin };
    },
    values(value) {
      const values = whole.get(value);
      if (!values) throw new SealedError('internal', `${value} was not kept.`, { stage: 'compile' });
      return values;
    },
  };
}

function notFinite(layer: ValueId): SealedError {
  const message = `Layer ${layer} comes to NaN or infinite values on the sample inputs: give inputs like those it was trained on, or scale its weights down.`;
  return new SealedError('out-of-range', message, { stage: 'compile', detail: { layer } });
}

/** Made-up inputs: the ends and the uneven ones, and for the rest values from all of the range. */
const MADE_UP = 8;

/**
 * Inputs to calibrate by where there are no samples: all of `high` and all of `low`, since values are often largest there;
 * each value at one end or the other, twice; every other channel at one end and the rest at the other, both ways; and values
 * uniform between them. From a fixed generator, so that a network always compiles to the same plan.
 * @param range least and largest value of an input
 */
export function defaultSamples(
  graph: Graph,
  [low, high]: readonly [number, number] = [0, 1],
  count = MADE_UP,
): Tensor[] {
  const { shape } = graph.input;
  const size = elementCount(shape);
  let state = 1;
  const share = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  // The first axis of a tensor of three is that of channels: a vector's values are uneven in turn.
  const perChannel = shape.length > 1 ? size / shape[0] : 1;
  const isOdd = (at: number): boolean => Math.floor(at / perChannel) % 2 === 1;
  const uneven = size > perChannel;
  const atAnEnd = (): number => (share() < 0.5 ? low : high);
  // The first few are all that an error bound is taken over.
  const kinds: ((at: number) => number)[] = [
    () => high,
    atAnEnd,
    () => low,
    atAnEnd,
    ...(uneven ? [(at: number) => (isOdd(at) ? high : low), (at: number) => (isOdd(at) ? low : high)] : []),
  ];
  const uniform = (): number => low + (high - low) * share();
  return Array.from({ length: count }, (_, number) => {
    const value = kinds[number] ?? uniform;
    return { shape, data: Float32Array.from({ length: size }, (__, at) => value(at)) };
  });
}
