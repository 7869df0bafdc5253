// PyTorch files, legacy and zip → the pickled object with its tensors. Sizes are checked before anything is copied.
import { unzipSync } from 'fflate';
import { SealedError } from '../../base/errors.ts';
import { printable } from '../file-text.ts';
import { elementCount } from '../../model/graph.ts';
import type { Tensor } from '../../model/graph.ts';
import { MAX_ELEMENTS } from '../graph-builder.ts';
import { PickleForeign, PickleGlobal, PickleObject, PickleTuple } from './pickle-values.ts';
import type { PickleValue } from './pickle-values.ts';
import { unpickle } from './unpickle.ts';

/** Largest file that is read. */
const MAX_FILE_BYTES = 2 ** 28;

/** A run of numbers that tensors are views of. */
interface Storage {
  readonly type: string;
  readonly key: string;
  readonly count: number;
}

/** A view of a storage; strides and offset count elements. */
export interface TensorView {
  readonly storage: Storage;
  readonly offset: number;
  readonly size: readonly number[];
  readonly stride: readonly number[];
}

/** What a PyTorch file holds. */
export interface Archive {
  /** The saved object: a module, or a dictionary of tensors. */
  readonly root: PickleValue;
  /** The values of a tensor of the file in C order, as float32. */
  readonly read: (view: TensorView) => Tensor;
}

/** Element size and reader by storage class; half precision comes from the bit pattern. */
const STORAGES: Readonly<Record<string, readonly [number, (view: DataView, at: number) => number]>> = {
  FloatStorage: [4, (view, at) => view.getFloat32(at, true)],
  DoubleStorage: [8, (view, at) => view.getFloat64(at, true)],
  HalfStorage: [2, (view, at) => halfToNumber(view.getUint16(at, true))],
  BFloat16Storage: [
    2,
    (view, at) => new Float32Array(Uint32Array.of(view.getUint16(at, true) << 16).buffer)[0],
  ],
  LongStorage: [8, (view, at) => Number(view.getBigInt64(at, true))],
  IntStorage: [4, (view, at) => view.getInt32(at, true)],
  ShortStorage: [2, (view, at) => view.getInt16(at, true)],
  CharStorage: [1, (view, at) => view.getInt8(at)],
  ByteStorage: [1, (view, at) => view.getUint8(at)],
  BoolStorage: [1, (view, at) => view.getUint8(at)],
};

/**
 * Opens a `.pt` or `.pth` file.
 * @throws SealedError `malformed-model` for damaged files, `unsupported-layer` for calls that are refused.
 */
export function openArchive(bytes: Uint8Array): Archive {
  if (bytes.length > MAX_FILE_BYTES) {
    throw malformed(`it has ${bytes.length} bytes, at most ${MAX_FILE_BYTES} are read`);
  }
  const { root, storages } = open(bytes);
  let budget = MAX_ELEMENTS;
  const read = (view: TensorView): Tensor => {
    const count = elementCount(view.size);
    budget -= count;
    if (!(budget >= 0)) throw malformed('its tensors are too large');
    return readTensor(view, storages(view.storage), count);
  };
  return { root, read };
}

/** The tensor a pickled value is, through Parameter wrappers; undefined for anything else. */
export function asTensor(value: PickleValue | undefined): TensorView | undefined {
  return value instanceof PickleForeign && isTensorView(value.value) ? value.value : undefined;
}

function open(bytes: Uint8Array): Opened {
  if (looksLikeSafetensors(bytes)) return openSafetensors(bytes);
  const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b;
  return isZip ? openZip(bytes) : openLegacy(bytes);
}

/** Whether `bytes` begin like a .safetensors file: the length of a header that is JSON. */
export function looksLikeSafetensors(bytes: Uint8Array): boolean {
  return bytes[8] === 0x7b && bytes[6] === 0 && bytes[7] === 0 && bytes[4] === 0 && bytes[5] === 0;
}

const SAFE_TYPES: Readonly<Record<string, string>> = {
  F64: 'DoubleStorage', F32: 'FloatStorage', F16: 'HalfStorage', BF16: 'BFloat16Storage', I64: 'LongStorage',
  I32: 'IntStorage', I16: 'ShortStorage', I8: 'CharStorage', U8: 'ByteStorage', BOOL: 'BoolStorage',
}; // prettier-ignore

