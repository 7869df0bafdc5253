// The codecs that others are built of: numbers, texts, arrays, and ways to join them.
import type { ByteReader, ByteWriter } from './bytes.ts';
import { atField, type Codec, malformed, unencodable } from './codec.ts';
import { atOnce, type Steps } from './controls.ts';

function integer(
  minBytes: number,
  low: number,
  high: number,
  write: (writer: ByteWriter, value: number) => void,
  read: (reader: ByteReader) => number,
): Codec<number> {
  const isIn = (value: number): boolean => Number.isInteger(value) && value >= low && value <= high;
  const words = (value: number): string => `${value} is not a whole number from ${low} to ${high}.`;
  return {
    minBytes,
    write(writer, value) {
      if (!isIn(value)) throw unencodable(words(value));
      // −0 becomes 0.
      write(writer, value + 0);
    },
    read(reader) {
      const value = read(reader);
      if (!isIn(value)) throw malformed(words(value));
      return value;
    },
  };
}

/** A whole number from `low` (0 unless given) to `high`, at most 255, in one byte. */
export function byteUpTo(high: number, low = 0): Codec<number> {
  return integer(
    1,
    low,
    high,
    (writer, value) => writer.u8(value),
    (reader) => reader.u8(),
  );
}

/** A whole number from `low` (0 unless given) to `high`, at most 2^32 − 1, in four bytes. */
export function wordUpTo(high: number, low = 0): Codec<number> {
  return integer(
    4,
    low,
    high,
    (writer, value) => writer.u32(value),
    (reader) => reader.u32(),
  );
}

/** 0 to 255 */
export const u8 = byteUpTo(255);

/** 0 to 2^32 − 1 */
export const u32 = wordUpTo(2 ** 32 - 1);

/** −2^31 to 2^31 − 1 */
export const i32 = integer(
  4,
  -(2 ** 31),
  2 ** 31 - 1,
  (writer, value) => writer.i32(value),
  (reader) => reader.i32(),
);

function double(isAllowed: (value: number) => boolean, words: string): Codec<number> {
  return {
    minBytes: 8,
    write(writer, value) {
      if (!isAllowed(value)) throw unencodable(`${value} is not ${words}.`);
      writer.f64(value + 0);
    },
    read(reader) {
      const value = reader.f64();
      // −0 and 0 are one value, so only one of them is read.
      if (!isAllowed(value) || Object.is(value, -0)) throw malformed(`${value} is not ${words}.`);
      return value;
    },
  };
}

/** A finite number in double precision; −0 is written as 0. */
export const finite = double(Number.isFinite, 'a finite number');

/** A number in double precision that may be infinite, but is not NaN; −0 is written as 0. */
export const extended = double((value) => !Number.isNaN(value), 'a number');

/** True or false, in one byte. */
export const bool: Codec<boolean> = {
  minBytes: 1,
  write: (writer, value) => void writer.u8(value ? 1 : 0),
  read(reader) {
    const value = reader.u8();
    if (value > 1) throw malformed('A flag is neither 0 nor 1.');
    return value === 1;
  },
};

// Without `ignoreBOM` a leading U+FEFF would be dropped, and two texts have one value.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A text of at most `mostBytes` bytes in UTF-8. */
export function text(mostBytes: number): Codec<string> {
  return {
    minBytes: 4,
    write(writer, value) {
      if (!value.isWellFormed()) throw unencodable('The text has half of a surrogate pair.');
      const bytes = new TextEncoder().encode(value);
      if (bytes.length > mostBytes) throw unencodable(`The text is longer than ${mostBytes} bytes.`);
      writer.u32(bytes.length).bytes(bytes);
    },
    read(reader) {
      const length = reader.u32();
      if (length > mostBytes) throw malformed(`The text is longer than ${mostBytes} bytes.`);
      const bytes = reader.bytes(length);
      try {
        return utf8.decode(bytes);
      } catch {
        throw malformed('The text is not valid UTF-8.');
      }
    },
  };
}

/** One of `names`, by number: the names' numbers stand in the format, and never change. */
export function nameOf<T extends string>(names: Readonly<Record<T, number>>): Codec<T> {
  const byNumber = new Map(Object.entries<number>(names).map(([name, number]) => [number, name as T]));
  return {
    minBytes: 1,
    write: (writer, value) => void u8.write(writer, names[value]),
    read(reader) {
      const number = reader.u8();
      const name = byNumber.get(number);
      if (name === undefined) throw malformed(`There is no kind ${number}.`);
      return name;
    },
  };
}

