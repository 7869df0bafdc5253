// A value that only its owner can read, between two layers that are called by hand.
import type { NamedCard } from '../app/session/session.ts';
import type { Shape } from '../model/graph.ts';

/** What stands between two layers: ciphertexts, and what is known of them without the key. */
export interface EncryptedTensor {
  /** Shape of the value, without batch axis. */
  readonly shape: Shape;
  /** Level of its ciphertexts: how many more rescales they have. */
  readonly level: number;
  /** Scale of its ciphertexts: what a value of 1 is multiplied by. */
  readonly scale: number;
  /** Bound of the largest error of any value, since the last encryption; undefined for what no layer has touched. */
  readonly noiseBound: number | undefined;
  /** Bytes of its ciphertexts, as they cross the wire. */
  readonly bytes: number;
  /** Milliseconds that the service took for it; 0 for what no layer has touched. */
  readonly evaluateMs: number;
}

/** What the list that made a tensor knows of it besides. */
export interface TensorState {
  /** The list it belongs to, and how many of its members it has passed. */
  readonly list: object;
  readonly passed: number;
  readonly keySet: string;
  readonly frames: readonly Uint8Array[];
  /** The card of the layer that made it; undefined for what no layer has touched. */
  readonly made: NamedCard | undefined;
}

const states = new WeakMap<EncryptedTensor, TensorState>();

/** A tensor with what its list knows of it. */
export function encryptedTensor(tensor: Omit<EncryptedTensor, 'bytes'>, state: TensorState): EncryptedTensor {
  const bytes = state.frames.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const whole = Object.freeze({ ...tensor, bytes });
  states.set(whole, state);
  return whole;
}

/** What its list knows of `tensor`; undefined for what no list has made. */
export function stateOf(tensor: EncryptedTensor): TensorState | undefined {
  return states.get(tensor);
}