/** A .safetensors file (https://github.com/huggingface/safetensors): a state_dict without a pickle. */
function openSafetensors(bytes: Uint8Array): Opened {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const end = 8 + length;
  if (!(end <= bytes.length)) throw malformed('its header does not end');
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, end)));
  } catch {
    throw malformed('its header is no JSON');
  }
  const parts = new Map<string, Uint8Array>();
  const root = new Map<PickleValue, PickleValue>();
  for (const [name, entry] of Object.entries(header as Record<string, unknown>)) {
    if (name === '__metadata__') continue;
    const { dtype, shape, data_offsets: offsets } = entry as Record<string, unknown>;
    const isList = (value: unknown): value is number[] =>
      Array.isArray(value) && value.every((item) => isWhole(item as PickleValue));
    if (typeof dtype !== 'string' || !isList(shape) || !isList(offsets) || offsets.length !== 2) {
      throw malformed(`its tensor '${printable(name)}' is not described soundly`);
    }
    if (!Object.hasOwn(SAFE_TYPES, dtype)) {
      throw malformed(
        `its tensor '${printable(name)}' is of type ${printable(dtype)}: save the model in float32`,
      );
    }
    const [from, to] = offsets;
    if (!(from <= to && end + to <= bytes.length))
      throw malformed(`its tensor '${printable(name)}' lies beyond its end`);
    parts.set(name, bytes.subarray(end + from, end + to));
    const storage: Storage = { type: SAFE_TYPES[dtype], key: name, count: elementCount(shape) };
    const stride = shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
    const view: TensorView = { storage, offset: 0, size: shape, stride };
    root.set(name, new PickleForeign(view));
  }
  return { root, storages: ({ key }) => parts.get(key) ?? new Uint8Array() };
}

interface Opened {
  readonly root: PickleValue;
  readonly storages: (storage: Storage) => Uint8Array;
}

/** Zip format (torch ≥ 1.6): `…/data.pkl` and `…/data/<key>`, stored. */
function openZip(bytes: Uint8Array): Opened {
  let total = 0;
  let entries = 0;
  const files = unzip(bytes, (name, compression, size) => {
    if (/^[^/]*\/(?:code\/|constants\.pkl$)/.test(name)) throw torchScript();
    if (compression !== 0)
      throw malformed(`its entry '${printable(name)}' is compressed: save it with torch.save`);
    if (++entries > 100_000) throw malformed('it has too many entries');
    // Entries that overlap could hold more than the file does.
    total += size;
    if (total > bytes.length) throw malformed('its entries are larger than the file');
    return true;
  });
  const pickle = Object.keys(files).find((name) => name === 'data.pkl' || name.endsWith('/data.pkl'));
  if (pickle === undefined) throw malformed('its data.pkl is missing: is it a zip of something else?');
  const folder = pickle.slice(0, -'data.pkl'.length);
  const order = Object.hasOwn(files, `${folder}byteorder`)
    ? new TextDecoder().decode(files[`${folder}byteorder`])
    : '';
  if (order.startsWith('big')) throw malformed('it was saved on a big-endian machine');
  const { value } = unpickle(files[pickle], { call: rebuild, persistent: loadPersistent });
  const storages = (storage: Storage): Uint8Array => {
    const name = `${folder}data/${storage.key}`;
    if (!Object.hasOwn(files, name)) throw malformed(`its storage '${printable(storage.key)}' is missing`);
    return files[name];
  };
  return { root: value, storages };
}

function torchScript(): SealedError {
  return new SealedError(
    'unsupported-layer',
    'This is a TorchScript file, a compiled program and no list of layers: export the model it was made from to ONNX, ' +
      "torch.onnx.export(model, x, 'model.onnx'), or the TorchScript itself, torch.onnx.export(torch.jit.load('model.pt'), x, 'model.onnx'), where x is an input.",
    { stage: 'model' },
  );
}

function unzip(
  bytes: Uint8Array,
  accept: (name: string, compression: number, size: number) => boolean,
): Record<string, Uint8Array> {
  try {
    // fflate takes the sizes from the central directory; torch's local headers have none.
    return unzipSync(bytes, { filter: ({ name, compression, size }) => accept(name, compression, size) });
  } catch (cause) {
    if (cause instanceof SealedError) throw cause;
    throw new SealedError('malformed-model', 'The file is a damaged zip archive.', { stage: 'model', cause });
  }
}

/**
 * Legacy format (torch < 1.6): pickles of a magic number, the protocol 1001, the system, the object and the storage keys,
 * then per key an eight-byte element count and the elements.
 */
function openLegacy(bytes: Uint8Array): Opened {
  const types = new Map<string, string>();
  const persistent = (id: PickleValue): PickleValue => {
    const value = loadPersistent(id);
    if (value instanceof PickleForeign && isStorage(value.value))
      types.set(value.value.key, value.value.type);
    return value;
  };
  const hooks = { call: rebuild, persistent };
  const magic = unpickle(bytes, hooks);
  if (magic.value !== 0x1950a86a20f9469cfc6cn) throw malformed('it does not begin like one');
  const protocol = unpickle(bytes, hooks, magic.end);
  if (protocol.value !== 1001) throw malformed('its protocol is not 1001');
  const system = unpickle(bytes, hooks, protocol.end);
  if (system.value instanceof Map && system.value.get('little_endian') === false) {
    throw malformed('it was saved on a big-endian machine');
  }
  const object = unpickle(bytes, hooks, system.end);
  const keys = unpickle(bytes, hooks, object.end);
  if (!Array.isArray(keys.value)) throw malformed('its storage keys are missing');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts = new Map<string, Uint8Array>();
  let at = keys.end;
  for (const key of keys.value) {
    const type = typeof key === 'string' ? types.get(key) : undefined;
    if (type === undefined || at + 8 > bytes.length) throw malformed('its storages do not fit its keys');
    const end = at + 8 + Number(view.getBigUint64(at, true)) * STORAGES[type][0];
    if (!(end <= bytes.length)) throw malformed('it ends early');
    parts.set(key as string, bytes.subarray(at + 8, end));
    at = end;
  }
  const storages = ({ key }: Storage): Uint8Array => {
    const part = parts.get(key);
    if (!part) throw malformed(`its storage '${printable(key)}' is missing`);
    return part;
  };
  return { root: object.value, storages };
}

