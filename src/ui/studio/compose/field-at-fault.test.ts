// Every mistake a form can hold leads to the field it was made in.
import { describe, expect, it } from 'vitest';
import { asSealedError, SealedError } from '../../../base/errors.ts';
import { buildPayload } from '../../../qr/payload.ts';
import { CONTENT_FORMS, type FieldValues } from './content-forms.ts';
import { fieldAtFault } from './field-at-fault.ts';

function faultOf(kind: string, values: FieldValues): string {
  const form = CONTENT_FORMS.find((candidate) => candidate.kind === kind)!;
  try {
    buildPayload(form.toPayload(values));
  } catch (error) {
    return fieldAtFault(form, values, asSealedError(error));
  }
  throw new Error('This form is right.');
}

describe('the field at fault', () => {
  it.each([
    ['url', {}, 'url'],
    ['url', { url: 'not an address' }, 'url'],
    ['text', {}, 'text'],
    ['wifi', {}, 'ssid'],
    ['wifi', { ssid: 'x'.repeat(33), password: 'long enough' }, 'ssid'],
    ['wifi', { ssid: 'Cabin', password: 'short', security: 'WPA' }, 'password'],
    ['wifi', { ssid: 'Cabin', password: 'kept', security: 'nopass' }, 'password'],
    ['wifi', { ssid: 'Cabin', security: 'WEP' }, 'password'],
    ['wifi', { ssid: 'Cabin', password: 'abc', security: 'WEP' }, 'password'],
    ['contact', {}, 'firstName'],
    ['contact', { firstName: 'Ada', phone: 'ask' }, 'phone'],
    ['contact', { firstName: 'Ada', email: 'a@x.org;b' }, 'email'],
    ['contact', { firstName: 'Ada', url: 'https//a.org' }, 'url'],
    ['contact', { firstName: 'Ada', url: 'C:\\x' }, 'url'],
    ['contact', { firstName: 'Ada', url: 'a@x.org' }, 'url'],
    ['contact', { firstName: 'Ada', url: 'nonsense:x' }, 'url'],
    ['mail', { to: 'nobody', subject: 'x' }, 'to'],
    ['phone', { number: 'x' }, 'number'],
    ['sms', { number: 'x', message: '' }, 'number'],
    ['geo', { latitude: '91', longitude: '0' }, 'latitude'],
    ['geo', { latitude: '46.5' }, 'longitude'],
    ['event', { start: '2026-01-31T17:45' }, 'title'],
    ['geo', { latitude: '0x10', longitude: '0' }, 'latitude'],
    ['event', { title: 'Concert' }, 'start'],
    ['event', { title: 'Concert', start: '12026-01-31T17:45' }, 'start'],
    ['event', { title: 'Concert', start: '2026-01-31T17:45', end: '12026-01-31T17:45' }, 'end'],
  ])('of %s %o is %s', (kind, values, field) => {
    expect(faultOf(kind, values)).toBe(field);
  });

  it('is the longest where the text is too long', () => {
    const form = CONTENT_FORMS.find(({ kind }) => kind === 'mail')!;
    const values = { to: 'a@b', subject: 'short', body: 'x'.repeat(3000) };
    expect(fieldAtFault(form, values, new SealedError('payload-too-long', 'Too long.'))).toBe('body');
  });
});
