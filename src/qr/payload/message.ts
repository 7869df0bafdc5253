// Payloads: mail, phone call and text message.
import { mailAddress } from './mail-address.ts';
import { dialledNumber } from './telephone.ts';

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

/** A `mailto:` address (RFC 6068). Throws `invalid-argument` unless `to` is one mail address. */
export function buildMail({ to, subject, body }: MailPayload): string {
  const encoded = encodeURIComponent(mailAddress(to)).replace('%40', '@');
  const query: string[] = [];
  // A header is one line; a line break would begin another header.
  if (subject) query.push(`subject=${encodeURIComponent(subject.replace(/[\r\n]+/g, ' '))}`);
  // RFC 6068, 5: line breaks are %0D%0A.
  if (body) query.push(`body=${encodeURIComponent(body.replace(/\r\n|\r|\n/g, '\r\n'))}`);
  return `mailto:${encoded}${query.length > 0 ? `?${query.join('&')}` : ''}`;
}

/** A `tel:` address (RFC 3966). A `#` would begin a fragment, so it is encoded (RFC 3986, 2.1). */
export function buildPhone({ number }: PhonePayload): string {
  return `tel:${dialledNumber(number).replaceAll('#', '%23')}`;
}

/** `SMSTO:number:message`, which both families of phones read, unlike `sms:` with a body (RFC 5724). It is no URI. */
export function buildSms({ number, message = '' }: SmsPayload): string {
  return `SMSTO:${dialledNumber(number)}${message === '' ? '' : `:${message}`}`;
}
