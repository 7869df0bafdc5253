// What stands in checkpoints beside the weights: dates, paths, devices, NumPy's numbers, read as inert data.
import { PickleGlobal, PickleObject } from './pickle-values.ts';
import type { PickleValue } from './pickle-values.ts';

/**
 * Things that stand in checkpoints beside the weights, as inert data: none of them is what it says, and none is called.
 * undefined for anything else, which is refused.
 */
export function rebuildBystander(
  { module, name, path }: PickleGlobal,
  args: readonly PickleValue[],
): PickleValue | undefined {
  switch (path) {
    case 'collections.defaultdict':
    case 'collections.Counter':
    case 'types.SimpleNamespace':
      return new Map();
    case 'copy_reg._reconstructor':
    case 'copyreg._reconstructor':
      return args[0] instanceof PickleGlobal ? new PickleObject(args[0]) : undefined;
    case '_codecs.encode':
      return typeof args[0] === 'string' ? Uint8Array.from(args[0], (c) => c.charCodeAt(0) & 255) : undefined;
    case 'numpy.core.multiarray.scalar':
    case 'numpy._core.multiarray.scalar':
      return numpyScalar(args);
    case 'numpy.dtype':
      return typeof args[0] === 'string' ? args[0] : 'object';
    case 'torch.device':
      return typeof args[0] === 'string' ? args[0] : 'cpu';
    default:
  }
  const [root] = module.split('.');
  if (root === 'pathlib') return args.filter((part) => typeof part === 'string').join('/');
  const isPlain = ['datetime', 'decimal', 'fractions', 'uuid', 'numpy', 'argparse', 'enum'].includes(root);
  const isBuiltin =
    ['builtins', '__builtin__'].includes(root) &&
    ['slice', 'complex', 'range', 'frozenset', 'bytearray', 'object'].includes(name);
  return isPlain || isBuiltin || path === 'functools.partial' || path === 'torch.serialization._get_layout'
    ? new PickleObject(new PickleGlobal(module, name))
    : undefined;
}

/** A number out of NumPy's type (`f8`, `i8`) and its little-endian bytes; null for types that are no numbers. */
function numpyScalar([type, bytes]: readonly PickleValue[]): PickleValue {
  if (typeof type !== 'string' || !(bytes instanceof Uint8Array)) return null;
  const kind = type.replace(/^[<|=]/, '');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const readers: Readonly<Record<string, () => number | boolean>> = {
    f8: () => view.getFloat64(0, true),
    f4: () => view.getFloat32(0, true),
    i8: () => Number(view.getBigInt64(0, true)),
    i4: () => view.getInt32(0, true),
    b1: () => view.getUint8(0) !== 0,
  };
  return Object.hasOwn(readers, kind) && bytes.length === Number(kind[1]) ? readers[kind]() : null;
}
