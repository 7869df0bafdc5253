// Web addresses: reads what people type or paste as one, and refuses what only looks like one.
import { invalidPayload } from './invalid.ts';
import { withoutWrapping } from './pasted.ts';
import { isKnownScheme } from './schemes.ts';
import type { SealedError } from '../../base/errors.ts';

const EXAMPLE = 'It should look like https://example.org/page.';

function notAnAddress(why = ''): SealedError {
  return invalidPayload(`This is not a web address${why && `: ${why}`}. ${EXAMPLE}`);
}

// Punctuation that stands in host names: Latin, the full stops and middle dots of other scripts, Hebrew's two (IDNA2008).
const HOST_PUNCTUATION =
  /[-._\u00b7\u05f3\u05f4\u3002\u30fb\uff0e\uff61\p{Join_Control}\p{Variation_Selector}]/gu;

/** Whether `host`, typed as it stands, is a name or a number of the DNS, or an IPv6 address. */
function isHost(host: string, parsed: string): boolean {
  if (host.startsWith('[')) return parsed.startsWith('[');
  // Browsers read "12345" as 0.0.48.57. Nobody means that.
  if (/^\d+(\.\d+){3}$/.test(parsed)) return host === parsed;
  if (/[\p{P}\p{C}\p{Z}]/u.test(host.replace(HOST_PUNCTUATION, ''))) return false;
  const labels = parsed.replace(/\.$/, '').split('.');
  return parsed.length <= 254 && labels.every((label) => /^[a-z0-9_-]{1,63}$/.test(label));
}

/** `address` if it is an http or https one with a host (RFC 3986, 3.2). Browsers would take much more: "https:x", "https:\\x". */
function checkedWeb(address: string): string {
  const [beforeQuery] = address.split(/[?#]/, 1);
  if (beforeQuery.includes('\\')) throw notAnAddress('it has a backslash');
  const [, authority = ''] = /^https?:\/\/([^/?#]+)/i.exec(address) ?? [];
  const [, host = ''] = /^(\[[^\]]*\]|[^:]*)(?::\d+)?$/.exec(authority.replace(/^.*@/, '')) ?? [];
  if (/^https?$/i.test(host)) throw notAnAddress(`${host} is no site, a colon may be missing or too much`);
  if (host === '' || !URL.canParse(address)) throw notAnAddress();
  if (!isHost(host, new URL(address).hostname)) throw notAnAddress();
  return address;
}

/** Whether what stands before "://" can be the scheme of an app or a service. */
function isAppScheme(scheme: string): boolean {
  // A drive, a site, or a misspelt https: no registered scheme is made of these four letters alone.
  return scheme.length > 1 && !/^www(\.|$)/.test(scheme) && !/^[htps]+$/.test(scheme);
}

/**
 * The address in `typed`: without invisible characters and the quotes around it, and with `https://` where it has no
 * scheme; otherwise unchanged, since servers may tell spellings apart. Addresses with a scheme that phones know (`tel:`,
 * `geo:`, `bitcoin:`, …) or with `//` stay as they are. Throws `invalid-argument` for anything else.
 */
export function webAddress(typed: string): string {
  const address = withoutWrapping(typed).replace(/^url:\s*/i, '');
  if (address === '') throw invalidPayload('Type the address that the code shall open.');
  if (/\s/.test(address)) throw notAnAddress('it has a space');
  const [, name, rest = ''] = /^([a-z][a-z0-9+.-]*):(.*)$/i.exec(address) ?? [];
  const scheme = name?.toLowerCase();
  if (scheme === 'http' || scheme === 'https') return checkedWeb(address);
  if (scheme !== undefined && isKnownScheme(scheme) && /[^/]/.test(rest) && URL.canParse(address))
    return address;
  if (scheme === undefined || /^\d{1,5}([/?#]|$)/.test(rest)) {
    const web = `https://${address.replace(/^\/\//, '')}`;
    if (/^https:\/\/[^/?#]*@/.test(web)) throw notAnAddress('it has an @');
    return checkedWeb(web);
  }
  if (isAppScheme(scheme) && /^\/\/+[^/]/.test(rest) && URL.canParse(address)) return address;
  throw invalidPayload(
    `This is not a web address: nothing opens what begins like this. ${EXAMPLE} ` +
      'To put just this into a code, choose Text.',
  );
}
