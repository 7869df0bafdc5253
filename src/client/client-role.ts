// The client role: takes cards, makes the keys, encrypts, decrypts. The only code that touches a secret key.
import { assert } from '../base/assert.ts';
import { type Controls, yielding } from '../base/controls.ts';
import { SealedError } from '../base/errors.ts';
import { sha256Hex } from '../base/sha256.ts';
import { executeBatch } from '../model/batch.ts';
import { checkParameters, type Parameters, sameParameters } from '../params/parameters.ts';
import { dropToLevel } from '../params/residues.ts';
import { type Picture, pictureOf } from '../plan/finish.ts';
import type { SegmentInterface } from '../plan/client-interface.ts';
import { packValues } from '../plan/tensor-packing.ts';
import type { Card, Sha256 } from '../protocol/card.ts';
import { decodeCard } from '../protocol/card-codec.ts';
import type { ClientRole, EncryptedInput } from '../protocol/client.ts';
import { encodeFrame } from '../protocol/frame.ts';
import { SealContext } from '../seal/context.ts';
import { loadSeal, type WasmSource } from '../seal/load.ts';
import { HeldValues } from './held-values.ts';
import { KeyRing, type NeededKeys, notPrepared } from './key-ring.ts';
import { OutputCollector } from './output.ts';

// Styles of one size and of another are looked at in turn.
const MOST_CONTEXTS = 3;

// Cards of large networks hold packing tables of megabytes; a person uses few at a time.
const MOST_CARDS = 16;

/** The keys of all segments. */
function keysOf({ segments }: Card): NeededKeys {
  return {
    relinearize: segments.some(({ relinearize }) => relinearize),
    rotationSteps: [...new Set(segments.flatMap(({ rotationSteps }) => rotationSteps))].sort((a, b) => a - b),
  };
}

function keyUsed(): SealedError {
  return new SealedError('wrong-state', 'This key has encrypted a picture before: prepare another.', {
    stage: 'encrypt',
  });
}

/** @throws SealedError `wrong-answer` */
function requireWithin({ precision }: Picture, bound: number): void {
  const error = precision?.maxAbsError ?? Number.NaN;
  if (error <= bound) return;
  throw new SealedError(
    'wrong-answer',
    'The service has drawn another picture than the style: its answer was thrown away, and the key with it. ' +
      'Try again; if it happens again, do not use this service.',
    { stage: 'decrypt', detail: { maxAbsError: error, bound } },
  );
}

/**
 * A client role as a frozen object of closures without a prototype: Comlink serves every property path of what it
 * exposes, so nothing that leads to a key may hang on it. A picture's key lives until its answer is decrypted, a network's
 * until `forget`.
 */
