// Payload: plain text and web addresses.
import { invalidPayload } from './invalid.ts';

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

/** The address, trimmed and with a scheme; otherwise unchanged, since servers may tell spellings apart. */
export function buildUrl({ url }: UrlPayload): string {
  const trimmed = url.trim();
  if (trimmed === '') throw invalidPayload('Type the address that the code shall open.');
  const address = /^[a-z][a-z0-9+.-]*:(?!\d)/i.test(trimmed) ? trimmed : `https://${trimmed}`;
  if (!URL.canParse(address) || /\s/.test(address)) {
    throw invalidPayload('This is not a web address. It should look like https://example.org/page.');
  }
  return address;
}
