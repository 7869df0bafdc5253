// What a code can say: one form for each kind of content, turned into the text that phones understand.
import { buildContact } from './payload/contact.ts';
import type { ContactPayload } from './payload/contact.ts';
import { buildEvent } from './payload/event.ts';
import type { EventPayload } from './payload/event.ts';
import { invalidPayload } from './payload/invalid.ts';
import { buildMail, buildPhone, buildSms } from './payload/message.ts';
import type { MailPayload, PhonePayload, SmsPayload } from './payload/message.ts';
import { buildGeo } from './payload/place.ts';
import type { GeoPayload } from './payload/place.ts';
import { buildText, buildUrl } from './payload/text.ts';
import type { TextPayload, UrlPayload } from './payload/text.ts';
import { buildWifi } from './payload/wifi.ts';
import type { WifiPayload } from './payload/wifi.ts';

/** A filled-in form, told apart by `kind`. */
export type Payload =
  | TextPayload
  | UrlPayload
  | WifiPayload
  | ContactPayload
  | MailPayload
  | PhonePayload
  | SmsPayload
  | GeoPayload
  | EventPayload;

/** The text to encode. Throws `invalid-argument`, naming the field at fault and what it should look like. */
export function buildPayload(payload: Payload): string {
  for (const [name, value] of Object.entries(payload)) {
    if (typeof value === 'string' && !value.isWellFormed()) {
      throw invalidPayload(
        `The field "${name}" holds half of a surrogate pair, which no reader could return. Type it again.`,
      );
    }
  }
  switch (payload.kind) {
    case 'text':
      return buildText(payload);
    case 'url':
      return buildUrl(payload);
    case 'wifi':
      return buildWifi(payload);
    case 'contact':
      return buildContact(payload);
    case 'mail':
      return buildMail(payload);
    case 'phone':
      return buildPhone(payload);
    case 'sms':
      return buildSms(payload);
    case 'geo':
      return buildGeo(payload);
    case 'event':
      return buildEvent(payload);
  }
}
