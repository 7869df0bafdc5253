// Payloads: mail, phone call and text message.
import { invalidPayload } from './invalid.ts';

/** A mail to be written. */
export interface MailPayload {
  readonly kind: 'mail';
  readonly to: string;
  readonly subject?: string | undefined;
  readonly body?: string | undefined;
}

/** A number to be called. */
export interface PhonePayload {
  readonly kind: 'phone';
  readonly number: string;
}

/** A text message to be sent. */
export interface SmsPayload {
  readonly kind: 'sms';
  readonly number: string;
  readonly message?: string | undefined;
}

/** The number without spaces, dots, dashes and brackets. Throws `invalid-argument` unless 3 to 20 digits remain. */
function plainNumber(number: string): string {
  const plain = number.replace(/[\s().\-/]/g, '');
  if (!/^\+?[0-9*#]{3,20}$/.test(plain)) {
    throw invalidPayload('This is not a telephone number. It should look like +44 20 7946 0000.');
  }
  return plain;
}

/** A `mailto:` address (RFC 6068). Throws `invalid-argument` unless `to` looks like a mail address. */
export function buildMail({ to, subject, body }: MailPayload): string {
  const address = to.trim();
  if (!/^[^\s@?&]+@[^\s@?&]+$/.test(address)) {
    throw invalidPayload('This is not a mail address. It should look like name@example.org.');
  }
  const query: string[] = [];
  if (subject) query.push(`subject=${encodeURIComponent(subject)}`);
  // RFC 6068, 5: line breaks are %0D%0A.
  if (body) query.push(`body=${encodeURIComponent(body.replace(/\r\n|\r|\n/g, '\r\n'))}`);
  const encoded = encodeURIComponent(address).replace('%40', '@');
  return `mailto:${encoded}${query.length > 0 ? `?${query.join('&')}` : ''}`;
}

/** A `tel:` address (RFC 3966). */
export function buildPhone({ number }: PhonePayload): string {
  return `tel:${plainNumber(number)}`;
}

/** `SMSTO:number:message`, which both families of phones read, unlike `sms:` with a body (RFC 5724). */
export function buildSms({ number, message = '' }: SmsPayload): string {
  return `SMSTO:${plainNumber(number)}${message === '' ? '' : `:${message}`}`;
}
