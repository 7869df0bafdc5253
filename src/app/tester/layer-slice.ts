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

/**
 * Layers as people write them: `0-3`, `3`, or each of them, `0,1,2,3`. Undefined where `text` is none of these, or leaves
 * layers out: a network is run in one piece.
 */
export function parseLayerSpan(text: string): LayerSpan | undefined {
  const range = /^(\d+)(?:\s*[-–]\s*(\d+))?$/.exec(text.trim());
  if (range) return [Number(range[1]), Number(range[2] ?? range[1])];
  if (!/^\d+(\s*,\s*\d+)+$/.test(text.trim())) return undefined;
  const listed = new Set(text.split(',').map(Number));
  const [first, last] = [Math.min(...listed), Math.max(...listed)];
  return last - first + 1 === listed.size ? [first, last] : undefined;
}
