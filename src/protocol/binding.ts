// What binds an answer to its question: hashes of the run, the card, the keys and the request, the same on both sides.
//
// They find what was confused, lost or changed on the way. They prove nothing about a service that writes the right hashes
// over other ciphertexts: against that one the client has its reference (SECURITY.md).
import { SealedError } from '../base/errors.ts';
import { sha256Hex, sha256Of } from '../base/sha256.ts';
import type { ServerBackendName } from './backends.ts';
import type { Card, Sha256 } from './card.ts';

/** What a request is bound to. */
export interface RequestBinding {
  /** The run's name: random, one for all requests of a run. */
  readonly run: string;
  readonly card: Sha256;
  /** Of the key set: of the hashes of its frames, in the order in which they were sent. */
  readonly keys: Sha256;
  /** Of all of the request: of these three, of its segment, and of the hashes of its frames in order. */
  readonly request: Sha256;
}

/** The same, as whoever answers has computed it from what arrived; and what the answer was computed with. */
export interface AnswerBinding extends RequestBinding {
  readonly plan: Sha256;
  /** Of the encoder's table for these parameters, which must be the same in every engine. */
  readonly tables: Sha256;
  /** Of the WebAssembly that computed. */
  readonly kernel: Sha256;
  readonly backend: ServerBackendName;
}

const hashOf = (text: string): Sha256 => sha256Hex(new TextEncoder().encode(text));

/** The hash of a key set whose frames have these hashes. Lists and records of texts are canonical JSON (RFC 8785) as written. */
export function keysHash(frames: readonly Sha256[]): Sha256 {
  return hashOf(JSON.stringify(frames));
}

/** What {@link RequestBinding} is computed from. */
export interface RequestParts {
  readonly run: string;
  readonly card: Sha256;
  readonly segment: number;
  /** Hashes of the key set's frames, in order. */
  readonly keys: readonly Sha256[];
  readonly frames: readonly Uint8Array[];
}

/** The binding of a request, and the hashes of its frames. */
export interface BoundRequest {
  readonly binding: RequestBinding;
  readonly frames: readonly Sha256[];
}

/** Binds a request: by whoever sends it, and again by whoever has got it. */
export async function bindRequest(parts: RequestParts): Promise<BoundRequest> {
  const { run, card, segment } = parts;
  const frames = await Promise.all(parts.frames.map(sha256Of));
  const keys = keysHash(parts.keys);
  // In the order of their names, as RFC 8785 has it.
  const request = hashOf(JSON.stringify({ card, frames, keys, run, segment }));
  return { binding: { run, card, keys, request }, frames };
}

const REQUEST_PARTS = ['run', 'card', 'keys', 'request'] as const;

/** The first part in which two bindings differ; undefined where they are the same. */
export function differingPart(a: RequestBinding, b: RequestBinding): keyof RequestBinding | undefined {
  return REQUEST_PARTS.find((part) => a[part] !== b[part]);
}

const isHash = (value: unknown): boolean => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);

/**
 * Throws unless `answer` is bound to `asked`, and was computed by the plan and the backend of the card.
 * @throws SealedError `wrong-answer` naming the part
 */
export function requireBound(
  answer: AnswerBinding | undefined,
  asked: RequestBinding,
  { planHash, backend }: Card,
): void {
  const wrong = answer === undefined ? 'binding' : (differingPart(answer, asked) ?? wrongMaker(answer));
  if (wrong === undefined) return;
  throw new SealedError(
    'wrong-answer',
    `The service’s answer is to another question (${wrong}): it was thrown away, and the key with it.`,
    { stage: 'decrypt', detail: { part: wrong } },
  );

  function wrongMaker({ plan, tables, kernel, backend: used }: AnswerBinding): string | undefined {
    if (plan !== planHash) return 'plan';
    if (used !== backend) return 'backend';
    if (!isHash(tables)) return 'tables';
    return isHash(kernel) ? undefined : 'kernel';
  }
}
