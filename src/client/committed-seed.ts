// The seed that the next key is made from: what a client has committed to, mixed with what its page has said.
import { SealedError } from '../base/errors.ts';
import type { Sha256 } from '../protocol/card.ts';
import { commitmentTo, MasterSeed, mixedSeed, PAGE_BYTES } from './crypto/seeds.ts';

/** What a key is made from, and what opens it. */
export interface TakenSeed {
  readonly seeds: MasterSeed;
  /** The client's part: undefined where nothing was committed to. */
  readonly own: Uint8Array<ArrayBuffer> | undefined;
}

/** One seed at a time: committed to, mixed, taken. */
export class CommittedSeed {
  readonly #draw: () => Uint8Array<ArrayBuffer>;
  #own: Uint8Array<ArrayBuffer> | undefined;
  #mixed: MasterSeed | undefined;

  /** @param draw 64 bytes that nobody else knows */
  constructor(draw: () => Uint8Array<ArrayBuffer>) {
    this.#draw = draw;
  }

  /** Draws this side's part, and says what it is bound to. */
  commit(): Sha256 {
    this.clear();
    this.#own = this.#draw();
    return commitmentTo(this.#own);
  }

  /** Mixes the page's part in. @throws SealedError `wrong-state` before `commit`, `invalid-argument` */
  mix(page: Uint8Array): void {
    if (!this.#own || this.#mixed)
      throw outOfTurn('A page’s part of a seed comes once, after the commitment.');
    if (page.length !== PAGE_BYTES)
      throw new SealedError('invalid-argument', `A page gives ${PAGE_BYTES} bytes to a seed.`, {
        stage: 'keygen',
      });
    this.#mixed = mixedSeed(this.#own, page);
  }

  /** The seed, for one key; one drawn now where nobody has asked for a commitment. @throws SealedError `wrong-state` */
  take(): TakenSeed {
    const [own, seeds] = [this.#own, this.#mixed];
    if (!own) return { seeds: new MasterSeed(this.#draw()), own: undefined };
    if (!seeds) throw outOfTurn('The page has not given its part of the seed.');
    [this.#own, this.#mixed] = [undefined, undefined];
    return { seeds, own };
  }

  /** Wipes what was not taken. */
  clear(): void {
    this.#own?.fill(0);
    this.#mixed?.[Symbol.dispose]();
    [this.#own, this.#mixed] = [undefined, undefined];
  }
}

function outOfTurn(message: string): SealedError {
  return new SealedError('wrong-state', message, { stage: 'keygen' });
}
