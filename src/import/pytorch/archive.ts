// PyTorch files, legacy and zip → the pickled object with its tensors. Sizes are checked before anything is copied.
import { powerOfTwo } from '../../base/exact-math.ts';
import { unzipSync } from 'fflate';
import { SealedError } from '../../base/errors.ts';
import { printable } from '../file-text.ts';
import { elementCount } from '../../model/graph.ts';
import type { Tensor } from '../../model/graph.ts';
import { MAX_ELEMENTS } from '../graph-builder.ts';
import { PickleForeign, PickleGlobal, PickleTuple } from './pickle-values.ts';
import type { PickleValue } from './pickle-values.ts';
import { rebuildBystander } from './bystanders.ts';
import { looksLikeSafetensors, openSafetensors } from './safetensors.ts';
import { isWhole, malformed } from './storage.ts';
import type { Opened, Storage, TensorView } from './storage.ts';
import { unpickle } from './unpickle.ts';

/** Largest file that is read. */
const MAX_FILE_BYTES = 2 ** 28;

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
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * powerOfTwo(exponent - 25);
}
