// Payload: plain text and web addresses.
import { invalidPayload } from './invalid.ts';
import { webAddress } from './web-address.ts';

/** Any text, taken as it is. */
export interface TextPayload {
  readonly kind: 'text';
  readonly text: string;
}

/** A web address; `https://` is added when no scheme is given. */
export interface UrlPayload {
  readonly kind: 'url';
  readonly url: string;
}

/** The text itself. Throws `invalid-argument` when empty. */
export function buildText({ text }: TextPayload): string {
  if (text === '') throw invalidPayload('Type the text that the code shall hold.');
  return text;
}

/** The address, see {@link webAddress}. */
export function buildUrl({ url }: UrlPayload): string {
  return webAddress(url);
}
