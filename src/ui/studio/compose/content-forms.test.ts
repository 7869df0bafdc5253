// The forms of the page write what the command line writes for the same fields: both come to `buildPayload`.
import { describe, expect, it } from 'vitest';
import { buildPayload } from '../../../qr/payload.ts';
import { readPayload } from '../../../qr/payload/fields.ts';
import { CONTENT_FORMS, type FieldValues } from './content-forms.ts';

/** Fields as the page holds them and, where they differ, as a program writes them. */
const CASES: readonly [kind: string, typed: FieldValues, written?: Record<string, unknown>][] = [
  ['url', { url: '“a.org”' }],
  ['wifi', { ssid: 'a', password: '12345', security: 'WEP', hidden: 'yes' }, { hidden: true }],
  ['text', { text: ' x ' }],
  ['contact', { firstName: 'Ada', phone: '+49 (0)30 123456', url: 'a.org/x;y', email: '<a@x.org>' }],
  ['mail', { to: 'mailto:a@x.org', subject: 'Tea', body: 'one\ntwo' }],
  ['phone', { number: '*100#' }],
  ['sms', { number: '+49 (0)30 123456', message: 'hi' }],
  ['geo', { latitude: '−52,5°', longitude: ' 13.4 ' }, { latitude: -52.5, longitude: 13.4 }],
  [
    'event',
    { title: 'Tea', start: '2026-01-31T17:45', end: '2026-01-31T17:45', location: 'x', description: 'y' },
  ],
];

describe('a form of the page', () => {
  it.each(CASES)('writes what the command line writes: %s', (kind, typed, written) => {
    const form = CONTENT_FORMS.find((candidate) => candidate.kind === kind)!;
    const text = buildPayload(form.toPayload(typed));
    expect(text).toBe(buildPayload(readPayload({ kind, ...typed, ...written })));
    expect(text.length).toBeGreaterThan(2);
  });

  it('is there for every kind, and only those', () => {
    expect(CONTENT_FORMS.map(({ kind }) => kind).toSorted()).toEqual(CASES.map(([kind]) => kind).toSorted());
  });

  it('has the fields that its kind of payload has', () => {
    for (const { kind, fields } of CONTENT_FORMS) {
      // What is wrong is said of a field's content, so a name that were unknown would come first.
      for (const { name } of fields) {
        expect(() => readPayload({ kind, [name]: undefined })).not.toThrow(/no field/);
      }
    }
  });
});
