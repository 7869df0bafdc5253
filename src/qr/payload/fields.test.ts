// Tests of payloads handed over as objects: every mistake is refused by the name of its field, without its content.
import { describe, expect, it } from 'vitest';
import { refusal } from '../../../fixtures/refusal.ts';
import { buildPayload } from '../payload.ts';
import { readPayload } from './fields.ts';

const KINDS = ['text', 'url', 'wifi', 'contact', 'mail', 'phone', 'sms', 'geo', 'event'];

describe('readPayload', () => {
  it.each<[Record<string, unknown>, string | RegExp]>([
    [{ kind: 'text', text: ' x ' }, ' x '],
    [{ kind: 'url', url: 'a.org' }, 'https://a.org'],
    [{ kind: 'wifi', ssid: 'a', security: 'nopass', hidden: true }, 'WIFI:T:nopass;S:a;H:true;;'],
    [{ kind: 'wifi', ssid: 'a', security: 'WPA', password: '12345678' }, 'WIFI:T:WPA;S:a;P:12345678;;'],
    [{ kind: 'contact', firstName: 'Ada', note: null }, /FN:Ada\r\nEND/],
    [{ kind: 'mail', to: 'a@x.org', subject: 'Tea' }, 'mailto:a@x.org?subject=Tea'],
    [{ kind: 'phone', number: '112' }, 'tel:112'],
    [{ kind: 'sms', number: '112', message: 'x' }, 'SMSTO:112:x'],
    [{ kind: 'geo', latitude: 52.5, longitude: 13.4 }, 'geo:52.5,13.4'],
    [
      { kind: 'event', title: 'Tea', start: '2026-01-31T18:45+01:00', end: '2026-01-31T18:00Z' },
      /DTSTART:20260131T174500Z\r\nDTEND:20260131T180000Z/,
    ],
  ])('reads %o', (value, text) => {
    const built = buildPayload(readPayload(value));
    if (typeof text === 'string') expect(built).toBe(text);
    else expect(built).toMatch(text);
  });

  it.each<[string, unknown, RegExp]>([
    ['no object', 'text', /object in braces/],
    ['null', null, /object in braces/],
    ['a list', [], /object in braces/],
    ['no kind', { number: '112' }, new RegExp(`no "kind".*${KINDS.map((kind) => `"${kind}"`).join(', ')}`)],
    ['an unknown kind', { kind: 'fax' }, /no such "kind".*"phone"/],
    ['a kind of the language', { kind: 'constructor' }, /no such "kind"/],
    ['a kind that is no text', { kind: 7 }, /no such "kind"/],
    ['an unknown field', { kind: 'phone', number: '1', no: '2' }, /no field "no" .*kind "phone".*"number"/],
    ['a field of another kind', { kind: 'phone', number: '112', message: 'x' }, /no field "message"/],
    ['a field of the language', JSON.parse('{"kind":"phone","number":"112","__proto__":{}}'), /"__proto__"/],
    ['a missing field', { kind: 'phone' }, /"number" of a payload of kind "phone" is missing/],
    ['null for a field that must be there', { kind: 'phone', number: null }, /"number".*missing/],
    ['a number for a text', { kind: 'phone', number: 112 }, /"number" must be text in quotes/],
    ['a text for a number', { kind: 'geo', latitude: '5', longitude: 5 }, /"latitude" must be a number/],
    [
      'a text for a switch',
      { kind: 'wifi', ssid: 'a', security: 'WPA', hidden: 'yes' },
      /"hidden" must be true/,
    ],
    ['another security', { kind: 'wifi', ssid: 'a', security: 'wpa' }, /"security" must be one of "WPA"/],
    ['no time', { kind: 'event', title: 'x', start: 'secret' }, /"start" must be a time as ISO 8601/],
    ['a day without a time', { kind: 'event', title: 'x', start: '2026-01-31' }, /"start" must be a time/],
    ['a number for a time', { kind: 'event', title: 'x', start: 0 }, /"start" must be a time/],
    [
      'an end that is no time',
      { kind: 'event', title: 'x', start: '2026-01-31T17:45Z', end: '' },
      /"end" must/,
    ],
  ])('refuses %s', (_, value, message) => {
    const said = refusal(() => readPayload(value));
    expect(said).toMatch(message);
    expect(said).not.toContain('secret');
  });

  it('lets the form refuse what it understands', () => {
    const event = { kind: 'event', title: 'x', start: '+010000-01-01T00:00:00Z' };
    expect(refusal(() => buildPayload(readPayload(event)))).toMatch(/9999/);
  });
});
