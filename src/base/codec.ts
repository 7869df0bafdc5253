// Canonical binary codecs: every value has exactly one encoding, and nothing else is read.
import { ByteReader, ByteWriter } from './bytes.ts';
import { atOnce, type Steps } from './controls.ts';
import { SealedError } from './errors.ts';

/**
 * How values of one type are written and read. What `read` accepts, `write` gives back byte for byte; what `write` takes,
 * `read` gives back equal. Make one of the combinators of ./codecs.ts, use it by {@link encode} and {@link decode}.
 */
export interface Codec<T> {
  /** The fewest bytes a value takes: a count that promises more values than there are bytes is refused by it. */
  readonly minBytes: number;
  /** @throws SealedError `invalid-argument` for a value that has no encoding */
  write(writer: ByteWriter, value: T): void;
  /** @throws SealedError `malformed-frame` */
  read(reader: ByteReader): T;
  /** {@link Codec.read} in steps, of a codec whose values may be large. */
  readonly readSteps?: ((reader: ByteReader) => Steps<T>) | undefined;
  /** Whether a record leaves out this property where its value is undefined. */
  readonly isOmitted?: boolean;
}

/** An error with the way to the field it is about, such as `segments[1].input.scale`. */
class FieldError extends SealedError {
  readonly field: string;
  readonly reason: string;

  constructor(error: SealedError, field: string) {
    const [inner, reason] = error instanceof FieldError ? [error.field, error.reason] : ['', error.message];
    const isJoined = field === '' || inner === '' || inner.startsWith('[');
    const path = isJoined ? field + inner : `${field}.${inner}`;
    super(error.code, `${path}: ${reason}`, { stage: 'wire', detail: { field: path }, cause: error.cause });
    this.field = path;
    this.reason = reason;
  }
}

/** `error` as one about `field`, or about a part of it; errors that are not ours stay as they are. */
export function atField(error: unknown, field: string): unknown {
  return error instanceof SealedError ? new FieldError(error, field) : error;
}

/** The error of a reader that met something no writer writes. */
export function malformed(text: string): SealedError {
  return new SealedError('malformed-frame', text, { stage: 'wire' });
}

/** The error of a writer that was given something without an encoding. */
export function unencodable(text: string): SealedError {
  return new SealedError('invalid-argument', text, { stage: 'wire' });
}

/** The bytes of `value`, in a buffer of their own that can be transferred. @throws SealedError `invalid-argument` */
export function encode<T>(codec: Codec<T>, value: T): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter();
  codec.write(writer, value);
  return writer.finish();
}

/** The value in `bytes`, all of which it takes up. It shares no memory with them. @throws SealedError `malformed-frame` */
export function decode<T>(codec: Codec<T>, bytes: Uint8Array): T {
  return atOnce(decodeSteps(codec, bytes));
}

/** {@link decode} in steps. @throws SealedError `malformed-frame` */
export function* decodeSteps<T>(codec: Codec<T>, bytes: Uint8Array): Steps<T> {
  const reader = new ByteReader(bytes);
  const value = codec.readSteps ? yield* codec.readSteps(reader) : codec.read(reader);
  reader.end();
  return value;
}
