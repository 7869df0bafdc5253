// Mail addresses: reads what people type or paste as one (RFC 5322, 3.4.1, with the letters of RFC 6532).
import { invalidPayload } from './invalid.ts';
import { percentDecoded, withoutWrapping } from './pasted.ts';

// RFC 5322, 3.2.3 (atext): printable ASCII without the specials ( ) < > [ ] : ; @ \ , . and the quote.
const ATOM = /^[\w!#$%&'*+/=?^`{|}~\u{a1}-\u{10ffff}-]+$/u;

// RFC 5321, 2.3.5: a domain's labels are letters, digits and inner hyphens, in any script (RFC 5890).
const LABEL = /^[\p{L}\p{N}]([\p{L}\p{M}\p{N}\p{Join_Control}-]*[\p{L}\p{M}\p{N}])?$/u;

const bytes = (text: string): number => new TextEncoder().encode(text).length;

/**
 * The one address in `typed`: out of `mailto:a@x.org`, `<a@x.org>` and `Name <a@x.org>` as well. Throws
 * `invalid-argument` unless it is a dot-atom at a domain.
 */
export function mailAddress(typed: string): string {
  const [, bracketed] = /<([^<>]*)>[\s;,]*$/.exec(typed) ?? [];
  const bare = withoutWrapping((bracketed ?? typed).replace(/[\s;,]+$/, ''));
  const address = /^mailto:/i.test(bare) ? percentDecoded(bare.slice('mailto:'.length)) : bare;
  const [local, domain, ...more] = address.split('@');
  const isAddress =
    more.length === 0 &&
    domain !== undefined &&
    !/\s/.test(address) &&
    local.split('.').every((atom) => ATOM.test(atom)) &&
    domain.split('.').every((label) => LABEL.test(label) && bytes(label) <= 63) &&
    // RFC 5321, 4.5.3.1.
    bytes(local) <= 64 &&
    bytes(domain) <= 255;
  if (!isAddress) {
    throw invalidPayload('This is not a mail address. It should look like name@example.org.');
  }
  return address;
}
