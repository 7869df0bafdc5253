// .safetensors files (https://github.com/huggingface/safetensors): a state_dict without a pickle.
import { elementCount } from '../../model/graph.ts';
import { printable } from '../file-text.ts';
import { PickleForeign } from './pickle-values.ts';
import type { PickleValue } from './pickle-values.ts';
import { isWhole, malformed } from './storage.ts';
import type { Opened, Storage, TensorView } from './storage.ts';

/** Whether `bytes` begin like a .safetensors file: the length of a header that is JSON. */
export function looksLikeSafetensors(bytes: Uint8Array): boolean {
  return bytes[8] === 0x7b && bytes[6] === 0 && bytes[7] === 0 && bytes[4] === 0 && bytes[5] === 0;
}

const SAFE_TYPES: Readonly<Record<string, string>> = {
  F64: 'DoubleStorage', F32: 'FloatStorage', F16: 'HalfStorage', BF16: 'BFloat16Storage', I64: 'LongStorage',
  I32: 'IntStorage', I16: 'ShortStorage', I8: 'CharStorage', U8: 'ByteStorage', BOOL: 'BoolStorage',
}; // prettier-ignore

/** Opens a .safetensors file. @throws SealedError `malformed-model` */
export function openSafetensors(bytes: Uint8Array): Opened {
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
