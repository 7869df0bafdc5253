// Which neighbouring maps are composed into one, and which share a rescale.
import { type ChannelMap, composeMaps } from './channel-map.ts';
import type { ChannelProgram } from './channel-program.ts';

/** One stage to lower: a map with its place in the scale chain, or a square. */
export type Step =
  | { readonly kind: 'linear'; readonly map: ChannelMap; readonly rescale: boolean }
  | { readonly kind: 'square'; readonly layers: readonly string[]; readonly channels: number };

// Relative cost of a term: fields must be encoded and stored, scalars not.
const SCALAR_COST = 1;
const FIELD_COST = 4;

function mapCost(map: ChannelMap): number {
  let total = 0;
  for (const row of map.rows) {
    for (const term of row.terms) total += typeof term.weight === 'number' ? SCALAR_COST : FIELD_COST;
  }
  return total;
}

/** What `second ∘ first` would cost, without multiplying anything: fields of a large picture are many megabytes. */
function composedCost(first: ChannelMap, second: ChannelMap): number {
  let total = 0;
  for (const row of second.rows) {
    const inputs = new Map<number, boolean>();
    for (const outer of row.terms) {
      for (const inner of first.rows[outer.input].terms) {
        const isField = typeof outer.weight !== 'number' || typeof inner.weight !== 'number';
        inputs.set(inner.input, isField || inputs.get(inner.input) === true);
      }
    }
    for (const isField of inputs.values()) total += isField ? FIELD_COST : SCALAR_COST;
  }
  return total;
}

/** `maps` with neighbours composed while that is no dearer, and until at most `most` are left. */
export function composeRun(maps: readonly ChannelMap[], most: number): ChannelMap[] {
  const run = [...maps];
  for (;;) {
    let best: { index: number; gain: number } | undefined;
    for (let index = 0; index + 1 < run.length; index += 1) {
      const [first, second] = [run[index], run[index + 1]];
      const gain = mapCost(first) + mapCost(second) - composedCost(first, second);
      if (!best || gain > best.gain) best = { index, gain };
    }
    if (!best || (best.gain < 0 && run.length <= most)) return run;
    run.splice(best.index, 2, composeMaps(run[best.index], run[best.index + 1]));
  }
}

/**
 * The program's steps, each run of maps composed to at most `mapsPerRescale` that share one rescale.
 */
export function schedule(program: ChannelProgram, mapsPerRescale: number): Step[] {
  return program.steps.flatMap((step): Step[] => {
    if (step.kind === 'square') return [step];
    const run = composeRun(step.maps, mapsPerRescale);
    return run.map((map, index) => ({ kind: 'linear', map, rescale: index === run.length - 1 }));
  });
}
