// Payload: an event in the calendar (RFC 5545).
import { contentLines, escapeCardText } from './content-lines.ts';
import { invalidPayload } from './invalid.ts';

/** An event; times are instants, used to the second. */
export interface EventPayload {
  readonly kind: 'event';
  readonly title: string;
  readonly start: Date;
  /** An end that is not later than the start counts as none. */
  readonly end?: Date | undefined;
  readonly location?: string | undefined;
  readonly description?: string | undefined;
}

/** 20260131T174500Z (RFC 5545, 3.3.5, form 2). Throws `invalid-argument` where that has no year of four digits. */
function utcStamp(time: Date, what: 'begins' | 'ends'): string {
  if (Number.isNaN(time.getTime())) throw invalidPayload(`Choose when the event ${what}.`);
  const year = time.getUTCFullYear();
  if (year < 1 || year > 9999) throw invalidPayload(`The event ${what} in a year that is not 1 to 9999.`);
  return time.toISOString().replace(/[-:]|\.\d{3}/g, '');
}

/** FNV-1a, 128 bits, of `text` in UTF-8 (Fowler, Noll, Vo; draft-eastlake-fnv): parameters for that size. */
function fnv1a128(text: string): bigint {
  const prime = 2n ** 88n + 0x13bn;
  let hash = 0x6c62272e07bb014262b821756295c58dn;
  for (const byte of new TextEncoder().encode(text))
    hash = BigInt.asUintN(128, (hash ^ BigInt(byte)) * prime);
  return hash;
}

/**
 * A calendar of one event. UID is a hash of the event, and DTSTAMP its start: so the same form gives the same text, hence
 * the same picture, whenever it is made; an event scanned twice is one event; and neither a clock nor a random source tells
 * who made it and when. Throws `invalid-argument` without a title, and for times out of order or out of range.
 */
export function buildEvent({ title, start, end, location, description }: EventPayload): string {
  if (title.trim() === '') throw invalidPayload('Type a title for the event.');
  const startStamp = utcStamp(start, 'begins');
  const endStamp = end && utcStamp(end, 'ends');
  if (endStamp !== undefined && endStamp < startStamp) {
    throw invalidPayload('The event must not end before it begins.');
  }
  const properties = [`DTSTART:${startStamp}`];
  // RFC 5545, 3.6.1: DTEND must be later than DTSTART; without it the event ends when it begins.
  if (endStamp !== undefined && endStamp > startStamp) properties.push(`DTEND:${endStamp}`);
  properties.push(`SUMMARY:${escapeCardText(title)}`);
  if (location) properties.push(`LOCATION:${escapeCardText(location)}`);
  if (description) properties.push(`DESCRIPTION:${escapeCardText(description)}`);
  return contentLines([
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Sealed QR//Sealed QR//EN',
    'BEGIN:VEVENT',
    `UID:${fnv1a128(properties.join('\n')).toString(36)}`,
    `DTSTAMP:${startStamp}`,
    ...properties,
    'END:VEVENT',
    'END:VCALENDAR',
  ]);
}
