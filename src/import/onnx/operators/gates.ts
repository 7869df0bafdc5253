// Activations that exporters write as a product of a value and a function of it: SiLU, HardSwish, GELU, Mish.
import type { Activation, Node, ValueId } from '../../../model/graph.ts';
import type { Scope } from '../scope.ts';
import type { Data } from '../values.ts';
import { scaleData } from './combine.ts';

/** How far constants in a file may be from those of a formula: exporters write them with few digits, some in half precision. */
const CLOSE = 1e-3;

/** `factor · root + offset`. */
interface Affine {
  readonly root: ValueId;
  readonly factor: number;
  readonly offset: number;
}

/** `x · gate` as one activation, where `gate` is a known function of `x`; undefined otherwise. */
export function gated(scope: Scope, x: Data, gate: Data): Data | undefined {
  if (gate.batched !== x.batched) return undefined;
  const outer = affineOf(scope, gate.id);
  const own = affineOf(scope, x.id);
  const node = scope.builder.nodeOf(outer.root);
  if (node?.op !== 'activation' || own.offset !== 0) return undefined;
  const found = match(scope, node, outer, own.root);
  if (!found) return undefined;
  const shape = scope.builder.shapeOf(own.root);
  const result = scope.emit({ op: 'activation', function: found.fn }, [{ ...x, id: own.root }], shape);
  const factor = found.factor * own.factor;
  return Math.abs(factor - 1) < 1e-6 ? result : scaleData(scope, result, factor);
}

/** The activation that `root · (outer.factor · node + outer.offset)` is, and a factor before it. */
function match(
  scope: Scope,
  node: Extract<Node, { op: 'activation' }>,
  outer: Affine,
  root: ValueId,
): { readonly fn: Activation; readonly factor: number } | undefined {
  const { function: fn } = node;
  const inner = affineOf(scope, node.inputs[0]);
  const isOf = (factor: number): boolean =>
    inner.root === root && inner.offset === 0 && isNear(inner.factor, factor);
  if (outer.offset === 0) {
    if (fn.kind === 'sigmoid' && isOf(1)) return { fn: { kind: 'silu' }, factor: outer.factor };
    const isSwish =
      fn.kind === 'hardSigmoid' && Math.abs(fn.alpha - 1 / 6) < 1e-6 && fn.beta === 0.5 && isOf(1);
    if (isSwish) return { fn: { kind: 'hardSwish' }, factor: outer.factor };
    const within = scope.builder.nodeOf(node.inputs[0]);
    const isSoftplus = within?.op === 'activation' && within.function.kind === 'softplus';
    if (fn.kind === 'tanh' && isSoftplus && within.inputs[0] === root) {
      return { fn: { kind: 'mish' }, factor: outer.factor };
    }
    return undefined;
  }
  // c · (1 + f(x)) · x is 2c · gelu(x).
  if (!isNear(outer.factor, outer.offset)) return undefined;
  const factor = 2 * outer.factor;
  if (fn.kind === 'erf' && isOf(Math.SQRT1_2)) return { fn: { kind: 'gelu', tanh: false }, factor };
  if (fn.kind === 'tanh' && isTanhOfGelu(scope, inner, root)) {
    return { fn: { kind: 'gelu', tanh: true }, factor };
  }
  return undefined;
}

/** Whether `inner` is √(2/π) · (x + 0.044715 · x³). */
function isTanhOfGelu(scope: Scope, inner: Affine, x: ValueId): boolean {
  const sum = scope.builder.nodeOf(inner.root);
  if (inner.offset !== 0 || !isNear(inner.factor, Math.sqrt(2 / Math.PI)) || sum?.op !== 'add') return false;
  const other = sum.inputs.find((id) => id !== x);
  if (!sum.inputs.includes(x) || other === undefined) return false;
  const cubic = affineOf(scope, other);
  return cubic.offset === 0 && isNear(cubic.factor, 0.044715) && isCube(scope, cubic.root, x);
}

function isCube(scope: Scope, id: ValueId, x: ValueId): boolean {
  const node = scope.builder.nodeOf(id);
  if (node?.op === 'polynomial') {
    return node.inputs[0] === x && node.coefficients.every((c, power) => c === (power === 3 ? 1 : 0));
  }
  if (node?.op !== 'multiply' || !node.inputs.includes(x)) return false;
  const other = scope.builder.nodeOf(node.inputs.find((input) => input !== x) ?? x);
  return other?.op === 'square' && other.inputs[0] === x;
}

/** `id` by the value that it is a multiple of plus a number, numbers being the same for all elements. */
export function affineOf(scope: Scope, id: ValueId): Affine {
  let [root, factor, offset] = [id, 1, 0];
  for (;;) {
    const node = scope.builder.nodeOf(root);
    if ((node?.op !== 'mulConstant' && node?.op !== 'addConstant') || node.constant.data.length !== 1) {
      return { root, factor, offset };
    }
    const [c] = node.constant.data;
    if (node.op === 'mulConstant') factor *= c;
    else offset += factor * c;
    [root] = node.inputs;
  }
}

function isNear(value: number, wanted: number): boolean {
  return Math.abs(value - wanted) <= CLOSE * Math.abs(wanted);
}
