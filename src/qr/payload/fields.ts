// Reads a payload out of what a program hands over: every field by name, nothing missing, unknown or of another type.
import type { Payload } from '../payload.ts';
import { parseInstant } from './instant.ts';
import { invalidPayload } from './invalid.ts';

interface FieldType {
  /** What it must be, in words. */
  readonly wanted: string;
  /** The field's value; undefined where `value` is none. */
  readonly read: (value: unknown) => unknown;
  readonly optional: boolean;
}

function field(wanted: string, read: FieldType['read']): FieldType {
  return { wanted, read, optional: false };
}

const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');

const text = field('text in quotes', (value) => (typeof value === 'string' ? value : undefined));
const number = field('a number', (value) => (typeof value === 'number' ? value : undefined));
const truth = field('true or false', (value) => (typeof value === 'boolean' ? value : undefined));
const time = field('a time as ISO 8601 writes it, such as "2026-01-31T17:45:00Z"', (value) => {
  const instant = typeof value === 'string' ? parseInstant(value) : undefined;
  return instant && Number.isNaN(instant.getTime()) ? undefined : instant;
});
const oneOf = (...choices: string[]): FieldType =>
  field(`one of ${quoted(choices)}`, (value) => choices.find((choice) => choice === value));
const optional = (type: FieldType): FieldType => ({ ...type, optional: true });

type FieldsOf<K extends Payload['kind']> = Readonly<
  Record<Exclude<keyof Extract<Payload, { kind: K }>, 'kind'>, FieldType>
>;

const FIELDS: { readonly [K in Payload['kind']]: FieldsOf<K> } = {
  text: { text },
  url: { url: text },
  wifi: {
    ssid: text,
    password: optional(text),
    security: oneOf('WPA', 'WEP', 'nopass'),
    hidden: optional(truth),
  },
  contact: {
    firstName: optional(text),
    lastName: optional(text),
    organisation: optional(text),
    title: optional(text),
    phone: optional(text),
    email: optional(text),
    url: optional(text),
    street: optional(text),
    city: optional(text),
    postalCode: optional(text),
    country: optional(text),
    note: optional(text),
  },
  mail: { to: text, subject: optional(text), body: optional(text) },
  phone: { number: text },
  sms: { number: text, message: optional(text) },
  geo: { latitude: number, longitude: number },
  event: {
    title: text,
    start: time,
    end: optional(time),
    location: optional(text),
    description: optional(text),
  },
};

function isKind(kind: unknown): kind is Payload['kind'] {
  return typeof kind === 'string' && Object.hasOwn(FIELDS, kind);
}

/**
 * The payload that `value`, an object as JSON gives it, describes: `kind`, and the fields of that kind of {@link Payload},
 * times as ISO 8601 text. `null` stands for a field left out. Throws `invalid-argument` that names the kind or the field,
 * never what the field holds.
 */
export function readPayload(value: unknown): Payload {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidPayload('The payload must be an object in braces, such as {"kind":"phone","number":"112"}.');
  }
  const { kind, ...given } = value as Readonly<Record<string, unknown>>;
  if (!isKind(kind)) {
    const fault = kind === undefined ? 'The payload has no "kind".' : 'There is no such "kind" of payload.';
    throw invalidPayload(`${fault} It is one of ${quoted(Object.keys(FIELDS))}.`);
  }
  const fields: Readonly<Record<string, FieldType>> = FIELDS[kind];
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(fields, name));
  if (unknown !== undefined) {
    throw invalidPayload(
      `There is no field ${JSON.stringify(unknown)} in a payload of kind "${kind}". ` +
        `It has ${quoted(Object.keys(fields))}.`,
    );
  }
  const payload: Record<string, unknown> = { kind };
  for (const [name, type] of Object.entries(fields)) {
    const content = given[name] ?? undefined;
    if (content === undefined && !type.optional) {
      throw invalidPayload(`The field "${name}" of a payload of kind "${kind}" is missing.`);
    }
    if (content === undefined) continue;
    payload[name] = type.read(content);
    if (payload[name] === undefined) throw invalidPayload(`The field "${name}" must be ${type.wanted}.`);
  }
  return payload as unknown as Payload;
}
