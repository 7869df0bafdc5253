// The gate on the client's way out: what its worker has made passes if it is what the card asks for, and nothing more.
//
// It stands outside the worker that has the key. It sees kinds, counts, numbers, levels, scales, steps and repetitions; what
// well-formed residues and seeds say it cannot see: that is for an opened run to show (src/audit).
import { inSlices, PAGE_SLICE_MS, yielding } from '../base/controls.ts';
import { SealedError } from '../base/errors.ts';
import { checkParameters } from '../params/parameters.ts';
import type { ResidueKey } from '../params/residues.ts';
import type { Card } from './card.ts';
import { type Frame, frameSteps } from './frame.ts';
import { neededKeys } from './needed-keys.ts';

/** What has passed of one key set. */
export class OutgoingGate {
  /** Levels of the keys that have passed. */
  #relinearization = -1;
  readonly #rotations = new Map<number, number>();
  /** Every seed that has passed: each is used once. */
  readonly #seeds = new Set<string>();

  /**
   * A frame of evaluation keys for `card`: keys that it needs, each for the levels at which it needs it, and once.
   * @throws SealedError `wrong-state`: it must not be sent
   */
  async passKeys(bytes: Uint8Array, card: Card): Promise<void> {
    const frame = await this.#read(bytes, card, this.#pause());
    if (frame.kind !== 'evaluation-keys') throw stopped('ciphertexts in the place of keys');
    const { relinearization, rotations } = frame.keys;
    const needed = neededKeys(card);
    if (relinearization) {
      const passed = this.#relinearization;
      this.#relinearization = this.#passKey(
        relinearization,
        card,
        needed.relinearize,
        passed,
        'a relinearisation key',
      );
    }
    for (const [step, key] of rotations) {
      const passed = this.#rotations.get(step) ?? -1;
      const what = `a key for rotations by ${step}`;
      this.#rotations.set(step, this.#passKey(key, card, needed.rotations.get(step), passed, what));
    }
    if (!relinearization && rotations.size === 0) throw stopped('a frame without keys');
  }

  /**
   * A segment's input, freshly encrypted: its ciphertexts in order, one in a frame, at the card's level and scale.
   * @throws SealedError `wrong-state`: it must not be sent
   */
  async passRequest(frames: readonly Uint8Array[], card: Card, segment: number): Promise<void> {
    const { input } = card.segments[segment];
    const { relinearize = -1, rotations } = neededKeys(card);
    if (frames.length !== input.count) throw stopped(`${frames.length} ciphertexts for ${input.count}`);
    if (relinearize > this.#relinearization) throw stopped('a request without its relinearisation key');
    const lacking = [...rotations].filter(
      ([step, level]) => level > (this.#rotations.get(step) ?? -1),
    ).length;
    if (lacking > 0) throw stopped(`a request without ${lacking} of its keys`);
    const forms = new Set<boolean>();
    const pause = this.#pause();
    for (const [at, bytes] of frames.entries()) {
      const frame = await this.#read(bytes, card, pause);
      if (frame.kind !== 'ciphertexts') throw stopped('keys in the place of ciphertexts');
      if (frame.items.length !== 1) throw stopped(`${frame.items.length} ciphertexts in a frame`);
      const [{ index, ciphertext }] = frame.items;
      const isAsked =
        index === at && ciphertext.level === input.level && Object.is(ciphertext.scale, input.scale);
      if (!isAsked) throw stopped('a ciphertext of another number, level or scale');
      if ('seed' in ciphertext) this.#passSeed(ciphertext.seed);
      else if (ciphertext.size !== 2) throw stopped('a ciphertext that is not fresh');
      forms.add('seed' in ciphertext);
    }
    if (forms.size > 1) throw stopped('ciphertexts of two forms');
  }

  /** For the loops of one frame or request: the page's thread reads them. */
  #pause(): () => Promise<void> {
    return yielding(undefined, 'wire', PAGE_SLICE_MS);
  }

  async #read(bytes: Uint8Array, card: Card, pause: () => Promise<void>): Promise<Frame> {
    try {
      return await inSlices(frameSteps(bytes, checkParameters(card.parameters)), pause);
    } catch (error) {
      throw stopped('what is no frame', error);
    }
  }

  /** The level of a key that may pass: the one needed, and above that of the one that has passed. */
  #passKey(
    { level: cutTo, seeds = [] }: ResidueKey,
    card: Card,
    needed: number | undefined,
    passed: number,
    what: string,
  ): number {
    const level = cutTo ?? checkParameters(card.parameters).maxLevel;
    if (needed === undefined || passed >= needed) throw stopped(`${what}, which is not needed`);
    if (level !== needed) throw stopped(`${what} for other levels`);
    for (const seed of seeds) this.#passSeed(seed);
    return level;
  }

  #passSeed(seed: Uint8Array): void {
    const name = seed.join();
    if (this.#seeds.has(name)) throw stopped('a seed for the second time');
    this.#seeds.add(name);
  }
}

function stopped(what: string, cause?: unknown): SealedError {
  const message = `The client was about to send ${what}. Nothing was sent: reload the page.`;
  return new SealedError('wrong-state', message, { stage: 'wire', cause });
}
