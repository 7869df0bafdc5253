// A stream of bytes in the place of a realm's randomness: the same in the client worker and in the test.

/**
 * Puts the stream in the place of this realm's randomness, and notes where each draw begins. Does what it can to pass for
 * the browser's own, since the client worker looks (workers/self-test.ts). Self-contained, since it travels as text.
 */
export function makeRandomnessKnown(): void {
  const draws: number[] = [];
  Object.assign(globalThis, { draws });
  let state = 2463534242;
  let drawn = 0;
  const known = <T extends ArrayBufferView>(view: T): T => {
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    draws.push(drawn);
    drawn += bytes.length;
    for (let i = 0; i < bytes.length; i += 1) {
      // Marsaglia's xorshift32.
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      bytes[i] = state >>> 24;
    }
    return view;
  };
  const honest: unknown = Reflect.get(globalThis.crypto, 'getRandomValues');
  Object.defineProperty(globalThis.crypto, 'getRandomValues', { value: known, configurable: true });
  const sourceOf: unknown = Reflect.get(Function.prototype, 'toString');
  Object.defineProperty(Function.prototype, 'toString', {
    value(this: unknown): unknown {
      return Reflect.apply(sourceOf as () => string, this === known ? honest : this, []);
    },
    configurable: true,
  });
}

/** The state of the stream after each byte, as far as it has been needed. */
const states: number[] = [2463534242];

function stateAt(byte: number): number {
  while (states.length <= byte) {
    let state = states.at(-1);
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    states.push(state);
  }
  return states[byte];
}

/** Puts the stream of {@link makeRandomnessKnown}, from its byte `drawn` on, in the place of this process's randomness. @returns how to end that */
export function randomnessFrom(drawn: number): () => void {
  let next = drawn;
  const known = <T extends ArrayBufferView>(view: T): T => {
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    for (let i = 0; i < bytes.length; i += 1) bytes[i] = stateAt((next += 1)) >>> 24;
    return view;
  };
  const own = Object.getOwnPropertyDescriptor(globalThis.crypto, 'getRandomValues');
  Object.defineProperty(globalThis.crypto, 'getRandomValues', { value: known, configurable: true });
  return () => {
    if (own) Object.defineProperty(globalThis.crypto, 'getRandomValues', own);
    else Reflect.deleteProperty(globalThis.crypto, 'getRandomValues');
  };
}
