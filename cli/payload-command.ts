// `sealed-qr payload`: what the content forms of the page write, without making a picture.
import { SealedError } from '../src/base/errors.ts';
import { ERROR_CORRECTION_LEVELS, type ErrorCorrectionLevel } from '../src/qr/capacity.ts';
import { encodeQr, type QrCode } from '../src/qr/matrix.ts';
import { buildPayload } from '../src/qr/payload.ts';
import { readPayload } from '../src/qr/payload/fields.ts';
import { choice, parseArguments } from './arguments.ts';
import { readStandardInput } from './files.ts';
import { UsageError } from './usage.ts';

const OPTIONS = {
  ecc: { type: 'string', default: 'M' },
  json: { type: 'boolean', default: false },
} as const;

const EXAMPLE = `'{"kind":"phone","number":"+44 20 7946 0000"}'`;

/** The object that `json` describes. What is wrong with it is not repeated: it may be a password. @throws UsageError */
function parseJson(json: string): unknown {
  try {
    // Some shells put a byte order mark before what they pipe.
    return JSON.parse(json.replace(/^\ufeff/, ''));
  } catch {
    throw new UsageError(`The payload is not JSON. It should look like ${EXAMPLE}, in single quotes.`);
  }
}

/** What the form of the page comes to with these fields. @throws UsageError where the form refuses, with its words */
function fillForm(fields: unknown, ecc: ErrorCorrectionLevel): { text: string; code: QrCode } {
  try {
    const text = buildPayload(readPayload(fields));
    return { text, code: encodeQr(text, { ecc }) };
  } catch (error) {
    const refuses = ['invalid-argument', 'payload-too-long'];
    if (error instanceof SealedError && refuses.includes(error.code)) throw new UsageError(error.message);
    throw error;
  }
}

/** Runs the command. @throws UsageError */
export async function runPayload(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArguments(args, OPTIONS);
  const [source, ...more] = positionals;
  if (source === undefined)
    throw new UsageError(`The payload is missing: give JSON such as ${EXAMPLE}, or -.`);
  if (more.length > 0) throw new UsageError('Give one payload; put its JSON in single quotes.');
  const ecc = choice('ecc', values.ecc, ERROR_CORRECTION_LEVELS);
  const fields = parseJson(source === '-' ? await readStandardInput() : source);
  const { text, code } = fillForm(fields, ecc);
  const { version, modes, modules } = code;
  const output = values.json ? JSON.stringify({ text, version, modes, modules, ecc }) : text;
  process.stdout.write(output.endsWith('\n') ? output : `${output}\n`);
}
