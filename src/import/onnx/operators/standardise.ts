// Layer normalisation as exporters before opset 17 write it: (x − mean) / √(variance + epsilon), one operator at a time.
import type { Node, ValueId } from '../../../model/graph.ts';
import type { Scope } from '../scope.ts';
import type { Data } from '../values.ts';

/** What a mean over the last axes is of, and over how many elements. */
interface Mean {
  readonly of: ValueId;
  readonly count: number;
}

/** `a / b` as a normalisation of what it normalises; undefined where it is another quotient. */
export function standardised(scope: Scope, a: Data, b: Data): Data | undefined {
  const { builder } = scope;
  const node = (id: ValueId): Node | undefined => builder.nodeOf(id);
  const difference = node(a.id);
  if (difference?.op !== 'subtract') return undefined;
  const [x, mean] = difference.inputs;
  const centre = meanOf(node, mean);
  if (centre?.of !== x) return undefined;
  const root = node(unmoved(node, b.id));
  if (root?.op !== 'activation' || root.function.kind !== 'sqrt') return undefined;
  const summed = node(root.inputs[0]);
  const isShifted = summed?.op === 'addConstant' && summed.constant.data.length === 1;
  const epsilon = isShifted ? summed.constant.data[0] : 0;
  const variance = meanOf(node, isShifted ? summed.inputs[0] : root.inputs[0]);
  const square = variance && node(variance.of);
  if (square?.op !== 'square' || square.inputs[0] !== a.id || variance?.count !== centre.count)
    return undefined;
  if (!(epsilon >= 0)) return undefined;
  return scope.emit({ op: 'normalize', count: centre.count, epsilon }, [{ ...a, id: x }], builder.shapeOf(x));
}

/** `id` as a mean over the last axes, spread or not over what it is the mean of. */
function meanOf(node: (id: ValueId) => Node | undefined, id: ValueId): Mean | undefined {
  const linear = node(unmoved(node, id));
  if (linear?.op !== 'linear' || linear.bias || linear.weight.shape[0] !== 1) return undefined;
  const { data } = linear.weight;
  const factor = Math.fround(1 / data.length);
  if (!data.every((value) => value === factor)) return undefined;
  return { of: unreshaped(node, linear.inputs[0]), count: data.length };
}

function unreshaped(node: (id: ValueId) => Node | undefined, id: ValueId): ValueId {
  const found = node(id);
  return found?.op === 'reshape' ? unreshaped(node, found.inputs[0]) : id;
}

/** What `id` repeats, where an axis of one element is spread. */
function unmoved(node: (id: ValueId) => Node | undefined, id: ValueId): ValueId {
  const found = node(id);
  const isSpread =
    found?.op === 'resizeNearest' &&
    [found.rows, found.columns].every((list) => isKept(list) || isRepeated(list));
  return found?.op === 'reshape' || isSpread ? unmoved(node, found.inputs[0]) : id;
}

const isKept = (list: readonly number[]): boolean => list.every((index, i) => index === i);
const isRepeated = (list: readonly number[]): boolean => list.every((index) => index === 0);
