// The client role: takes cards, makes the keys, encrypts, decrypts. The only code that touches a secret key.
import { assert } from '../base/assert.ts';
import { type Controls, yielding } from '../base/controls.ts';
import { SealedError } from '../base/errors.ts';
import { sha256Hex } from '../base/sha256.ts';
import { executeRound } from '../model/rounds.ts';
import { checkParameters, type Parameters, sameParameters } from '../params/parameters.ts';
import { pictureOf } from '../plan/finish.ts';
import type { SegmentInterface } from '../plan/client-interface.ts';
import { outputElements, packValues } from '../plan/tensor-packing.ts';
import type { Card, Sha256 } from '../protocol/card.ts';
import { decodeCard } from '../protocol/card-codec.ts';
import type { ClientRole, EncryptedInput, Expected } from '../protocol/client.ts';
import { encodeFrame } from '../protocol/frame.ts';
import { SealContext } from '../seal/context.ts';
import { loadSeal, type WasmSource } from '../seal/load.ts';
import type { ClientKeys } from './client-keys.ts';
import { CommittedSeed } from './committed-seed.ts';
import { ClientKernel, clientKernelTakes } from './crypto/client-kernel.ts';
import { drawSeed } from './crypto/randomness.ts';
import type { SeedSource } from './crypto/seeds.ts';
import { FastKeys, loadClientKernel } from './fast-keys.ts';
import { HeldValues } from './held-values.ts';
import {
  encryptable,
  isRefusal,
  requireColours,
  requireExpected,
  requireWithin,
  type Settled,
  settledBy,
} from './judgement.ts';
import { neededKeys } from '../protocol/needed-keys.ts';
import { KeyRing, notPrepared } from './key-ring.ts';
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

