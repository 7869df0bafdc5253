// Tests of events and contacts against RFC 5545 and RFC 2426, with ical.js as the reader.
import fc from 'fast-check';
import ICAL from 'ical.js';
import { describe, expect, it } from 'vitest';
import { refusal } from '../../../fixtures/refusal.ts';
import { buildPayload, type Payload } from '../payload.ts';

type Event = Omit<Extract<Payload, { kind: 'event' }>, 'kind'>;

const START = new Date('2026-01-31T17:45:00.250Z');
const event = (more: Partial<Event> = {}): string =>
  buildPayload({ kind: 'event', title: 'Tea, cake', start: START, ...more });

/** The one event in `text`, after what RFC 5545 asks of lines (3.1) and of the calendar around it (3.4, 3.6). */
function readEvent(text: string): InstanceType<typeof ICAL.Component> {
  expect(text.endsWith('\r\n')).toBe(true);
  expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
  for (const line of text.split('\r\n'))
    expect(new TextEncoder().encode(line).length).toBeLessThanOrEqual(75);
  const calendar = new ICAL.Component(ICAL.parse(text) as unknown[]);
  expect(calendar.name).toBe('vcalendar');
  expect(calendar.getFirstPropertyValue('version')).toBe('2.0');
  expect(calendar.getFirstPropertyValue('prodid')).toMatch(/^-\/\/.+\/\/.+\/\/EN$/);
  expect(calendar.getAllSubcomponents()).toHaveLength(1);
  const component = calendar.getFirstSubcomponent('vevent')!;
  for (const name of ['uid', 'dtstamp', 'dtstart', 'summary']) {
    expect(component.getAllProperties(name), name).toHaveLength(1);
  }
  return component;
}

const instant = (component: InstanceType<typeof ICAL.Component>, name: string): string | undefined =>
  (component.getFirstPropertyValue(name) as { toJSDate(): Date } | null)?.toJSDate().toISOString();

describe('an event', () => {
  it('is written as it always was: the UID is FNV-1a of its lines, computed elsewhere', () => {
    expect(event({ end: new Date('2026-01-31T19:00:00Z') }).split('\r\n')).toEqual([
      'BEGIN:VCALENDAR',
      'VERSION:2.0',
      'PRODID:-//Sealed QR//Sealed QR//EN',
      'BEGIN:VEVENT',
      'UID:aydkexqy6cf2omp1r49fcmeax',
      'DTSTAMP:20260131T174500Z',
      'DTSTART:20260131T174500Z',
      'DTEND:20260131T190000Z',
      'SUMMARY:Tea\\, cake',
      'END:VEVENT',
      'END:VCALENDAR',
      '',
    ]);
  });

  it('is one that a calendar reads', () => {
    const component = readEvent(event({ end: new Date('2026-01-31T19:00:00Z'), location: 'Cabin; north' }));
    expect(instant(component, 'dtstart')).toBe('2026-01-31T17:45:00.000Z');
    expect(instant(component, 'dtend')).toBe('2026-01-31T19:00:00.000Z');
    expect(component.getFirstPropertyValue('dtstamp')!.toString()).toBe('2026-01-31T17:45:00Z');
    expect(component.getFirstPropertyValue('summary')).toBe('Tea, cake');
    expect(component.getFirstPropertyValue('location')).toBe('Cabin; north');
  });

  it('has no DTEND unless it ends later than it begins, to the second', () => {
    for (const end of [undefined, START, new Date('2026-01-31T17:45:00.900Z')]) {
      expect(readEvent(event({ end })).getFirstPropertyValue('dtend')).toBeNull();
    }
    const next = readEvent(event({ end: new Date('2026-01-31T17:45:01Z') }));
    expect(instant(next, 'dtend')).toBe('2026-01-31T17:45:01.000Z');
  });

  it('is the same text for the same form, and another UID for another', () => {
    expect(event()).toBe(event());
    const uid = (text: string): unknown => readEvent(text).getFirstPropertyValue('uid');
    const others = [
      event(),
      event({ title: 'Tea' }),
      event({ start: new Date('2026-01-31T17:46:00Z') }),
      event({ end: new Date('2026-01-31T19:00:00Z') }),
      event({ location: 'x' }),
      event({ description: 'x' }),
    ].map(uid);
    expect(new Set(others).size).toBe(others.length);
    for (const id of others) expect(id).toMatch(/^[0-9a-z]{20,25}$/);
  });

  it('gives its texts back, whatever they are and however long', () => {
    const text = fc
      .oneof(
        fc.string({ unit: 'grapheme', maxLength: 200 }),
        fc.string({ unit: fc.constantFrom(...'aé漢😀\\;,:n\n"'), maxLength: 300 }),
      )
      // Controls are left out, and line breaks all become \n.
      .map((value) => value.replace(/\p{Cc}/gu, (c) => (c === '\n' ? c : '')));
    fc.assert(
      fc.property(text, text, (title, description) => {
        fc.pre(title.trim() !== '');
        const component = readEvent(event({ title, description }));
        expect(component.getFirstPropertyValue('summary')).toBe(title);
        expect(component.getFirstPropertyValue('description') ?? '').toBe(description);
      }),
      { numRuns: 300 },
    );
  });

  it('leaves out control characters, which no line may hold', () => {
    const component = readEvent(event({ title: 'a\u0000b\u001b\u007fc\td' }));
    expect(component.getFirstPropertyValue('summary')).toBe('abc\td');
  });

  it.each([
    ['a year beyond 9999', { start: new Date('+010000-01-01T00:00:00Z') }, /begins.*9999/],
    ['an end beyond 9999', { end: new Date('+012026-01-01T00:00:00Z') }, /ends.*9999/],
    ['a year before 1', { start: new Date('-000001-01-01T00:00:00Z') }, /begins.*9999/],
    ['no start', { start: new Date(NaN) }, /Choose when the event begins/],
    ['an end that is no time', { end: new Date(NaN) }, /Choose when the event ends/],
    ['an end before its start', { end: new Date('2026-01-31T17:44:00Z') }, /before it begins/],
    ['no title', { title: ' ' }, /title/],
  ])('is refused with %s', (_, more, message) => {
    expect(refusal(() => event(more))).toMatch(message);
  });

  it('reaches to the last minute of 9999', () => {
    const component = readEvent(event({ start: new Date('9999-12-31T23:59:00Z') }));
    expect(instant(component, 'dtstart')).toBe('9999-12-31T23:59:00.000Z');
  });
});

