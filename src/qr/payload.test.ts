// Tests of the payload forms: escaping is undone by an independent reader, and nonsense is refused in words.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SealedError } from '../base/errors.ts';
import { buildPayload } from './payload.ts';
import { escapeCardText } from './payload/contact.ts';

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

function message(build: () => unknown): string {
  try {
    build();
  } catch (error) {
    expect(error).toBeInstanceOf(SealedError);
    expect((error as SealedError).code).toBe('invalid-argument');
    return (error as SealedError).message;
  }
  throw new Error('Nothing was thrown.');
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
    expect(message(wifi('', 'long enough', 'WPA'))).toContain('name of the network');
    expect(message(wifi('é'.repeat(17), 'long enough', 'WPA'))).toContain('has 34');
    const short = message(wifi('home', 'secret', 'WPA'));
    expect(short).toContain('8 to 63');
    expect(short).not.toContain('secret');
    expect(message(wifi('home', 'x'.repeat(64), 'WPA'))).toContain('8 to 63');
    expect(wifi('home', 'f'.repeat(64), 'WPA')()).toContain('P:ffff');
    expect(message(wifi('home', '', 'WEP'))).toContain('WEP key');
    expect(message(wifi('home', 'password', 'nopass'))).toContain('open network');
  });
});

describe('text and addresses', () => {
  it('keeps text and addresses as they are', () => {
    expect(buildPayload({ kind: 'text', text: ' grüße 😀 ' })).toBe(' grüße 😀 ');
    expect(buildPayload({ kind: 'url', url: ' example.org/ä?q=1 ' })).toBe('https://example.org/ä?q=1');
    expect(buildPayload({ kind: 'url', url: 'localhost:8080/x' })).toBe('https://localhost:8080/x');
    expect(buildPayload({ kind: 'url', url: 'HTTP://Example.org' })).toBe('HTTP://Example.org');
  });

  it('refuses what is empty or no address', () => {
    expect(message(() => buildPayload({ kind: 'text', text: '' }))).toContain('Type the text');
    expect(message(() => buildPayload({ kind: 'url', url: ' ' }))).toContain('Type the address');
    expect(message(() => buildPayload({ kind: 'url', url: 'not an address' }))).toContain('https://example');
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
    ]);
    expect(message(() => buildPayload({ kind: 'contact', phone: '1' }))).toContain('name');
  });

  it('escapes so that unescaping gives the text back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const escaped = escapeCardText(text);
        expect(/[\r\n]/.test(escaped)).toBe(false);
        const unescaped = escaped.replace(/\\(.)/gsu, (_, next: string) => (next === 'n' ? '\n' : next));
        expect(unescaped).toBe(text.replace(/\r\n|\r/g, '\n'));
      }),
    );
  });
});

describe('messages, places and events', () => {
  it('writes mail, phone and text message', () => {
    expect(
      buildPayload({ kind: 'mail', to: 'a+b@example.org', subject: 'Tea & cake?', body: 'one\ntwo' }),
    ).toBe('mailto:a%2Bb@example.org?subject=Tea%20%26%20cake%3F&body=one%0D%0Atwo');
    expect(buildPayload({ kind: 'phone', number: '+44 (20) 7946-0000' })).toBe('tel:+442079460000');
    expect(buildPayload({ kind: 'sms', number: '0151 234', message: 'on: my way' })).toBe(
      'SMSTO:0151234:on: my way',
    );
    expect(message(() => buildPayload({ kind: 'mail', to: 'nobody' }))).toContain('mail address');
    expect(message(() => buildPayload({ kind: 'phone', number: 'call me' }))).toContain('telephone');
  });

  it('writes places and events', () => {
    expect(buildPayload({ kind: 'geo', latitude: 52.5162746, longitude: -0.0000001 })).toBe(
      'geo:52.516275,0',
    );
    expect(message(() => buildPayload({ kind: 'geo', latitude: 91, longitude: 0 }))).toContain('latitude');
    expect(message(() => buildPayload({ kind: 'geo', latitude: 0, longitude: NaN }))).toContain('longitude');
    const start = new Date('2026-01-31T17:45:00.250Z');
    expect(buildPayload({ kind: 'event', title: 'Tea, cake', start }).split('\r\n')).toEqual([
      'BEGIN:VCALENDAR',
      'VERSION:2.0',
      'BEGIN:VEVENT',
      'SUMMARY:Tea\\, cake',
      'DTSTART:20260131T174500Z',
      'END:VEVENT',
      'END:VCALENDAR',
    ]);
    const end = new Date('2026-01-30T00:00:00Z');
    expect(message(() => buildPayload({ kind: 'event', title: 'Tea', start, end }))).toContain('before');
  });
});
