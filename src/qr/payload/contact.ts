// Payload: a contact as a vCard 3.0 (RFC 2426), the version that phones read from codes.
import { contentLines, escapeCardText } from './content-lines.ts';
import { invalidPayload } from './invalid.ts';
import { mailAddress } from './mail-address.ts';
import { withoutWrapping } from './pasted.ts';
import { readableNumber } from './telephone.ts';
import { webAddress } from './web-address.ts';

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

/** A URI value is not escaped, so what readers would take for an escape or a list is percent-encoded (RFC 2426, 3.6.8). */
function uriValue(typed: string): string {
  return webAddress(typed).replace(/[,;\\]/g, encodeURIComponent);
}

/** The vCard; fields that are empty are left out. Throws `invalid-argument` without any name and for what no phone reads. */
export function buildContact(contact: ContactPayload): string {
  const { firstName = '', lastName = '', organisation = '' } = contact;
  const fullName = `${firstName} ${lastName}`.trim() || organisation.trim();
  if (fullName === '') throw invalidPayload('Type a name or an organisation for the contact.');
  const { street = '', city = '', postalCode = '', country = '' } = contact;
  const address = ['', '', street, city, '', postalCode, country].map(escapeCardText).join(';');
  const { title, note } = contact;
  const [phone, email, url] = [contact.phone, contact.email, contact.url].map((typed) =>
    // Nothing but spaces and what cannot be seen is nothing.
    typed === undefined || withoutWrapping(typed) === '' ? undefined : typed,
  );
  const optional: readonly (readonly [name: string, value: string | undefined])[] = [
    ['ORG', organisation && escapeCardText(organisation)],
    ['TITLE', title && escapeCardText(title)],
    ['TEL', phone && escapeCardText(readableNumber(phone))],
    ['EMAIL', email && escapeCardText(mailAddress(email))],
    ['URL', url && uriValue(url)],
    ['ADR', /[^;]/.test(address) ? address : undefined],
    ['NOTE', note && escapeCardText(note)],
  ];
  return contentLines([
    'BEGIN:VCARD',
    'VERSION:3.0',
    `N:${escapeCardText(lastName)};${escapeCardText(firstName)};;;`,
    `FN:${escapeCardText(fullName)}`,
    ...optional.flatMap(([name, value]) => (value ? [`${name}:${value}`] : [])),
    'END:VCARD',
  ]);
}
