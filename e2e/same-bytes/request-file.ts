// A recorded request as a file that every engine reads.
import type { Made, SentRequest } from '../../fixtures/same-bytes.ts';

/** A request, the style that it is for, and where its feature network is. */
export interface RequestFile {
  readonly style: string;
  readonly version: number;
  /** Relative to the site's root. */
  readonly model: string;
  /** Base64. */
  readonly keys: string | null;
  readonly inputs: readonly string[];
}

/** What a page is asked: the request's file by name, and with how many evaluators. */
export interface Question {
  readonly name: string;
  readonly counts: readonly number[];
}

/** What a page answers. */
export type Outcome = { readonly made: Made } | { readonly failed: string };

const bytesOf = (text: string): Uint8Array => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/** The request in a file. */
export function requestOf({ keys, inputs }: RequestFile): SentRequest {
  return { keys: keys === null ? undefined : bytesOf(keys), inputs: inputs.map(bytesOf) };
}
