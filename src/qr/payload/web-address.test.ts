// Tests of web addresses: what is one stays as it was typed, what only looks like one is refused.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusal } from '../../../fixtures/refusal.ts';
import { buildPayload } from '../payload.ts';

const url = (typed: string): string => buildPayload({ kind: 'url', url: typed });

describe('a web address', () => {
  it.each([
    'tel:112',
    'tel:+4930123456',
    'geo:52.5,13.4',
    'bitcoin:1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa',
    'bitcoin:1A1z…',
    'ethereum:0x89205A3A3b2A69De6Dbf7f01ED13B2108B2c43e7',
    'ethereum:0x…',
    'mailto:a@x.org?subject=Tea',
    'sms:112',
    'SMSTO:0151234:on',
    'facetime:112',
    'lightning:lnbc1',
    'monero:4AdUndXHHZ',
    'urn:isbn:9780134685991',
    'magnet:?xt=urn:btih:0',
    'xmpp:a@x.org',
    'sip:1234@x.org',
    'spotify:track:4uLU6hMCjMI75M1A2tKUQC',
    'LPA:1$smdp.example.org$code',
    'web+mastodon:follow',
    'otpauth://totp/x?secret=y',
    'myapp://open/x',
    'com.example.app://open',
    'ftp://a.org/x',
    'wss://a.org/x',
    'intent:#Intent;scheme=x;end',
    'HTTP://Example.org',
    'https://user@a.org/x',
    'https://[2001:db8::1]:8080/x',
    'https://192.168.0.1/x',
    'https://münchen.de/ä?q=1',
    'https://i❤.ws',
    'https://xn--mnchen-3ya.de.',
    'https://a.org/a\'b"c,d;e',
    'https://a.org/?path=C:\\x',
    'https://a.org/👩\u200d💻/❤\ufe0f',
  ])('with a scheme that phones know stays as it is: %s', (typed) => {
    expect(url(typed)).toBe(typed);
  });

  it.each([
    ['example.org', 'https://example.org'],
    ['localhost:8080/x', 'https://localhost:8080/x'],
    ['example.org:443', 'https://example.org:443'],
    ['//a.org/x', 'https://a.org/x'],
    ['münchen.de:8080?q', 'https://münchen.de:8080?q'],
    ['[::1]:80', 'https://[::1]:80'],
  ])('without a scheme gets https: %s', (typed, text) => {
    expect(url(typed)).toBe(text);
  });

  it.each([
    ['“https://a.org”', 'https://a.org'],
    ['„https://a.org“', 'https://a.org'],
    ['«\u00a0https://a.org\u00a0»', 'https://a.org'],
    ['"https://a.org"', 'https://a.org'],
    ["'https://a.org'", 'https://a.org'],
    ['`https://a.org`', 'https://a.org'],
    ['「https://a.org」', 'https://a.org'],
    ['‘a.org/x’', 'https://a.org/x'],
    ['<https://a.org>', 'https://a.org'],
    ['<URL:https://a.org/x>', 'https://a.org/x'],
    ['\u200bhttps://a.org', 'https://a.org'],
    ['\ufeffhttps://a.org\u200b', 'https://a.org'],
    ['https://a.\u200bo\ufeffrg/\u00adlong\u2060er', 'https://a.org/longer'],
    ['\u202ahttps://a.org\u202c', 'https://a.org'],
    ['\u200b“\u200bhttps://a.org\u200b”\u0000', 'https://a.org'],
  ])('loses what was pasted with it: %j', (typed, text) => {
    expect(url(typed)).toBe(text);
  });

  it.each([
    'https//a.org',
    'http//a.org',
    'https/a.org',
    'https://https//a.org',
    'https://http://a.org',
    'http://https:80/x',
    'HTTPS//a.org',
    'https',
    'https:',
    'https://',
    'https:///a.org',
    'https:/a.org',
    'https:a.org',
    'https;//a.org',
    'htps://a.org',
    'ttps://a.org',
    'httpss://a.org',
    'C:\\x',
    'c:/x',
    'C:x',
    'c://x',
    '\\\\server\\share',
    'https:\\\\a.org',
    'https://a.org\\x',
    'a.org\\x',
    '/home/x',
    './x',
    '~/x',
    'www.example.org:',
    'example.org:/x',
    'https://www.example.org:',
    'www.example.org://x',
    'https://a.org:99999',
    'https://a.org:80:80',
    'tel:',
    'myapp://',
    'nonsense:x',
    'javascript:alert(1)',
    'a@x.org',
    '12345',
    '52.5',
    '52.5,13.4',
    'a..org',
    '.org',
    'a.org,',
    'a.org)',
    'https://a.org”/x',
    'https://“a.org',
    `https://${'a'.repeat(64)}.org`,
    'https://a b.org',
    'not an address',
    '?',
    '#',
    '“\u200b”x y',
  ])('is refused: %s', (typed) => {
    expect(refusal(() => url(typed))).toMatch(/web address/);
  });

  it('is asked for where only what is invisible was typed', () => {
    for (const typed of ['', ' ', '\u200b', '“”', '<>']) {
      expect(refusal(() => url(typed))).toMatch(/Type the address/);
    }
  });

  it('is never changed twice: what is written is accepted as it is', () => {
    const piece = fc.constantFrom(
      ...[
        'https',
        'http',
        ':',
        '//',
        '/',
        'a',
        'www.',
        '.org',
        '@',
        '“',
        '\u200b',
        '<',
        '>',
        '\\',
        '?',
        '%20',
      ],
      ...['tel', '12', "'", ';', ' ', '#', 'é', '[', ']', 'C'],
    );
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 8 }), (pieces) => {
        let text: string;
        try {
          text = url(pieces.join(''));
        } catch (error) {
          expect(
            refusal(() => {
              throw error;
            }),
          ).toMatch(/address/);
          return;
        }
        accepted++;
        expect(url(text)).toBe(text);
        expect(URL.canParse(text)).toBe(true);
        expect(new URL(text).hostname).not.toMatch(/^https?$/);
      }),
      { numRuns: 3000, seed: 7 },
    );
    expect(accepted).toBeGreaterThan(30);
  });
});
