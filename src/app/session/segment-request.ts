// What passes between a session and who runs a card on it: cards by name, keys, requests of a segment, their answers.
import type { RequestBinding } from '../../protocol/binding.ts';
import type { Card, Sha256 } from '../../protocol/card.ts';
import type { SentRequest } from '../../protocol/opened-run.ts';
import type { CardOptions, EvaluationAnswer } from '../../protocol/service.ts';

/** What a session asks of its service: a segment of a card, on frames. */
export interface SegmentRequest {
  readonly card: NamedCard;
  readonly segment: number;
  readonly keySet: string;
  /** Of the run: all of its requests have it. */
  readonly run: string;
  /** Freshly encrypted; or an answer of this service's, for the next of its layers. */
  readonly frames: readonly Uint8Array[];
  readonly siblings?: number | undefined;
  /** Which inputs they are; the first alone unless given. */
  readonly group?: SentRequest['group'] | undefined;
}

/** What a service has answered, and what it was asked. */
export interface GivenAnswer extends EvaluationAnswer {
  readonly asked: RequestBinding;
}

/** While it is being noted. */
export type Noted<T> = { -readonly [Part in keyof T]: T[Part] };

/** A card that has been asked for, under its name. */
export interface NamedCard {
  readonly hash: Sha256;
  readonly bytes: Uint8Array;
  readonly card: Card;
  /** What it was asked for with, to ask again should the service forget it. */
  readonly options: CardOptions;
}

/** Keys that are ready for a run. */
export interface PreparedKeys {
  /** The name under which the service has them. */
  readonly keySet: string;
  readonly keygenMs: number;
}

/** What keys a run has used: those made for it, ahead of it or in it, and those that others have used before. */
export interface UsedKeys {
  /** Secret and evaluation keys. */
  readonly made: number;
  readonly reused: number;
  /** Bytes of the evaluation keys that were made. */
  readonly bytes: number;
}
