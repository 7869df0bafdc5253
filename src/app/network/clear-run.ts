// A network in the clear, by this side's own copy: what an encrypted run is held against, and whether it can be right at all.
import { SealedError } from '../../base/errors.ts';
import { executeGraph } from '../../model/execute.ts';
import type { Graph, ValueId } from '../../model/graph.ts';
import type { Explanation } from '../../plan/explanation.ts';
import type { RunExpectation, SegmentExpectation } from '../session/run-expectation.ts';

/** What the float network makes of some inputs. */
export interface ClearRun {
  readonly outputs: readonly Float32Array[];
  /** Of each segment but the last, the values that it ends with, for each input; undefined where it has no name. */
  readonly ends: readonly (readonly Float32Array[] | undefined)[];
  /** Milliseconds of the float network alone, without what is looked at on the way. */
  readonly clearMs: number;
}

/** The float network's outputs. */
export function clearOutputs(graph: Graph, inputs: readonly Float32Array[]): Float32Array[] {
  return inputs.map((data) => executeGraph(graph, { shape: graph.input.shape, data }).data);
}

/**
 * Runs `graph` in the clear, and sees to it that every value stays where the network was compiled for: in the ranges that
 * activations were fitted over, and small enough for the modulus it is decrypted at. Nothing of an input leaves.
 * @throws SealedError `out-of-range` naming the layer
 */
export function runInClear(
  graph: Graph,
  inputs: readonly Float32Array[],
  { bounds, segments, ranges }: Explanation,
): ClearRun {
  const byValue = Map.groupBy(bounds, ({ value }) => value);
  const names = segments.slice(0, -1).map(({ output }) => output);
  const found = new Map<ValueId, Float32Array[]>(names.map((name) => [name, []]));
  const look = (id: ValueId, data: Float32Array): void => {
    found.get(id)?.push(data);
    for (const { layer, low, high } of byValue.get(id) ?? []) {
      const outside = data.find((x) => !(x >= low && x <= high));
      if (outside === undefined) continue;
      throw new SealedError(
        'out-of-range',
        `At layer ${layer} a value of ${outside.toPrecision(4)} lies outside ${low.toPrecision(4)} to ${high.toPrecision(4)}, ` +
          `for which the plan was made by ${ranges.description}. Plan with ranges that hold it: sample inputs of the ` +
          'model’s owner, or the range of an input’s values.',
        { stage: 'model', detail: { layer } },
      );
    }
  };
  let lookingMs = 0;
  const onNode = ({ id }: { readonly id: ValueId }, { data }: { readonly data: Float32Array }): void => {
    const since = performance.now();
    look(id, data);
    lookingMs += performance.now() - since;
  };
  for (const data of inputs) look(graph.input.id, data);
  const started = performance.now();
  const outputs = inputs.map(
    (data) => executeGraph(graph, { shape: graph.input.shape, data }, { onNode }).data,
  );
  const clearMs = performance.now() - started - lookingMs;
  const ends = names.map((name) => {
    const values = found.get(name)!;
    return values.length === inputs.length ? values : undefined;
  });
  return { outputs, ends, clearMs };
}

// The float network itself is single precision.
const FLOAT_ERROR = 1e-4;

// In the middle of a network values are larger than at its end, and so are errors: there it is only to be seen that
// nothing is made up.
const ROUND_SHARE = 1 / 8;

function largest(values: readonly Float32Array[]): number {
  return values.reduce((most, data) => data.reduce((sum, x) => Math.max(sum, Math.abs(x)), most), 0);
}

/**
 * What an encrypted run of the same inputs must give.
 * @param allowed the largest error that the caller allows: twice the plan's prediction, unless they say otherwise
 */
export function expectationOf({ outputs, ends }: ClearRun, allowed: number): RunExpectation {
  const withSlack = (values: readonly Float32Array[], least: number): SegmentExpectation => ({
    references: values,
    bound: Math.max(least, allowed + FLOAT_ERROR * Math.max(1, largest(values))),
  });
  return {
    rounds: ends.map((values) => values && withSlack(values, ROUND_SHARE * largest(values))),
    result: withSlack(outputs, 0),
  };
}