function writeItems<T>(writer: ByteWriter, item: Codec<T>, values: readonly T[]): void {
  values.forEach((value, index) => {
    try {
      item.write(writer, value);
    } catch (error) {
      throw atField(error, `[${index}]`);
    }
  });
}

/** Small items between two steps. */
const ITEMS_PER_STEP = 256;

function* readItems<T>(reader: ByteReader, item: Codec<T>, count: number): Steps<T[]> {
  const values: T[] = [];
  for (let index = 0; index < count; index += 1) {
    try {
      values.push(item.readSteps ? yield* item.readSteps(reader) : item.read(reader));
    } catch (error) {
      throw atField(error, `[${index}]`);
    }
    if (index % ITEMS_PER_STEP === ITEMS_PER_STEP - 1) yield;
  }
  return values;
}

/** How a codec reads that has others inside: in steps where one of them does. */
function reading<T>(
  inside: readonly Codec<never>[],
  readSteps: (reader: ByteReader) => Steps<T>,
  read: (reader: ByteReader) => T,
): Pick<Codec<T>, 'read' | 'readSteps'> {
  return inside.some((codec) => codec.readSteps !== undefined)
    ? { read: (reader) => atOnce(readSteps(reader)), readSteps }
    : { read };
}

/** Checks a count before anything is made for it. */
function readCount(reader: ByteReader, most: number, minBytes: number): number {
  const count = reader.u32();
  if (count > most) throw malformed(`${count} entries are more than ${most}.`);
  if (count * minBytes > reader.remaining) {
    throw malformed(`Truncated: ${count} entries do not fit in the ${reader.remaining} bytes left.`);
  }
  return count;
}

/** `least` (0 unless given) to `most` values of one type. Each takes a byte at least. */
export function list<T>(item: Codec<T>, most: number, least = 0): Codec<readonly T[]> {
  const readSteps = function* (reader: ByteReader): Steps<readonly T[]> {
    const count = readCount(reader, most, Math.max(1, item.minBytes));
    if (count < least) throw malformed(`${count} entries are fewer than ${least}.`);
    return yield* readItems(reader, item, count);
  };
  return {
    minBytes: 4 + least * item.minBytes,
    write(writer, values) {
      if (values.length > most) throw unencodable(`${values.length} entries are more than ${most}.`);
      if (values.length < least) throw unencodable(`${values.length} entries are fewer than ${least}.`);
      writer.u32(values.length);
      writeItems(writer, item, values);
    },
    read: (reader) => atOnce(readSteps(reader)),
    readSteps,
  };
}

/** A tuple of one type, whose length stands in the format and not in the bytes. */
export function tuple<const Length extends 2 | 3 | 4>(
  item: Codec<number>,
  length: Length,
): Codec<Tuples[Length]> {
  return {
    minBytes: length * item.minBytes,
    write(writer, values) {
      if (values.length !== length) throw unencodable(`${values.length} entries are not ${length}.`);
      writeItems(writer, item, values);
    },
    read: (reader) => atOnce(readItems(reader, item, length)) as unknown as Tuples[Length],
  };
}

interface Tuples {
  readonly 2: readonly [number, number];
  readonly 3: readonly [number, number, number];
  readonly 4: readonly [number, number, number, number];
}

/** A codec for each property of `T`. */
export type Fields<T> = { readonly [K in keyof T]-?: Codec<T[K]> };

/** An object with the properties of `fields`, written one after the other in the order in which they stand there. */
export function record<T extends object>(fields: Fields<T>): Codec<T> {
  const entries = Object.entries(fields) as [keyof T & string, Codec<T[keyof T & string]>][];
  const read = (reader: ByteReader): T => {
    const value: Partial<T> = {};
    for (const [name, codec] of entries) {
      try {
        const field = codec.read(reader);
        if (field !== undefined || codec.isOmitted !== true) value[name] = field;
      } catch (error) {
        throw atField(error, name);
      }
    }
    return value as T;
  };
  // The same with steps inside; small records, of which there are very many, do without.
  const readSteps = function* (reader: ByteReader): Steps<T> {
    const value: Partial<T> = {};
    for (const [name, codec] of entries) {
      try {
        const field = codec.readSteps ? yield* codec.readSteps(reader) : codec.read(reader);
        if (field !== undefined || codec.isOmitted !== true) value[name] = field;
      } catch (error) {
        throw atField(error, name);
      }
    }
    return value as T;
  };
  return {
    minBytes: entries.reduce((sum, [, { minBytes }]) => sum + minBytes, 0),
    write(writer, value) {
      for (const [name, codec] of entries) {
        try {
          codec.write(writer, value[name]);
        } catch (error) {
          throw atField(error, name);
        }
      }
    },
    ...reading(
      entries.map(([, codec]) => codec as Codec<never>),
      readSteps,
      read,
    ),
  };
}