describe('a contact', () => {
  const contact = (url: string): string => buildPayload({ kind: 'contact', lastName: 'King', url });

  /** The values of the card's properties, after what RFC 2426 asks of lines. */
  function readCard(text: string): InstanceType<typeof ICAL.Component> {
    expect(text.endsWith('END:VCARD\r\n')).toBe(true);
    for (const line of text.split('\r\n')) {
      expect(new TextEncoder().encode(line).length).toBeLessThanOrEqual(75);
    }
    return new ICAL.Component(ICAL.parse(text) as unknown[]);
  }

  it.each([
    ['https://a.org/x,y;z', 'https://a.org/x%2Cy%3Bz'],
    ['a.org/x', 'https://a.org/x'],
    ['“a.org/x;y”', 'https://a.org/x%3By'],
    ['https://a.org/?p=C:\\n', 'https://a.org/?p=C:%5Cn'],
    ['tel:112', 'tel:112'],
  ])('has a web address that every reader takes as it is: %s', (typed, address) => {
    expect(contact(typed).split('\r\n')).toContain(`URL:${address}`);
    expect(readCard(contact(typed)).getFirstPropertyValue('url')).toBe(address);
  });

  it('has no number or address where nothing can be seen', () => {
    const text = buildPayload({ kind: 'contact', lastName: 'King', phone: ' ', email: '\u200b', url: '' });
    expect(text).toBe('BEGIN:VCARD\r\nVERSION:3.0\r\nN:King;;;;\r\nFN:King\r\nEND:VCARD\r\n');
  });

  it('is refused where its web address is none', () => {
    expect(refusal(() => contact('https//a.org'))).toMatch(/web address/);
    expect(refusal(() => contact('C:\\x'))).toMatch(/web address/);
  });

  it('gives its texts back, whatever they are and however long', () => {
    const text = fc.string({ unit: fc.constantFrom(...'aé漢😀\\;,:n\n"'), maxLength: 200 });
    // ical.js takes a separator after a written-out backslash for an escaped one.
    const part = text.map((value) => value.replace(/\\+$/, ''));
    // ical.js undoes "\;" in the parts of a structured value only.
    const plain = text.map((value) => value.replaceAll(';', ''));
    fc.assert(
      fc.property(part, part, plain, (lastName, street, note) => {
        fc.pre(lastName.trim() !== '' && street !== '' && note !== '');
        const card = readCard(buildPayload({ kind: 'contact', lastName, street, note }));
        expect(card.getFirstPropertyValue('n')).toEqual([lastName, '', '', '', '']);
        expect((card.getFirstPropertyValue('adr') as unknown as string[])[2]).toBe(street);
        expect(card.getFirstPropertyValue('note')).toBe(note);
      }),
      { numRuns: 200 },
    );
  });
});
