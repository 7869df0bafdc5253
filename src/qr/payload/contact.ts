// Payload: a contact as a vCard 3.0 (RFC 2426), the version that phones read from codes.
import { invalidPayload } from './invalid.ts';

/** A contact; at least one of the names or the organisation must be given. */
export interface ContactPayload {
  readonly kind: 'contact';
  readonly firstName?: string | undefined;
  readonly lastName?: string | undefined;
  readonly organisation?: string | undefined;
  readonly title?: string | undefined;
  readonly phone?: string | undefined;
  readonly email?: string | undefined;
  readonly url?: string | undefined;
  readonly street?: string | undefined;
  readonly city?: string | undefined;
  readonly postalCode?: string | undefined;
  readonly country?: string | undefined;
  readonly note?: string | undefined;
}

/** Backslash before \ ; and , and line breaks as \n (RFC 2426, 2.4.2; RFC 5545, 3.3.11 is the same). */
export function escapeCardText(text: string): string {
  return text.replace(/[\\;,]/g, (character) => `\\${character}`).replace(/\r\n|\r|\n/g, '\\n');
}

/** The vCard, lines ended by CRLF, fields that are empty left out. Throws `invalid-argument` without any name. */
export function buildContact(contact: ContactPayload): string {
  const { firstName = '', lastName = '', organisation = '' } = contact;
  const fullName = `${firstName} ${lastName}`.trim() || organisation.trim();
  if (fullName === '') throw invalidPayload('Type a name or an organisation for the contact.');
  const { street = '', city = '', postalCode = '', country = '' } = contact;
  const address = ['', '', street, city, '', postalCode, country].map(escapeCardText).join(';');
  const lines = [
    'BEGIN:VCARD',
    'VERSION:3.0',
    `N:${escapeCardText(lastName)};${escapeCardText(firstName)};;;`,
    `FN:${escapeCardText(fullName)}`,
  ];
  const optional: readonly (readonly [string, string | undefined])[] = [
    ['ORG', organisation],
    ['TITLE', contact.title],
    ['TEL', contact.phone],
    ['EMAIL', contact.email],
    ['URL', contact.url],
  ];
  for (const [name, value] of optional) if (value) lines.push(`${name}:${escapeCardText(value)}`);
  if (/[^;]/.test(address)) lines.push(`ADR:${address}`);
  if (contact.note) lines.push(`NOTE:${escapeCardText(contact.note)}`);
  lines.push('END:VCARD');
  return lines.join('\r\n');
}
