// The layers that a person asks for, cut to those that a model has, as Python's slice cuts them.
import { SealedError } from '../../base/errors.ts';
import type { Graph } from '../../model/graph.ts';

/** First and last layer, both included. */
export type LayerSpan = readonly [number, number];

/**
 * `wanted` as PyCrCNN takes it, `net[first : last + 1]`: what lies beyond the model is left out. Layers that the importer
 * left out, since they do nothing, count as not there.
 * @throws SealedError `invalid-argument` where no layer is left
 */
export function sliceLayers(graph: Graph, [first, last]: LayerSpan): LayerSpan {
  const inside = (graph.layers ?? []).map(({ index }) => index).filter((at) => at >= first && at <= last);
  if (inside.length > 0) return [Math.min(...inside), Math.max(...inside)];
  const known = (graph.layers ?? []).map(({ index }) => index).join(', ');
  throw new SealedError(
    'invalid-argument',
    `There are no layers ${first}–${last}: the model has ${known || 'none'}.`,
    { stage: 'model', detail: { first, last } },
  );
}

/** A sentence where `wanted` reaches beyond the model; undefined where it does not. */
export function sliceNote(wanted: LayerSpan, [first, last]: LayerSpan): string | undefined {
  if (wanted[1] <= last && wanted[0] >= first) return undefined;
  return `Layers ${wanted[0]}–${wanted[1]} were asked for: the model has ${first}–${last} of them, which are run, as Python's slice does.`;
}
