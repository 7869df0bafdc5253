// What stands between a worker's port and Comlink: only a call of one of the role's own methods passes.
//
// Comlink serves every property path of what it exposes, to be read, written, called or constructed: `prepare.constructor`
// ran code in the client worker, and writing to `prepare.__proto__.__proto__` changed all of its objects. Here a message is
// read first, by a rule that knows no path longer than one name and no argument that is more than data.
import type * as Comlink from 'comlink';
import { SealedError } from '../src/base/errors.ts';
import { thrown } from './wire.ts';

/** Deeper than any value that a role takes, shallower than any stack. */
const DEEPEST = 64;

/** Whether `value` is data alone: numbers, texts, bytes, and lists and records of them. */
function isPlain(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object') return typeof value !== 'function' && typeof value !== 'symbol';
  if (value === null || value instanceof ArrayBuffer) return true;
  if (ArrayBuffer.isView(value)) return value.buffer instanceof ArrayBuffer;
  if (depth >= DEEPEST) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Array.prototype) return (value as unknown[]).every((item) => isPlain(item, depth + 1));
  if (prototype !== Object.prototype) return false;
  return Object.entries(value).every(([name, item]) => name !== '__proto__' && isPlain(item, depth + 1));
}

/** Whether `value` is what controls are on the wire: a port and nothing else (controls.ts). */
function isControlsPort(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Object.keys(value).join() !== 'controlsPort')
    return false;
  return (value as { controlsPort: unknown }).controlsPort instanceof MessagePort;
}

/** Comlink's form of an argument: the value itself, since each of its handlers would make something else of it. */
function isRaw(argument: unknown, isLast: boolean): boolean {
  if (typeof argument !== 'object' || argument === null) return false;
  const { type, value } = argument as { type?: unknown; value?: unknown };
  return type === 'RAW' && (isPlain(value) || (isLast && isControlsPort(value)));
}

/** Why `message` is not passed on: a sentence. Undefined where it is. */
function refusalOf(message: object, role: object): string | undefined {
  const { type, path, argumentList } = message as Readonly<Record<string, unknown>>;
  if (type !== 'APPLY') return 'A worker answers calls alone.';
  const name: unknown = Array.isArray(path) && path.length === 1 ? path[0] : undefined;
  if (typeof name !== 'string' || !Object.hasOwn(role, name)) return 'The worker has no such method.';
  if (typeof (role as Record<string, unknown>)[name] !== 'function') return 'The worker has no such method.';
  const isList = Array.isArray(argumentList) && argumentList.length <= DEEPEST;
  if (!isList || !argumentList.every((item, at) => isRaw(item, at === argumentList.length - 1)))
    return 'A worker takes plain data alone.';
  return undefined;
}

/**
 * `endpoint` as Comlink may see it, to expose `role`: it hears calls of own methods of `role` with plain arguments. Every
 * other message has no effect; one that waits for an answer gets `invalid-argument`.
 */
export function callsOnly(endpoint: Comlink.Endpoint, role: object): Comlink.Endpoint {
  return {
    postMessage: endpoint.postMessage.bind(endpoint),
    addEventListener: (type, listener) => {
      const hear = typeof listener === 'function' ? listener : listener.handleEvent.bind(listener);
      endpoint.addEventListener(type, (event) => {
        const { data } = event as MessageEvent<unknown>;
        if (typeof data !== 'object' || data === null) return;
        const { id } = data as { id?: unknown };
        // Nobody waits for an answer without a name.
        if (typeof id !== 'string') return;
        const refusal = refusalOf(data, role);
        if (refusal === undefined) hear(event);
        else
          endpoint.postMessage({
            id,
            ...thrown(new SealedError('invalid-argument', refusal, { stage: 'worker' })),
          });
      });
    },
    // A worker serves until it is ended.
    removeEventListener: () => undefined,
  };
}