function keyUsed(): SealedError {
  return new SealedError('wrong-state', 'This key has encrypted a picture before: prepare another.', {
    stage: 'encrypt',
  });
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
 * @param draw where the client's part of a seed comes from: the system, but for who makes an opened run anew (src/audit)
 */
export function createClientRole(files: ClientFiles = {}, draw = drawSeed): ClientRole {
  let ring: KeyRing | undefined;
  /** The kernel for the parameters that were used last: its tables are worth keeping, and it holds no key. */
  let kernel: ClientKernel | undefined;
  /** SEAL's context of the parameters that were used last, which takes half a second to make. */
  let context: SealContext | undefined;
  const held = new HeldValues();
  const nextSeed = new CommittedSeed(draw);
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
  const makeKeys = async (
    { backend }: Card,
    parameters: Parameters,
    seeds: SeedSource,
  ): Promise<ClientKeys> => {
    const module = backend === 'seal' ? undefined : await loadClientKernel(files.kernel);
    if (!module || !clientKernelTakes(parameters)) {
      return new SealKeys(await contextFor(parameters), seeds);
    }
    if (!kernel || !sameParameters(kernel.parameters, parameters))
      kernel = new ClientKernel(module, parameters);
    return new FastKeys(kernel, seeds);
  };

  const ringFor = async (card: Card): Promise<KeyRing> => {
    const parameters = checkParameters(card.parameters);
    const isPicture = card.result.kind === 'picture';
    if (ring && fits(ring, card) && !(isPicture && ring.isUsed)) return ring;
    const { seeds, own } = nextSeed.take();
    const made = await makeKeys(card, parameters, seeds);
    forgetRing();
    ring = new KeyRing(made, card.backend, own);
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
      const { ciphertext, mask, ...times } = keys.encrypt(slots, scale, level);
      if (card.result.kind === 'picture') own.sent.add(mask);
      const items = [{ index, ciphertext }];
      encodeMs += times.encodeMs;
      encryptMs += times.encryptMs;
      frames.push(encodeFrame({ kind: 'ciphertexts', items }, keys.parameters));
      keys.reuse([ciphertext.words]);
    }
    return { frames, encodeMs, encryptMs };
  };

  /** The decrypted outputs of a segment, one after the other: none is decrypted unless all are there. */
  const openOutputs = async (
    card: Card,
    segment: SegmentInterface,
    frames: readonly Uint8Array[],
    inputs: number,
    { signal }: Controls,
  ): Promise<Float32Array> => {
    const { keys, sent } = openRing(card);
    const pause = yielding(signal, 'decrypt');
    const collector = new OutputCollector(segment.output, keys.parameters);
    for (const frame of frames) {
      await pause();
      collector.add(frame, card.result.kind === 'picture' ? sent : undefined);
    }
    return collector.open(inputs, (ciphertext, isComplex) => keys.decrypt(ciphertext, isComplex), pause);
  };

  /** The outputs of a segment in the middle, or what stands in for them where the answer is wrong. */
  const settledOutputs = async (
    card: Card,
    segment: SegmentInterface,
    frames: readonly Uint8Array[],
    inputs: number,
    expected: Expected | undefined,
    controls: Controls,
  ): Promise<Settled> => {
    try {
      return settledBy(expected, await openOutputs(card, segment, frames, inputs, controls));
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const size = inputs * outputElements(segment.output.layout);
      const wrong = `In a round, the answer was refused: ${error.message}`;
      return { values: expected?.reference ?? new Float32Array(size), wrong };
    }
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
        const { relinearize, rotations } = own.missing(neededKeys(card));
        const besides = relinearize === undefined ? 0 : 1;
        const given = new Map([...rotations].slice(0, Math.max(0, most - besides)));
        const made = given.size + besides;
        const frame =
          made === 0
            ? undefined
            : await own.make({ relinearize, rotations: given }, yielding(signal, 'keygen'));
        const left = rotations.size - given.size;
        const [{ input }] = card.segments;
        const ahead = left === 0 ? Math.min(input.count, MOST_PREPARED) : 0;
        // The keys of the frame are made, and are made once: what comes after them is not stopped.
        const pause = yielding(undefined, 'keygen');
        for (let count = 1; count <= ahead; count += 1) {
          await pause();
          own.keys.prepare(input.level, count);
        }
        return { keys: frame, made, keygenMs: performance.now() - start, left };
      }),

    encrypt: (name, values, controls = {}) =>
      inTurn(async () => {
        const card = cardOf(name);
        if (card.result.kind === 'picture' && openRing(card).isUsed) throw keyUsed();
        return encryptValues(card, segmentOf(card, 0), values, controls);
      }),

    hold: (name, index, frames, { runId, first, inputs }, expected, controls = {}) =>
      inTurn(async () => {
        const start = performance.now();
        const card = cardOf(name);
        const [segment, next] = [segmentOf(card, index), segmentOf(card, index + 1)];
        const { values, wrong } = await settledOutputs(card, segment, frames, inputs, expected, controls);
        const { parameters } = openRing(card).keys;
        const round = executeRound(segment, values, held.takeKept(runId, first, inputs), inputs);
        const computed = encryptable(round.values, next.input, parameters);
        held.put(runId, first, computed.values, inputs, round.kept);
        return { decryptMs: performance.now() - start, wrong: wrong ?? computed.wrong };
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
          if (expected) requireExpected(values, expected);
          return { kind: 'tensor', values, decryptMs: performance.now() - start };
        }
        openRing(card);
        try {
          const values = await open();
          const [channels, height, width] = segment.output.layout.shape;
          assert(inputs === 1 && width !== undefined, 'a picture comes alone, with three axes');
          const shape = [channels, height, width] as const;
          const picture = pictureOf(shape, result.finish, values, expected?.reference);
          if (expected) requireWithin(picture.precision, expected.bound);
          else requireColours(values);
          return { kind: 'picture', picture, decryptMs: performance.now() - start };
        } finally {
          forgetRing();
        }
      }),

    commit: () => inTurn(async () => nextSeed.commit()),

    mix: (page) => inTurn(async () => nextSeed.mix(page)),

    reveal: () =>
      inTurn(async () => {
        if (!ring) throw notPrepared();
        const own = ring.opening();
        forgetRing();
        held.clear();
        return own;
      }),

    forget: () =>
      inTurn(async () => {
        forgetRing();
        nextSeed.clear();
        held.clear();
      }),

    close: () =>
      inTurn(async () => {
        forgetRing();
        nextSeed.clear();
        context?.[Symbol.dispose]();
        context = undefined;
        held.clear();
      }),
  };
  return Object.freeze(Object.assign(Object.create(null) as object, role));
}
