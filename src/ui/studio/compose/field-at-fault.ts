// Finds the field that an error of the whole form is about, so that the cursor can go there.
import type { SealedError } from '../../../base/errors.ts';
import type { ContentForm, FieldValues } from './content-forms.ts';

/** The share of a label's words that `message` mentions. */
function mentioned(label: string, message: string): number {
  const words = label.toLowerCase().match(/\p{L}+/gu) ?? [];
  return words.filter((word) => message.toLowerCase().includes(word)).length / words.length;
}

/**
 * The name of the field to begin with: the longest where the text is too long; else the one that the message names (as
 * errors of the input stage do); else the first empty one, or the first.
 */
export function fieldAtFault({ fields }: ContentForm, values: FieldValues, error: SealedError): string {
  const typed = fields.filter(({ type }) => type !== 'box' && type !== 'choice');
  const length = (name: string): number => values[name]?.length ?? 0;
  const byLength = typed.toSorted((a, b) => length(b.name) - length(a.name));
  if (error.code === 'payload-too-long') return byLength[0].name;
  const score = (label: string): number => mentioned(label, error.message);
  const byMention = typed.toSorted((a, b) => score(b.label) - score(a.label));
  const named = byMention.find(({ label }) => score(label) > 0);
  return (named ?? typed.find(({ name }) => length(name) === 0) ?? typed[0]).name;
}
