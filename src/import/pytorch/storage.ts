// Tensors of a PyTorch file before they are read: views of storages, which are runs of numbers.
import { SealedError } from '../../base/errors.ts';
import type { PickleValue } from './pickle-values.ts';

/** A run of numbers that tensors are views of. */
export interface Storage {
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

/** A file's pickled object, and the bytes of its storages. */
export interface Opened {
  readonly root: PickleValue;
  readonly storages: (storage: Storage) => Uint8Array;
}

/** The error for a file that is none of PyTorch's, or damaged. */
export function malformed(text: string): SealedError {
  return new SealedError('malformed-model', `The file cannot be read as a PyTorch model: ${text}.`, {
    stage: 'model',
  });
}

/** Whether `value` is a whole number that is not negative. */
export function isWhole(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