/** A value, or undefined where there is none. */
export function optional<T>(codec: Codec<T>): Codec<T | undefined> {
  return {
    minBytes: 1,
    write(writer, value) {
      bool.write(writer, value !== undefined);
      if (value !== undefined) codec.write(writer, value);
    },
    ...reading(
      [codec as Codec<never>],
      function* (reader) {
        return bool.read(reader) ? yield* codec.readSteps!(reader) : undefined;
      },
      (reader) => (bool.read(reader) ? codec.read(reader) : undefined),
    ),
  };
}

/** A property that is there or not, and says no more: for {@link omittable}. */
export const present: Codec<true> = {
  minBytes: 0,
  write: () => undefined,
  read: () => true,
};

/** A property that may be missing. */
export function omittable<T>(codec: Codec<T>): Codec<T | undefined> {
  return { ...optional(codec), isOmitted: true };
}

/** The rest of each case of a tagged union, with the number that stands for it in the format and never changes. */
export type Cases<T, Key extends keyof T> = {
  readonly [Name in T[Key] & string]: readonly [
    number: number,
    rest: Codec<Omit<Extract<T, Readonly<Record<Key, Name>>>, Key>>,
  ];
};

/** A union told apart by the property `key`. A case without a codec does not compile. */
export function union<T extends object, Key extends keyof T & string>(
  key: Key,
  cases: Cases<T, Key>,
): Codec<T> {
  const entries = Object.entries<readonly [number, Codec<object>]>(cases);
  const tag = nameOf(Object.fromEntries(entries.map(([name, [number]]) => [name, number])));
  const codecs = new Map(entries.map(([name, [, codec]]) => [name, codec]));
  return {
    minBytes: 1 + Math.min(...entries.map(([, [, { minBytes }]]) => minBytes)),
    write(writer, value) {
      const name = value[key] as string;
      tag.write(writer, name);
      codecs.get(name)!.write(writer, value);
    },
    ...reading(
      [...codecs.values()] as Codec<never>[],
      function* (reader) {
        const name = tag.read(reader);
        const codec = codecs.get(name)!;
        const rest = codec.readSteps ? yield* codec.readSteps(reader) : codec.read(reader);
        return { [key]: name, ...rest } as T;
      },
      (reader) => {
        const name = tag.read(reader);
        return { [key]: name, ...codecs.get(name)!.read(reader) } as T;
      },
    ),
  };
}

/** Values that are stored as others: `store` for writing, `restore` for reading, which may refuse. */
export function mapped<T, Stored>(
  stored: Codec<Stored>,
  store: (value: T) => Stored,
  restore: (stored: Stored) => T,
): Codec<T> {
  return {
    minBytes: stored.minBytes,
    write: (writer, value) => stored.write(writer, store(value)),
    ...reading(
      [stored as Codec<never>],
      function* (reader) {
        return restore(yield* stored.readSteps!(reader));
      },
      (reader) => restore(stored.read(reader)),
    ),
  };
}

/** `codec` behind four letters and a format number, so that other bytes and other formats are told so. */
export function format<T>(letters: string, number: number, what: string, codec: Codec<T>): Codec<T> {
  const magic = new TextEncoder().encode(letters);
  const readHead = (reader: ByteReader): void => {
    const found = reader.bytes(magic.length);
    if (!magic.every((letter, index) => found[index] === letter)) throw malformed(`This is not ${what}.`);
    const version = reader.u8();
    if (version !== number) {
      throw malformed(`This is ${what} of format ${version}; only format ${number} can be read.`);
    }
  };
  return {
    minBytes: magic.length + 1 + codec.minBytes,
    write(writer, value) {
      writer.bytes(magic).u8(number);
      codec.write(writer, value);
    },
    ...reading(
      [codec as Codec<never>],
      function* (reader) {
        readHead(reader);
        return yield* codec.readSteps!(reader);
      },
      (reader) => {
        readHead(reader);
        return codec.read(reader);
      },
    ),
  };
}
