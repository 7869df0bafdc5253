// Tests of telephone numbers in calls, text messages and contacts.
import { describe, expect, it } from 'vitest';
import { refusal } from '../../../fixtures/refusal.ts';
import { buildPayload } from '../payload.ts';

const tel = (number: string): string => buildPayload({ kind: 'phone', number });
const sms = (number: string, message?: string): string => buildPayload({ kind: 'sms', number, message });

describe('a telephone number', () => {
  it.each([
    ['+49 (0)30 123456', '+4930123456'],
    ['+49(0)30/123456', '+4930123456'],
    ['+49 (0) 30-123456', '+4930123456'],
    ['+49-(0)30-123456', '+4930123456'],
    ['+49.( 0 ).30.123456', '+4930123456'],
    ['+49 [0] 30 123456', '+4930123456'],
    ['(+49) (0)30 123456', '+4930123456'],
    ['0049 (0)30 123456', '004930123456'],
    ['+44 (0)20 7946 0000', '+442079460000'],
    ['+7 (8) 495 1234567', '+74951234567'],
    ['+36 (06) 1 2345678', '+3612345678'],
  ])('loses the trunk prefix in an international number: %s', (typed, number) => {
    expect(tel(typed)).toBe(`tel:${number}`);
    expect(sms(typed, 'hi')).toBe(`SMSTO:${number}:hi`);
  });

  it.each([
    ['(0)30 123456', '030123456'],
    ['030 (0) 123456', '0300123456'],
    ['+49 (30) 123456', '+4930123456'],
    ['+36 (1) 234 5678', '+3612345678'],
    // Italian numbers keep their 0 (since 1998 it is a digit of the number).
    ['+39 (0)6 1234567', '+39061234567'],
    ['+39 06 1234567', '+39061234567'],
  ])('keeps every other bracketed digit: %s', (typed, number) => {
    expect(tel(typed)).toBe(`tel:${number}`);
  });

  it('keeps # out of the fragment in a tel: address, and as it is in SMSTO', () => {
    expect(tel('*100#')).toBe('tel:*100%23');
    expect(new URL(tel('*100#')).hash).toBe('');
    expect(tel('#31#030123')).toBe('tel:%2331%23030123');
    expect(sms('*100#')).toBe('SMSTO:*100#');
  });

  it.each([
    ['\u202d+49 30 123456\u202c', '+4930123456'],
    ['+49\u00a030\u2011123\u2013456', '+4930123456'],
    ['tel:+49-30-123456', '+4930123456'],
    ['TEL:*100%23', '*100%23'],
    ['“112”', '112'],
    ['＋４９　３０　１２３４５６', '+4930123456'],
    ['+٤٩ ٣٠ ١٢٣', '+4930123'],
    ['17', '17'],
  ])('is read as it is pasted: %j', (typed, number) => {
    expect(tel(typed)).toBe(`tel:${number}`);
  });

  it.each([
    '',
    'call me',
    '+',
    '++4930123456',
    '49+30123456',
    '+*100#',
    '+49 30 12#',
    '###',
    '5',
    '+1234567890123456',
    '012345678901234567890',
    'tel:',
    '030 123 or 124',
  ])('is refused: %j', (typed) => {
    expect(refusal(() => tel(typed))).toMatch(/not a telephone number/);
    expect(refusal(() => sms(typed))).toMatch(/not a telephone number/);
  });

  it.each([
    ['+49 (0)30 123456', '+49 30 123456'],
    ['(+49) (0) 30 / 123456', '+49 30 / 123456'],
    ['+44 20 7946 0000', '+44 20 7946 0000'],
    ['030 123456 ext. 7', '030 123456 ext. 7'],
    ['\u202d112\u202c', '112'],
  ])('of a contact keeps its spaces and loses the same: %s', (phone, line) => {
    const card = buildPayload({ kind: 'contact', lastName: 'King', phone });
    expect(card.split('\r\n')).toContain(`TEL:${line}`);
  });

  it('of a contact is refused where it is none', () => {
    const contact = (phone: string) => () => buildPayload({ kind: 'contact', lastName: 'King', phone });
    expect(refusal(contact('ask Bob'))).toMatch(/not a telephone number/);
    expect(refusal(contact('ext. 7'))).toMatch(/not a telephone number/);
  });
});
