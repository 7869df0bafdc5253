// A set of keys as a session keeps account of it: whose it is, what has been sent of it, and what it was made from.
import type { WorkerHandle } from '../../base/worker-handle.ts';
import { checkParameters } from '../../params/parameters.ts';
import type { Card, Sha256 } from '../../protocol/card.ts';
import type { ClientRole } from '../../protocol/client.ts';
import type { PreparedCall, SentRequest } from '../../protocol/opened-run.ts';
import { neededKeys } from '../../protocol/needed-keys.ts';
import { OutgoingGate } from '../../protocol/outgoing.ts';
import type { LocalService } from '../../protocol/service.ts';

/** What stands between a client and its service. */
export type Gate = Pick<OutgoingGate, 'passKeys' | 'passRequest'>;

/** A gate for a new key set. */
export function newGate(): Gate {
  return new OutgoingGate();
}

/** What keys are for: parameters, and what the service computes with, since neither side reads the other's keys. */
export function contextOf({ parameters, backend }: Card): string {
  return JSON.stringify([parameters, backend]);
}

// The page's thread copies a frame of keys twice, to hash it and to hand it on: some ten milliseconds for so many bytes.
const MOST_FRAME_BYTES = 8e6;
const MOST_KEYS_PER_FRAME = 4;

/** How many keys go into a frame: a few small ones, or one large one. All of a large network's could pass a gigabyte. */
export function keysPerFrame(card: Card): number {
  const { polyModulusDegree, coeffModulusBits, maxLevel } = checkParameters(card.parameters);
  const { relinearize = 0, rotations } = neededKeys(card);
  const level = Math.min(maxLevel, Math.max(relinearize, ...rotations.values()));
  const rowBits = [...coeffModulusBits.slice(0, level + 1), coeffModulusBits.at(-1)!];
  const halfBytes = (polyModulusDegree / 8) * rowBits.reduce((sum, bits) => sum + bits, 0);
  // SEAL reads whole keys; the others travel with a seed in the place of their uniform half.
  const keyBytes = (level + 1) * halfBytes * (card.backend === 'seal' ? 2 : 1);
  return Math.min(MOST_KEYS_PER_FRAME, Math.max(1, Math.floor(MOST_FRAME_BYTES / keyBytes)));
}

/** Keys and the bytes of their frames. */
export interface KeyCount {
  readonly count: number;
  readonly bytes: number;
}

/** The keys of a session that its service has. */
export interface KeySet {
  readonly name: string;
  readonly client: WorkerHandle<ClientRole>;
  readonly service: WorkerHandle<LocalService>;
  /** What they are for: parameters, and what the service computes with. */
  readonly context: string;
  readonly gate: Gate;
  /** What the client is bound to by its part of the seed, and what this page has mixed in. */
  readonly commitment: Sha256;
  readonly page: Uint8Array<ArrayBuffer>;
  /** Everything that was sent, in order, as hashes. */
  readonly prepared: PreparedCall[];
  readonly requests: SentRequest[];
  /** Whether anything has been encrypted with it. */
  isUsed: boolean;
  /** Whether the service has been told to let go of it. */
  isDropped: boolean;
  /** Those made since a run has last asked, the secret key among them; and those that were there before. */
  made: KeyCount;
  reused: number;
  /** Of the run that it is for alone, from its first encryption on. */
  ended: PromiseWithResolvers<void> | undefined;
}

/** Hashes of the frames of keys that were sent, in order. */
export function keyFrames({ prepared }: Pick<KeySet, 'prepared'>): Sha256[] {
  return prepared.flatMap(({ frame }) => (frame === undefined ? [] : [frame]));
}

/** Has the service let go of a key set, once, and waits for nothing: what it says to that is of no use to anyone. */
export function dropAtService(keySet: KeySet): void {
  if (keySet.isDropped) return;
  keySet.isDropped = true;
  const { name, service } = keySet;
  if (!service.dead) void service.role.drop(name).catch(() => undefined);
}

// As many as a client's seed takes.
const PAGE_BYTES = 32;

/** Has a client bind itself to its part of the next key's seed, and then hear this page's. */
export async function bindSeed(client: ClientRole): Promise<Pick<KeySet, 'commitment' | 'page'>> {
  const commitment = await client.commit();
  // Drawn after the client has bound itself, by a thread that has no key.
  const page = crypto.getRandomValues(new Uint8Array(PAGE_BYTES));
  await client.mix(page);
  return { commitment, page };
}
