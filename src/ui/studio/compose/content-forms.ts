// The forms for what a code can say: which fields each kind has, and how they become a payload.
import type { Payload } from '../../../qr/payload.ts';
import { parseInstant } from '../../../qr/payload/instant.ts';

/** What a form holds: the text of each field by name; a ticked box is `yes`. */
export type FieldValues = Readonly<Record<string, string>>;

/** One field of a form. */
export interface FieldSpec {
  readonly name: string;
  readonly label: string;
  readonly type:
    'text' | 'url' | 'email' | 'tel' | 'secret' | 'decimal' | 'datetime-local' | 'area' | 'choice' | 'box';
  readonly placeholder?: string;
  /** For `choice`: value and name of each. */
  readonly options?: readonly (readonly [value: string, name: string])[];
  /** Takes half of the form's width. */
  readonly half?: boolean;
  readonly initial?: string;
}

/** One kind of content. */
export interface ContentForm {
  readonly kind: Payload['kind'];
  readonly name: string;
  readonly fields: readonly FieldSpec[];
  readonly toPayload: (values: FieldValues) => Payload;
}

const text = (name: string, label: string, more: Partial<FieldSpec> = {}): FieldSpec => ({
  name,
  label,
  type: 'text',
  ...more,
});

const get = (values: FieldValues, name: string): string => values[name] ?? '';

/** A decimal number, with a comma or a point. `Number` alone takes more: an empty field for the equator, 0x10 for 16. */
function degrees(value: string): number {
  const plain = value.trim().replace(',', '.').replace('\u2212', '-').replace(/\s*°$/, '');
  return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(plain) ? Number(plain) : NaN;
}

function securityOf(value: string): 'WPA' | 'WEP' | 'nopass' {
  return value === 'WEP' || value === 'nopass' ? value : 'WPA';
}

const wifi: ContentForm = {
  kind: 'wifi',
  name: 'Wi-Fi',
  fields: [
    text('ssid', 'Network name', { placeholder: 'Cabin' }),
    text('password', 'Password', { type: 'secret' }),
    text('security', 'Security', {
      type: 'choice',
      half: true,
      initial: 'WPA',
      options: [
        ['WPA', 'WPA, any'],
        ['WEP', 'WEP'],
        ['nopass', 'None'],
      ],
    }),
    text('hidden', 'Hidden network', { type: 'box', half: true }),
  ],
  toPayload: (values) => ({
    kind: 'wifi',
    ssid: get(values, 'ssid'),
    password: get(values, 'password'),
    security: securityOf(get(values, 'security')),
    hidden: get(values, 'hidden') === 'yes',
  }),
};

const contact: ContentForm = {
  kind: 'contact',
  name: 'Contact',
  fields: [
    text('firstName', 'First name', { half: true }),
    text('lastName', 'Last name', { half: true }),
    text('organisation', 'Company', { half: true }),
    text('title', 'Role', { half: true }),
    text('phone', 'Phone', { type: 'tel', half: true }),
    text('email', 'Mail', { type: 'email', half: true }),
    text('url', 'Web page', { type: 'url' }),
    text('street', 'Street'),
    text('postalCode', 'Postcode', { half: true }),
    text('city', 'City', { half: true }),
    text('country', 'Country', { half: true }),
    text('note', 'Note', { half: true }),
  ],
  toPayload: (values) => ({ kind: 'contact', ...values }),
};

const event: ContentForm = {
  kind: 'event',
  name: 'Event',
  fields: [
    text('title', 'Title'),
    text('start', 'Begins', { type: 'datetime-local', half: true }),
    text('end', 'Ends (optional)', { type: 'datetime-local', half: true }),
    text('location', 'Place'),
    text('description', 'Description', { type: 'area' }),
  ],
  toPayload: (values) => ({
    kind: 'event',
    title: get(values, 'title'),
    start: parseInstant(get(values, 'start')),
    end: get(values, 'end') === '' ? undefined : parseInstant(get(values, 'end')),
    location: get(values, 'location'),
    description: get(values, 'description'),
  }),
};

/** All kinds, in the order in which they are offered. */
export const CONTENT_FORMS: readonly ContentForm[] = [
  {
    kind: 'url',
    name: 'Link',
    fields: [text('url', 'Web address', { type: 'url', initial: 'https://example.org/letter' })],
    toPayload: (values) => ({ kind: 'url', url: get(values, 'url') }),
  },
  wifi,
  {
    kind: 'text',
    name: 'Text',
    fields: [text('text', 'Text', { type: 'area', placeholder: 'Anything, emoji too' })],
    toPayload: (values) => ({ kind: 'text', text: get(values, 'text') }),
  },
  contact,
  {
    kind: 'mail',
    name: 'Mail',
    fields: [
      text('to', 'Mail address', { type: 'email', placeholder: 'name@example.org' }),
      text('subject', 'Subject'),
      text('body', 'Message', { type: 'area' }),
    ],
    toPayload: (values) => ({
      kind: 'mail',
      to: get(values, 'to'),
      subject: get(values, 'subject'),
      body: get(values, 'body'),
    }),
  },
  {
    kind: 'phone',
    name: 'Call',
    fields: [text('number', 'Number', { type: 'tel', placeholder: '+44 20 7946 0000' })],
    toPayload: (values) => ({ kind: 'phone', number: get(values, 'number') }),
  },
  {
    kind: 'sms',
    name: 'SMS',
    fields: [
      text('number', 'Number', { type: 'tel', placeholder: '+44 20 7946 0000' }),
      text('message', 'Message', { type: 'area' }),
    ],
    toPayload: (values) => ({
      kind: 'sms',
      number: get(values, 'number'),
      message: get(values, 'message'),
    }),
  },
  {
    kind: 'geo',
    name: 'Place',
    fields: [
      text('latitude', 'Latitude', { type: 'decimal', half: true, placeholder: '46.5475' }),
      text('longitude', 'Longitude', { type: 'decimal', half: true, placeholder: '7.9851' }),
    ],
    toPayload: (values) => ({
      kind: 'geo',
      latitude: degrees(get(values, 'latitude')),
      longitude: degrees(get(values, 'longitude')),
    }),
  },
  event,
];
