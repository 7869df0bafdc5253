// Weights that PyTorch keeps in parts: pruned, weight-normalised and spectrally normalised layers, put together again.
import type { Tensor } from '../../model/graph.ts';
import { elementCount } from '../../model/graph.ts';
import { stridesOf } from '../../model/operators/layout.ts';
import { malformed } from './storage.ts';

type Tensors = Readonly<Record<string, Tensor>>;

/** The parts of a parametrised `weight`: their endings, in PyTorch's older and newer spelling, and what they come to. */
const FORMS: readonly {
  readonly parts: readonly (readonly string[])[];
  readonly join: (...parts: Tensor[]) => Tensor;
}[] = [
  { parts: [['_orig', '_mask']], join: pruned },
  { parts: [['_g', '_v'], ['.original0', '.original1']], join: weightNormalised }, // prettier-ignore
  { parts: [['_orig', '_u', '_v'], ['.original', '.0._u', '.0._v']], join: spectrallyNormalised }, // prettier-ignore
];

/** Marks a parametrised weight in newer state_dicts: `parametrizations.weight.original0`. */
const NEWER = 'parametrizations.';

/** `tensors` of one layer with every parametrised weight whole and under its own name. */
export function withoutParametrisations(tensors: Tensors): Tensors {
  const entries = Object.entries(tensors).map(([name, tensor]): [string, Tensor] => [
    name.startsWith(NEWER) ? name.slice(NEWER.length) : name,
    tensor,
  ]);
  const named = new Map(entries);
  for (const { parts, join } of FORMS) {
    for (const endings of parts) {
      const [first] = endings;
      for (const name of [...named.keys()].filter((key) => key.endsWith(first))) {
        const base = name.slice(0, -first.length);
        const found = endings.map((ending) => named.get(base + ending));
        if (base === '' || !found.every((part) => part !== undefined)) continue;
        for (const ending of endings) named.delete(base + ending);
        named.set(base, join(...found));
      }
    }
  }
  return Object.fromEntries(named);
}

/** torch.nn.utils.prune: the original times its mask. */
function pruned(original: Tensor, mask: Tensor): Tensor {
  if (original.data.length !== mask.data.length) throw malformed('its mask does not fit its weight');
  return { shape: original.shape, data: original.data.map((value, i) => value * mask.data[i]) };
}

/** torch.nn.utils.weight_norm: g · v / |v|, the norm over the axes in which g has size 1. */
function weightNormalised(g: Tensor, v: Tensor): Tensor {
  const dims = g.shape.length === v.shape.length ? g.shape : v.shape.map(() => 1);
  if (elementCount(dims) !== g.data.length) throw malformed('its weight_g does not fit its weight_v');
  const strides = stridesOf(dims);
  const own = stridesOf(v.shape);
  const groupOf = (i: number): number =>
    dims.reduce(
      (at, size, axis) =>
        size === 1 ? at : at + (Math.floor(i / own[axis]) % v.shape[axis]) * strides[axis],
      0,
    );
  const squares = new Float64Array(g.data.length);
  v.data.forEach((value, i) => (squares[groupOf(i)] += value * value));
  return {
    shape: v.shape,
    data: v.data.map((value, i) => (g.data[groupOf(i)] * value) / Math.sqrt(squares[groupOf(i)])),
  };
}

/** torch.nn.utils.spectral_norm in evaluation: W / (uᵀ·W·v), W as a matrix of its first axis. */
function spectrallyNormalised(original: Tensor, u: Tensor, v: Tensor): Tensor {
  const [rows, columns] = [u.data.length, v.data.length];
  if (rows * columns !== original.data.length)
    throw malformed('its weight_u and weight_v do not fit its weight');
  let sigma = 0;
  original.data.forEach(
    (value, i) => (sigma += value * u.data[Math.floor(i / columns)] * v.data[i % columns]),
  );
  return { shape: original.shape, data: original.data.map((value) => value / sigma) };
}
