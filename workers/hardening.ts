// Freezes what all code of a realm shares, and takes away what makes code of text.
//
// The client worker does this before it holds a key. Whoever got something to run in it could otherwise change what
// everything else there uses: its random source, say, after which two workers made equal keys.

type Shared = Record<PropertyKey, unknown>;

/** The kinds of function whose constructors compile text. */
const FUNCTIONS: readonly object[] = [
  function () {},
  async function () {},
  function* () {},
  async function* () {},
];

/** Beside the functions: objects that no global name leads to, and those that one does. */
function roots(): unknown[] {
  const named = [
    ...['Object', 'Array', 'String', 'Number', 'Boolean', 'BigInt', 'Symbol', 'Function', 'Promise', 'Proxy'],
    ...['Map', 'Set', 'WeakMap', 'WeakSet', 'WeakRef', 'FinalizationRegistry', 'Date', 'RegExp', 'Iterator'],
    ...['Error', 'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError', 'URIError'],
    ...['AggregateError', 'SuppressedError', 'DisposableStack', 'AsyncDisposableStack'],
    ...['ArrayBuffer', 'SharedArrayBuffer', 'DataView', 'Int8Array', 'Uint8Array', 'Uint8ClampedArray'],
    ...['Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array', 'Float16Array', 'Float32Array'],
    ...['Float64Array', 'BigInt64Array', 'BigUint64Array', 'Math', 'JSON', 'Reflect', 'Atomics'],
    ...['WebAssembly', 'Crypto', 'SubtleCrypto', 'CryptoKey'],
  ].map((name) => (globalThis as unknown as Shared)[name]);
  const iterators = [[], new Map(), new Set(), ''].map((list) => list[Symbol.iterator]());
  return [...named, ...FUNCTIONS, ...iterators, 'a'.matchAll(/a/g)];
}

/** `roots()`, and all that they lead to: own values, getters, setters and prototypes. */
function reachable(): Set<object> {
  const found = new Set<object>();
  const waiting = roots();
  while (waiting.length > 0) {
    const next = waiting.pop();
    const isObject = (typeof next === 'object' && next !== null) || typeof next === 'function';
    if (!isObject || next === globalThis || found.has(next)) continue;
    found.add(next);
    waiting.push(Object.getPrototypeOf(next));
    for (const key of Reflect.ownKeys(next)) {
      waiting.push(...(Object.values(Object.getOwnPropertyDescriptor(next, key)!) as unknown[]));
    }
  }
  return found;
}

/**
 * Makes `name` of `prototype` one that heirs may still set for themselves: on a frozen prototype a plain value could not
 * be, and libraries write `this.constructor = …` and `error.message = …`.
 */
function letHeirsSet(prototype: object, name: string): void {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
  if (!descriptor?.configurable || !('value' in descriptor)) return;
  const { value, enumerable } = descriptor as { value: unknown; enumerable: boolean };
  Object.defineProperty(prototype, name, {
    enumerable,
    get: () => value,
    set(this: object, own: unknown) {
      if (this === prototype) throw new TypeError(`${name} is frozen.`);
      Object.defineProperty(this, name, { value: own, writable: true, enumerable: true, configurable: true });
    },
  });
}

/** Stands where a constructor stood that made functions of text. It keeps the prototype, for `instanceof`. */
function refusing(prototype: object): () => never {
  const refuse = function (): never {
    throw new EvalError('Code is not made of text here.');
  };
  Object.defineProperty(refuse, 'prototype', { value: prototype });
  return refuse;
}

/**
 * From here on nothing in this realm can change an object of the language, and no function can be made of text but by
 * `eval`, which is the content security policy's to refuse (self-test.ts).
 */
export function freezeIntrinsics(): void {
  const prototypes = FUNCTIONS.map((example) => Object.getPrototypeOf(example) as object);
  for (const prototype of prototypes) {
    Object.defineProperty(prototype, 'constructor', { value: refusing(prototype) });
  }
  const fixed = { configurable: false, writable: false };
  Object.defineProperty(globalThis, 'Function', { value: prototypes[0].constructor, ...fixed });
  Object.defineProperty(globalThis, 'crypto', { value: globalThis.crypto, enumerable: true, ...fixed });
  const shared = reachable();
  for (const object of shared) {
    // Others are not, since engines have faster ways where the species of arrays and promises are as they were born.
    if (object !== Object.prototype && object !== Error.prototype && !(object instanceof Error)) continue;
    for (const name of Object.getOwnPropertyNames(object)) letHeirsSet(object, name);
  }
  for (const object of shared) Object.freeze(object);
}
