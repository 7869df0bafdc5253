// Tests of the payload forms: escaping is undone by an independent reader, and nonsense is refused in words.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusal } from '../../fixtures/refusal.ts';
import { buildPayload } from './payload.ts';
import { escapeCardText } from './payload/content-lines.ts';

/** Splits "K:value;K:value;;" as a phone does: a backslash takes the next character as it is. */
function parseFields(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  let key: string | null = null;
  let value = '';
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '\\') value += text[++i] ?? '';
    else if (character === ':' && key === null) {
      key = value;
      value = '';
    } else if (character === ';') {
      if (key !== null) fields.set(key, value);
      key = null;
      value = '';
    } else value += character;
  }
  return fields;
}

const wellFormed = (minLength: number, maxLength: number) =>
  fc.string({ unit: 'binary', minLength, maxLength }).filter((text) => text.isWellFormed());

describe('Wi-Fi', () => {
  it('writes the text of the specification', () => {
    expect(
      buildPayload({ kind: 'wifi', ssid: 'Cabin "north"', password: 'correct;horse\\', security: 'WPA' }),
    ).toBe('WIFI:T:WPA;S:Cabin \\"north\\";P:correct\\;horse\\\\;;');
    expect(buildPayload({ kind: 'wifi', ssid: 'a,b:c', security: 'nopass', hidden: true })).toBe(
      'WIFI:T:nopass;S:a\\,b\\:c;H:true;;',
    );
    expect(buildPayload({ kind: 'wifi', ssid: 'old', password: '12345', security: 'WEP' })).toBe(
      'WIFI:T:WEP;S:old;P:12345;;',
    );
  });

  it('is read back exactly, whatever the name and the password', () => {
    const size = (text: string): number => new TextEncoder().encode(text).length;
    fc.assert(
      fc.property(
        wellFormed(1, 16).filter((text) => size(text) <= 32),
        wellFormed(8, 40).filter((text) => size(text) <= 63),
        fc.boolean(),
        (ssid, password, hidden) => {
          const text = buildPayload({ kind: 'wifi', ssid, password, security: 'WPA', hidden });
          expect(text.startsWith('WIFI:')).toBe(true);
          const fields = parseFields(text.slice('WIFI:'.length));
          expect(fields.get('S')).toBe(ssid);
          expect(fields.get('P')).toBe(password);
          expect(fields.get('T')).toBe('WPA');
          expect(fields.get('H')).toBe(hidden ? 'true' : undefined);
        },
      ),
    );
  });

  it('refuses names and passwords that no network has, without repeating them', () => {
    const wifi = (ssid: string, password: string, security: 'WPA' | 'WEP' | 'nopass') => () =>
      buildPayload({ kind: 'wifi', ssid, password, security });
    expect(refusal(wifi('', 'long enough', 'WPA'))).toContain('name of the network');
    expect(refusal(wifi('é'.repeat(17), 'long enough', 'WPA'))).toContain('has 34');
    const short = refusal(wifi('home', 'secret', 'WPA'));
    expect(short).toContain('8 to 63');
    expect(short).not.toContain('secret');
    expect(refusal(wifi('home', 'x'.repeat(64), 'WPA'))).toContain('8 to 63');
    expect(wifi('home', 'f'.repeat(64), 'WPA')()).toContain('P:ffff');
    expect(refusal(wifi('home', '', 'WEP'))).toContain('WEP key');
    expect(refusal(wifi('home', 'password', 'nopass'))).toContain('open network');
  });
});

describe('a WEP key', () => {
  const wep = (password: string) => () =>
    buildPayload({ kind: 'wifi', ssid: 'old', password, security: 'WEP' });

  it('has 5, 13, 16 or 29 characters, or 10, 26, 32 or 58 hexadecimal digits', () => {
    for (let length = 0; length <= 64; length++) {
      const isKey = [5, 13, 16, 29].includes(length);
      const isHex = [10, 26, 32, 58].includes(length);
      for (const [key, valid] of [
        ['x'.repeat(length), isKey],
        ['f'.repeat(length), isKey || isHex],
        ['aF0'.repeat(22).slice(0, length), isKey || isHex],
      ] as const) {
        if (valid) expect(wep(key)()).toContain(`P:${key};;`);
        else expect(refusal(wep(key))).toContain('5, 13, 16 or 29 characters, or 10, 26, 32 or 58');
      }
    }
  });

  it('is counted in octets, and not repeated in the refusal', () => {
    expect(wep('käse')()).toContain('P:käse');
    expect(refusal(wep('käsee'))).toContain('WEP key');
    expect(refusal(wep('abc'))).not.toContain('abc');
  });
});

