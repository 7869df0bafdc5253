// The client role: takes cards, makes the keys, encrypts, decrypts. The only code that touches a secret key.
import { assert } from '../base/assert.ts';
import { type Controls, yielding } from '../base/controls.ts';
import { SealedError } from '../base/errors.ts';
import { sha256Hex } from '../base/sha256.ts';
import { executeRound } from '../model/rounds.ts';
import { checkParameters, type Parameters, sameParameters } from '../params/parameters.ts';
import { type Picture, pictureOf } from '../plan/finish.ts';
import type { SegmentInterface } from '../plan/client-interface.ts';
import { packValues } from '../plan/tensor-packing.ts';
import type { Card, Sha256 } from '../protocol/card.ts';
import { decodeCard } from '../protocol/card-codec.ts';
import type { ClientRole, EncryptedInput } from '../protocol/client.ts';
import { encodeFrame } from '../protocol/frame.ts';
import { SealContext } from '../seal/context.ts';
import { loadSeal, type WasmSource } from '../seal/load.ts';
import type { ClientKeys } from './client-keys.ts';
import { ClientKernel, clientKernelTakes } from './crypto/client-kernel.ts';
import { drawMasterSeed } from './crypto/randomness.ts';
import { FastKeys, loadClientKernel } from './fast-keys.ts';
import { HeldValues } from './held-values.ts';
import { KeyRing, type NeededKeys, notPrepared } from './key-ring.ts';
import { OutputCollector } from './output.ts';
import { SealKeys } from './seal-keys.ts';

// Cards of large networks hold packing tables of megabytes; a person uses few at a time.
const MOST_CARDS = 16;

// Encryptions that are prepared before there is a text. Each holds some hundred kilobytes.
const MOST_PREPARED = 64;

/** Whether the keys are for the parameters of `card`, made by what its backend asks for. */
function fits({ keys, backend }: KeyRing, card: Card): boolean {
  return backend === card.backend && sameParameters(keys.parameters, card.parameters);
}

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

/** Where the client's WebAssembly is. Without a kernel, SEAL does all; it is loaded where it is used. */
export interface ClientFiles {
  readonly seal?: WasmSource;
  readonly kernel?: WasmSource;
}

/**
 * A client role as a frozen object of closures without a prototype: Comlink serves every property path of what it
 * exposes, so nothing that leads to a key may hang on it. A picture's key lives until its answer is decrypted, a network's
 * until `forget`.
 */
export function createClientRole(files: ClientFiles = {}): ClientRole {
  let ring: KeyRing | undefined;
  /** The kernel for the parameters that were used last: its tables are worth keeping, and it holds no key. */
  let kernel: ClientKernel | undefined;
  /** SEAL's context of the parameters that were used last, which takes half a second to make. */
  let context: SealContext | undefined;
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

  const contextFor = async (parameters: Parameters): Promise<SealContext> => {
    const seal = await loadSeal(files.seal);
    if (context && sameParameters(context.parameters, parameters)) return context;
    forgetRing();
    context?.[Symbol.dispose]();
    context = new SealContext(seal, parameters);
    return context;
  };

  /** SEAL where the service computes with SEAL: both roles in SEAL are what the commission names. */
  const makeKeys = async ({ backend }: Card, parameters: Parameters): Promise<ClientKeys> => {
    const module = backend === 'seal' ? undefined : await loadClientKernel(files.kernel);
    if (!module || !clientKernelTakes(parameters)) {
      return new SealKeys(await contextFor(parameters), drawMasterSeed());
    }
    if (!kernel || !sameParameters(kernel.parameters, parameters))
      kernel = new ClientKernel(module, parameters);
    return new FastKeys(kernel, drawMasterSeed());
  };

  const ringFor = async (card: Card): Promise<KeyRing> => {
    const parameters = checkParameters(card.parameters);
    const isPicture = card.result.kind === 'picture';
    if (ring && fits(ring, card) && !(isPicture && ring.isUsed)) return ring;
    const made = await makeKeys(card, parameters);
    forgetRing();
    ring = new KeyRing(made, card.backend);
    return ring;
  };

  const openRing = (card: Card): KeyRing => {
    if (ring && fits(ring, card)) return ring;
    throw notPrepared();
  };

  const encryptValues = async (
    card: Card,
    { input: { layout, scale, level } }: SegmentInterface,
    values: Float32Array,
    { signal }: Controls,
  ): Promise<EncryptedInput> => {
    const own = openRing(card);
    const { keys } = own;
    const pause = yielding(signal, 'encrypt');
    const frames: Uint8Array<ArrayBuffer>[] = [];
    let [encodeMs, encryptMs] = [0, 0];
    for (const [index, slots] of packValues(layout, values).entries()) {
      await pause();
      own.isUsed = true;
      const { ciphertext, ...times } = keys.encrypt(slots, scale, level);
      const items = [{ index, ciphertext }];
      encodeMs += times.encodeMs;
      encryptMs += times.encryptMs;
      frames.push(encodeFrame({ kind: 'ciphertexts', items }, keys.parameters));
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
    const { keys } = openRing(card);
    const pause = yielding(signal, 'decrypt');
    const collector = new OutputCollector(segment.output, keys.parameters, inputs);
    for (const frame of frames) {
      await pause();
      collector.add(frame, (ciphertext) => keys.decrypt(ciphertext));
    }
    return collector.values();
  };

  const role: ClientRole = {
    async warm() {
      if (!(await loadClientKernel(files.kernel))) await loadSeal(files.seal);
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
        const own = await ringFor(card);
        const { relinearize, rotationSteps } = own.missing(keysOf(card));
        const steps = rotationSteps.slice(0, Math.max(0, most - (relinearize ? 1 : 0)));
        const isNone = !relinearize && steps.length === 0;
        const frame = isNone
          ? undefined
          : await own.make({ relinearize, rotationSteps: steps }, yielding(signal, 'keygen'));
        const left = rotationSteps.length - steps.length;
        const made = steps.length + (relinearize ? 1 : 0);
        const [{ input }] = card.segments;
        if (left === 0) own.keys.prepare(input.level, Math.min(input.count, MOST_PREPARED));
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
        const opened = await openOutputs(card, segment, frames, inputs, controls);
        const { values, kept } = executeRound(segment, opened, held.takeKept(runId, first, inputs), inputs);
        held.put(runId, first, values, inputs, kept);
        return { decryptMs: performance.now() - start };
      }),

    encryptHeld: (name, index, { runId, first, inputs }, controls = {}) =>
      inTurn(async () => {
        const card = cardOf(name);
        return encryptValues(card, segmentOf(card, index), held.take(runId, first, inputs), controls);
      }),

    decrypt: (name, frames, group, expected, controls = {}) =>
      inTurn(async () => {
        const start = performance.now();
        const { inputs, ...run } = typeof group === 'number' ? { inputs: group, runId: -1, first: 0 } : group;
        const card = cardOf(name);
        const { result } = card;
        const segment = segmentOf(card, card.segments.length - 1);
        const open = async (): Promise<Float32Array> => {
          const opened = await openOutputs(card, segment, frames, inputs, controls);
          return executeRound(segment, opened, held.takeKept(run.runId, run.first, inputs), inputs).values;
        };
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
        context?.[Symbol.dispose]();
        context = undefined;
        held.clear();
      }),
  };
  return Object.freeze(Object.assign(Object.create(null) as object, role));
}
