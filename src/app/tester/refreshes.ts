// Where the client decrypts and encrypts again: a parameter file's words for it → layers of the network.
import { SealedError } from '../../base/errors.ts';
import type { Graph } from '../../model/graph.ts';

/** What a parameter file says: PyCrCNN's `rencrypt_positions`, or our `refresh`. */
export type RefreshRule =
  /** Places in the list of layers at which PyCrCNN inserts a re-encryption, one after the other. */
  | { readonly kind: 'positions'; readonly at: readonly number[] }
  /** Numbers of the layers after which it happens. */
  | { readonly kind: 'after'; readonly layers: readonly number[] };

/**
 * How many layers are done before each re-encryption, ascending. PyCrCNN inserts into its list of layers as Python does, so
 * that each insertion moves what follows: [2, 5] stand before the layers 2 and 4, 0 before the first
 * (`build_from_pytorch` in pycrcnn/net_builder/encoded_net_builder.py).
 * @param count how many layers there are
 * @throws SealedError `invalid-argument` for a position beyond the end of the list
 */
export function layersBefore(positions: readonly number[], count: number): number[] {
  const again = Symbol('re-encryption');
  const list: (symbol | undefined)[] = Array<undefined>(count).fill(undefined);
  for (const position of positions) {
    if (position > list.length) {
      throw new SealedError(
        'invalid-argument',
        `"rencrypt_positions" has ${position}, but ${count} layers with the insertions before it are a list of ${list.length}.`,
        { stage: 'input' },
      );
    }
    list.splice(position, 0, again);
  }
  const before = new Set<number>();
  let done = 0;
  for (const item of list) {
    if (item === again) before.add(done);
    else done += 1;
  }
  return [...before];
}

/**
 * Numbers of the layers after which `rule` refreshes. Before the first layer and after the last there is nothing to do: the
 * input is fresh, and the result is decrypted.
 * @param range first and last of the layers that are run; positions count among these, as in PyCrCNN
 * @throws SealedError as {@link layersBefore}
 */
export function refreshedAfter(
  graph: Graph,
  range: readonly [number, number] | undefined,
  rule: RefreshRule | undefined,
): number[] {
  if (!rule) return [];
  if (rule.kind === 'after') return [...rule.layers];
  const [first, last] = range ?? [0, Infinity];
  const layers = (graph.layers ?? []).filter(({ index }) => index >= first && index <= last);
  return layersBefore(rule.at, layers.length)
    .filter((done) => done > 0 && done < layers.length)
    .map((done) => layers[done - 1].index);
}