describe('text and addresses', () => {
  it('keeps text and addresses as they are', () => {
    expect(buildPayload({ kind: 'text', text: ' grüße 😀 ' })).toBe(' grüße 😀 ');
    expect(buildPayload({ kind: 'url', url: ' example.org/ä?q=1 ' })).toBe('https://example.org/ä?q=1');
    expect(buildPayload({ kind: 'url', url: 'localhost:8080/x' })).toBe('https://localhost:8080/x');
    expect(buildPayload({ kind: 'url', url: 'HTTP://Example.org' })).toBe('HTTP://Example.org');
  });

  it('refuses half of a surrogate pair in any field, by name', () => {
    expect(refusal(() => buildPayload({ kind: 'mail', to: 'a@x.org', subject: '\ud83d' }))).toContain(
      '"subject"',
    );
    expect(refusal(() => buildPayload({ kind: 'text', text: 'a\udc00' }))).toContain('"text"');
  });

  it('refuses what is empty or no address', () => {
    expect(refusal(() => buildPayload({ kind: 'text', text: '' }))).toContain('Type the text');
    expect(refusal(() => buildPayload({ kind: 'url', url: ' ' }))).toContain('Type the address');
    expect(refusal(() => buildPayload({ kind: 'url', url: 'not an address' }))).toContain('https://example');
  });
});

describe('contacts', () => {
  it('writes a vCard with CRLF and escapes', () => {
    const card = buildPayload({
      kind: 'contact',
      firstName: 'Ada',
      lastName: 'King; Countess',
      organisation: 'Analytical, Ltd',
      phone: '+44 20 7946 0000',
      street: '12 St James’s Sq',
      city: 'London',
      note: 'first\nsecond',
    });
    expect(card.split('\r\n')).toEqual([
      'BEGIN:VCARD',
      'VERSION:3.0',
      'N:King\\; Countess;Ada;;;',
      'FN:Ada King\\; Countess',
      'ORG:Analytical\\, Ltd',
      'TEL:+44 20 7946 0000',
      'ADR:;;12 St James’s Sq;London;;;',
      'NOTE:first\\nsecond',
      'END:VCARD',
      '',
    ]);
    expect(refusal(() => buildPayload({ kind: 'contact', phone: '1' }))).toContain('name');
  });

  it('escapes so that unescaping gives the text back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const escaped = escapeCardText(text);
        expect(/(?!\t)\p{Cc}/u.test(escaped)).toBe(false);
        const unescaped = escaped.replace(/\\(.)/gsu, (_, next: string) => (next === 'n' ? '\n' : next));
        expect(unescaped).toBe(text.replace(/\r\n|\r/g, '\n').replace(/(?![\t\n])\p{Cc}/gu, ''));
      }),
    );
  });
});

describe('messages and places', () => {
  it('writes mail, phone and text message', () => {
    expect(
      buildPayload({ kind: 'mail', to: 'a+b@example.org', subject: 'Tea & cake?', body: 'one\ntwo' }),
    ).toBe('mailto:a%2Bb@example.org?subject=Tea%20%26%20cake%3F&body=one%0D%0Atwo');
    expect(buildPayload({ kind: 'phone', number: '+44 (20) 7946-0000' })).toBe('tel:+442079460000');
    expect(buildPayload({ kind: 'sms', number: '0151 234', message: 'on: my way' })).toBe(
      'SMSTO:0151234:on: my way',
    );
    expect(refusal(() => buildPayload({ kind: 'mail', to: 'nobody' }))).toContain('mail address');
    expect(refusal(() => buildPayload({ kind: 'phone', number: 'call me' }))).toContain('telephone');
  });

  it('writes places', () => {
    expect(buildPayload({ kind: 'geo', latitude: 52.5162746, longitude: -0.0000001 })).toBe(
      'geo:52.516275,0',
    );
    expect(refusal(() => buildPayload({ kind: 'geo', latitude: 91, longitude: 0 }))).toContain('latitude');
    expect(refusal(() => buildPayload({ kind: 'geo', latitude: 0, longitude: NaN }))).toContain('longitude');
  });
});