/** The calls torch.save writes, and what they come to. */
function rebuild(callee: PickleGlobal, args: readonly PickleValue[]): PickleValue | undefined {
  switch (callee.path) {
    case 'collections.OrderedDict':
      return new Map(Array.isArray(args[0]) ? args[0].map(toEntry) : []);
    case 'builtins.set':
    case '__builtin__.set':
      return Array.isArray(args[0]) ? args[0] : [];
    case 'torch.Size':
      return args[0] ?? new PickleTuple([]);
    case 'torch._utils._rebuild_tensor':
    case 'torch._utils._rebuild_tensor_v2':
      return rebuildTensor(args);
    case 'torch._tensor._rebuild_from_type_v2': {
      const [rebuilder, , inner] = args;
      return rebuilder instanceof PickleGlobal && inner instanceof PickleTuple
        ? rebuild(rebuilder, inner.items)
        : undefined;
    }
    case 'torch._utils._rebuild_parameter':
    case 'torch._utils._rebuild_parameter_with_state':
      return args[0] ?? null;
    default:
      return rebuildBystander(callee, args);
  }
}

/**
 * Things that stand in checkpoints beside the weights, as inert data: none of them is what it says, and none is called.
 * undefined for anything else, which is refused.
 */
function rebuildBystander(
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

function rebuildTensor([storage, offset, size, stride]: readonly PickleValue[]): PickleValue {
  const sizes = wholeNumbers(size);
  const strides = wholeNumbers(stride);
  const held = storage instanceof PickleForeign && isStorage(storage.value) ? storage.value : undefined;
  if (
    !held ||
    !isWhole(offset) ||
    !sizes ||
    !strides ||
    sizes.length !== strides.length ||
    sizes.length > 8
  ) {
    throw malformed('a tensor is not described soundly');
  }
  const view: TensorView = { storage: held, offset, size: sizes, stride: strides };
  return new PickleForeign(view);
}

/** `('storage', class, key, device, count)` and the legacy format's `('module', class, source file, source)`. */
function loadPersistent(id: PickleValue): PickleValue {
  if (!(id instanceof PickleTuple)) throw malformed('an object refers to nothing');
  const [kind, type, key, , count] = id.items;
  if (kind === 'module' && type instanceof PickleGlobal) return type;
  if (kind !== 'storage' || !(type instanceof PickleGlobal) || typeof key !== 'string' || !isWhole(count)) {
    throw malformed('an object refers to something unknown');
  }
  if (!Object.hasOwn(STORAGES, type.name) || !type.module.startsWith('torch')) {
    throw malformed(`its storage class ${printable(type.path)} is not supported: save the model in float32`);
  }
  const storage: Storage = { type: type.name, key, count };
  return new PickleForeign(storage);
}

function readTensor(view: TensorView, bytes: Uint8Array, count: number): Tensor {
  const [elementBytes, read] = STORAGES[view.storage.type];
  const data = new Float32Array(count);
  if (count === 0) return { shape: view.size, data };
  const last = view.size.reduce((at, size, axis) => at + (size - 1) * view.stride[axis], view.offset);
  if (!(last * elementBytes + elementBytes <= bytes.length))
    throw malformed('a tensor reaches beyond its storage');
  const source = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const index = view.size.map(() => 0);
  for (let i = 0, at = view.offset; i < count; i++) {
    data[i] = read(source, at * elementBytes);
    for (let axis = index.length - 1; axis >= 0; axis--) {
      at += view.stride[axis];
      if (++index[axis] < view.size[axis]) break;
      at -= view.stride[axis] * view.size[axis];
      index[axis] = 0;
    }
  }
  return { shape: view.size, data };
}

function isTensorView(value: unknown): value is TensorView {
  return typeof value === 'object' && value !== null && 'stride' in value;
}

function isStorage(value: unknown): value is Storage {
  return typeof value === 'object' && value !== null && 'count' in value;
}

function isWhole(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function wholeNumbers(value: PickleValue | undefined): number[] | undefined {
  return value instanceof PickleTuple && value.items.every(isWhole) ? [...value.items] : undefined;
}

function toEntry(value: PickleValue): [PickleValue, PickleValue] {
  const items = value instanceof PickleTuple ? value.items : Array.isArray(value) ? value : [];
  if (items.length !== 2) throw malformed('a dictionary entry is no pair');
  return [items[0], items[1]];
}

/** IEEE 754 binary16. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

function malformed(text: string): SealedError {
  return new SealedError('malformed-model', `The file cannot be read as a PyTorch model: ${text}.`, {
    stage: 'model',
  });
}
