// What the code shall say: the chosen form, its fields, and what they come to.
import { asSealedError, type SealedError } from '../../../base/errors.ts';
import { encodeQr, type ErrorCorrectionLevel, type QrCode } from '../../../qr/matrix.ts';
import { buildPayload } from '../../../qr/payload.ts';
import { CONTENT_FORMS, type ContentForm } from '../compose/content-forms.ts';

/** A form's outcome: the text with its QR code, or why there is none. */
type Reading =
  | { readonly text: string; readonly code: QrCode; readonly error?: undefined }
  | { readonly text?: undefined; readonly code?: undefined; readonly error: SealedError };

function blank(form: ContentForm): Record<string, string> {
  return Object.fromEntries(form.fields.map(({ name, initial = '' }) => [name, initial]));
}

/** The content forms' state. */
export class Content {
  kind = $state<ContentForm['kind']>('url');
  ecc = $state<ErrorCorrectionLevel>('M');
  /** Fields by kind: what was typed stays when another kind is looked at. */
  readonly values = $state(Object.fromEntries(CONTENT_FORMS.map((form) => [form.kind, blank(form)])));
  /** Whether this kind's form has been typed into or sent: an empty form is not yet a mistake. */
  readonly touched = $state<Record<string, boolean>>({});

  readonly form = $derived(CONTENT_FORMS.find(({ kind }) => kind === this.kind)!);
  readonly #reading = $derived.by((): Reading => {
    try {
      const text = buildPayload(this.form.toPayload(this.values[this.kind]));
      return { text, code: encodeQr(text, { ecc: this.ecc }) };
    } catch (error) {
      return { error: asSealedError(error, 'input') };
    }
  });

  /** The text that the code holds; undefined while the form is not right. */
  get text(): string | undefined {
    return this.#reading.text;
  }

  get code(): QrCode | undefined {
    return this.#reading.code;
  }

  get error(): SealedError | undefined {
    return this.#reading.error;
  }

  /** The error, once it is time to speak of it; too long is too long at once. */
  get shownError(): SealedError | undefined {
    const isTime = this.touched[this.kind] || this.error?.code === 'payload-too-long';
    return isTime ? this.error : undefined;
  }

  touch(): void {
    this.touched[this.kind] = true;
  }
}