export function createClientRole(wasm?: WasmSource): ClientRole {
  let ring: KeyRing | undefined;
  const contexts: SealContext[] = [];
  const held = new HeldValues();
  const cards = new Map<Sha256, Card>();
  let last: Promise<unknown> = Promise.resolve();

  /** Calls pause to hear their signals; none may find the keys gone that it works with. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work, work);
    last = turn.catch(() => undefined);
    return turn;
  };

  const cardOf = (name: Sha256): Card => {
    const card = cards.get(name);
    if (card) return card;
    throw new SealedError('card-gone', 'The client does not have this card: open it first.', {
      stage: 'encrypt',
    });
  };

  const segmentOf = (card: Card, index: number): SegmentInterface => {
    const segment = card.segments[index];
    if (segment) return segment;
    throw new SealedError('invalid-argument', `The card has no segment ${index}.`, { stage: 'encrypt' });
  };

  const forgetRing = (): void => {
    ring?.[Symbol.dispose]();
    ring = undefined;
  };

  /** The context of `parameters`, which takes long to make: the last few are kept. */
  const contextFor = async (parameters: Parameters): Promise<SealContext> => {
    const seal = await loadSeal(wasm);
    const at = contexts.findIndex((known) => sameParameters(known.parameters, parameters));
    const context = at < 0 ? new SealContext(seal, parameters) : contexts.splice(at, 1)[0];
    contexts.push(context);
    if (contexts.length > MOST_CONTEXTS) {
      const [oldest] = contexts.splice(0, 1);
      if (ring?.context === oldest) forgetRing();
      oldest[Symbol.dispose]();
    }
    return context;
  };

  const ringFor = async (card: Card): Promise<KeyRing> => {
    const isPicture = card.result.kind === 'picture';
    const context = await contextFor(checkParameters(card.parameters));
    if (ring?.context === context && !(isPicture && ring.isUsed)) return ring;
    forgetRing();
    ring = new KeyRing(context);
    return ring;
  };

  const openRing = (card: Card): KeyRing => {
    if (ring && sameParameters(ring.context.parameters, card.parameters)) return ring;
    throw notPrepared();
  };

  const encryptValues = async (
    card: Card,
    { input: { layout, scale, level } }: SegmentInterface,
    values: Float32Array,
    { signal }: Controls,
  ): Promise<EncryptedInput> => {
    const keys = openRing(card);
    const pause = yielding(signal, 'encrypt');
    const frames: Uint8Array<ArrayBuffer>[] = [];
    let [encodeMs, encryptMs] = [0, 0];
    for (const [index, slots] of packValues(layout, values).entries()) {
      await pause();
      const { ciphertext: fresh, ...times } = keys.encrypt(slots, scale);
      const items = [{ index, ciphertext: dropToLevel(fresh, level) }];
      encodeMs += times.encodeMs;
      encryptMs += times.encryptMs;
      frames.push(encodeFrame({ kind: 'ciphertexts', items }, keys.context.parameters));
    }
    return { frames, encodeMs, encryptMs };
  };

  /** The decrypted outputs of a segment, one after the other. */
  const openOutputs = async (
    card: Card,
    segment: SegmentInterface,
    frames: readonly Uint8Array[],
    inputs: number,
    { signal }: Controls,
  ): Promise<Float32Array> => {
    const keys = openRing(card);
    const pause = yielding(signal, 'decrypt');
    const collector = new OutputCollector(segment.output, keys.context.parameters, inputs);
    for (const frame of frames) {
      await pause();
      collector.add(frame, (ciphertext) => keys.decrypt(ciphertext));
    }
    return collector.values();
  };

  const role: ClientRole = {
    async warm() {
      await loadSeal(wasm);
    },

    async open(bytes) {
      const name = sha256Hex(bytes);
      const card = cards.get(name) ?? decodeCard(bytes);
      cards.delete(name);
      cards.set(name, card);
      if (cards.size > MOST_CARDS) cards.delete(cards.keys().next().value!);
      return name;
    },

    prepare: (name, most, { signal } = {}) =>
      inTurn(async () => {
        const start = performance.now();
        const card = cardOf(name);
        const keys = await ringFor(card);
        const { relinearize, rotationSteps } = keys.missing(keysOf(card));
        const steps = rotationSteps.slice(0, Math.max(0, most - (relinearize ? 1 : 0)));
        const isNone = !relinearize && steps.length === 0;
        const frame = isNone
          ? undefined
          : await keys.make({ relinearize, rotationSteps: steps }, yielding(signal, 'keygen'));
        const left = rotationSteps.length - steps.length;
        const made = steps.length + (relinearize ? 1 : 0);
        return { keys: frame, made, keygenMs: performance.now() - start, left };
      }),

    encrypt: (name, values, controls = {}) =>
      inTurn(async () => {
        const card = cardOf(name);
        if (card.result.kind === 'picture' && openRing(card).isUsed) throw keyUsed();
        return encryptValues(card, segmentOf(card, 0), values, controls);
      }),

    hold: (name, index, frames, { runId, first, inputs }, controls = {}) =>
      inTurn(async () => {
        const start = performance.now();
        const card = cardOf(name);
        const segment = segmentOf(card, index);
        const values = await openOutputs(card, segment, frames, inputs, controls);
        held.put(runId, first, executeBatch(segment.client, values), inputs);
        return { decryptMs: performance.now() - start };
      }),

    encryptHeld: (name, index, { runId, first, inputs }, controls = {}) =>
      inTurn(async () => {
        const card = cardOf(name);
        return encryptValues(card, segmentOf(card, index), held.take(runId, first, inputs), controls);
      }),

    decrypt: (name, frames, inputs, expected, controls = {}) =>
      inTurn(async () => {
        const start = performance.now();
        const card = cardOf(name);
        const { result } = card;
        const segment = segmentOf(card, card.segments.length - 1);
        const open = async (): Promise<Float32Array> =>
          executeBatch(segment.client, await openOutputs(card, segment, frames, inputs, controls));
        if (result.kind === 'tensor') {
          const values = await open();
          return { kind: 'tensor', values, decryptMs: performance.now() - start };
        }
        openRing(card);
        try {
          const values = await open();
          const [channels, height, width] = segment.output.layout.shape;
          assert(inputs === 1 && width !== undefined, 'a picture comes alone, with three axes');
          const shape = [channels, height, width] as const;
          const picture = pictureOf(shape, result.finish, values, expected?.reference);
          if (expected) requireWithin(picture, expected.bound);
          return { kind: 'picture', picture, decryptMs: performance.now() - start };
        } finally {
          forgetRing();
        }
      }),

    forget: () =>
      inTurn(async () => {
        forgetRing();
        held.clear();
      }),

    close: () =>
      inTurn(async () => {
        forgetRing();
        for (const context of contexts.splice(0)) context[Symbol.dispose]();
        held.clear();
      }),
  };
  return Object.freeze(Object.assign(Object.create(null) as object, role));
}
