// Payloads: a place on the map and an event in the calendar.
import { escapeCardText } from './contact.ts';
import { invalidPayload } from './invalid.ts';

/** A place, in degrees of WGS 84. */
export interface GeoPayload {
  readonly kind: 'geo';
  readonly latitude: number;
  readonly longitude: number;
}

/** An event; times are instants. */
export interface EventPayload {
  readonly kind: 'event';
  readonly title: string;
  readonly start: Date;
  readonly end?: Date | undefined;
  readonly location?: string | undefined;
  readonly description?: string | undefined;
}

/** A `geo:` address (RFC 5870) with at most six decimals, a tenth of a metre. Throws `invalid-argument` off the globe. */
export function buildGeo({ latitude, longitude }: GeoPayload): string {
  if (!(Math.abs(latitude) <= 90)) throw invalidPayload('The latitude lies between -90 and 90 degrees.');
  if (!(Math.abs(longitude) <= 180)) throw invalidPayload('The longitude lies between -180 and 180 degrees.');
  // toFixed and back: no exponents and no trailing zeros.
  return `geo:${Number(latitude.toFixed(6))},${Number(longitude.toFixed(6))}`;
}

/** 20260131T174500Z (RFC 5545, 3.3.5, form 2). */
function utcStamp(time: Date): string {
  return time.toISOString().replace(/[-:]|\.\d{3}/g, '');
}

/** A one-event calendar (RFC 5545). Throws `invalid-argument` without a title or with times out of order. */
export function buildEvent({ title, start, end, location, description }: EventPayload): string {
  if (title.trim() === '') throw invalidPayload('Type a title for the event.');
  if (Number.isNaN(start.getTime())) throw invalidPayload('Choose when the event begins.');
  if (end && !(end.getTime() >= start.getTime()))
    throw invalidPayload('The event must not end before it begins.');
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'BEGIN:VEVENT',
    `SUMMARY:${escapeCardText(title)}`,
    `DTSTART:${utcStamp(start)}`,
  ];
  if (end) lines.push(`DTEND:${utcStamp(end)}`);
  if (location) lines.push(`LOCATION:${escapeCardText(location)}`);
  if (description) lines.push(`DESCRIPTION:${escapeCardText(description)}`);
  lines.push('END:VEVENT', 'END:VCALENDAR');
  return lines.join('\r\n');
}
