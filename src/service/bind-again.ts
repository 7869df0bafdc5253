// What binds an answer to its question, on the side that answers: hashes of what has arrived, and of the tables in use.
import { SealedError } from '../base/errors.ts';
import { sha256Hex } from '../base/sha256.ts';
import { embeddingRoots } from '../params/embedding-roots.ts';
import { bindRequest, differingPart, type RequestBinding } from '../protocol/binding.ts';
import type { Sha256 } from '../protocol/card.ts';
import type { EvaluationRequest } from '../protocol/service.ts';

/**
 * The binding of a request by what has arrived of it.
 * @param keys hashes of the frames of its key set as they arrived
 * @throws SealedError `hash-mismatch` where it says otherwise of itself
 */
export async function bindAgain(
  request: EvaluationRequest,
  keys: readonly Sha256[],
): Promise<RequestBinding> {
  const { run, card, segment, frames } = request;
  const { binding } = await bindRequest({ run, card, segment, frames, keys });
  const part = differingPart(binding, request);
  if (part === undefined) return binding;
  throw new SealedError('hash-mismatch', `What has arrived is not what was sent (${part}): send it again.`, {
    stage: 'server',
    detail: { part },
  });
}

const tables = new Map<number, Sha256>();

/** The hash of the encoder's table for a degree, computed once. */
export function tablesHash(polyModulusDegree: number): Sha256 {
  let hash = tables.get(polyModulusDegree);
  if (hash === undefined) {
    hash = sha256Hex(new Uint8Array(embeddingRoots(polyModulusDegree).buffer));
    tables.set(polyModulusDegree, hash);
  }
  return hash;
}
