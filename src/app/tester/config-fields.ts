// A JSON object of a parameter file with typed access to its fields, and words for the keys that nothing reads.
import { SealedError } from '../../base/errors.ts';

/** The error for a parameter file that cannot be used. */
export function invalidConfig(message: string): SealedError {
  return new SealedError('invalid-argument', message, { stage: 'input' });
}

/** A JSON object with typed access to its fields. */
export class Fields {
  readonly #values: Readonly<Record<string, unknown>>;
  /** What the object is called in messages. */
  readonly where: string;

  /** @throws SealedError `invalid-argument` where `value` is no object */
  constructor(value: unknown, where: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw invalidConfig(`${where} must be an object.`);
    this.#values = value as Record<string, unknown>;
    this.where = where;
  }

  get keys(): string[] {
    return Object.keys(this.#values);
  }

  has(name: string): boolean {
    return this.#get(name) !== undefined;
  }

  text(name: string): string | undefined {
    const value = this.#get(name);
    if (value === undefined || typeof value === 'string') return value;
    throw invalidConfig(`"${name}" of ${this.where} must be a string.`);
  }

  whole(name: string): number | undefined {
    const value = this.#get(name);
    if (value === undefined || (Number.isInteger(value) && (value as number) >= 0))
      return value as number | undefined;
    throw invalidConfig(`"${name}" of ${this.where} must be a whole number.`);
  }

  required(name: string): number {
    const value = this.whole(name);
    if (value === undefined) throw invalidConfig(`"${name}" of ${this.where} is missing.`);
    return value;
  }

  wholes(name: string): number[] | undefined {
    const value = this.#get(name);
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || !value.every((x) => Number.isInteger(x) && (x as number) >= 0)) {
      throw invalidConfig(`"${name}" of ${this.where} must be a list of whole numbers.`);
    }
    return value as number[];
  }

  /** Two numbers, the lesser first; undefined where it is not there. */
  range(name: string): readonly [number, number] | undefined {
    const value = this.#get(name);
    if (value === undefined) return undefined;
    const [low, high] = Array.isArray(value) && value.length === 2 ? (value as unknown[]) : [];
    if (typeof low === 'number' && typeof high === 'number' && low < high) return [low, high];
    throw invalidConfig(`"${name}" of ${this.where} must be two numbers, the lesser first, such as [0, 1].`);
  }

  /** true or false, or PyCrCNN's "y", "yes", "n", "no" and ""; undefined where it is not there. */
  flag(name: string): boolean | undefined {
    const value = this.#get(name);
    if (value === undefined || typeof value === 'boolean') return value;
    if (typeof value === 'string' && /^(y|yes|n|no|)$/i.test(value)) return /^y/i.test(value);
    throw invalidConfig(`"${name}" of ${this.where} must be true or false.`);
  }

  list(name: string): readonly unknown[] {
    const value = this.#get(name) ?? [];
    if (!Array.isArray(value)) throw invalidConfig(`"${name}" of ${this.where} must be a list.`);
    return value;
  }

  #get(name: string): unknown {
    return Object.hasOwn(this.#values, name) ? this.#values[name] : undefined;
  }
}

/** Least number of letters to insert, drop, change or swap with a neighbour to get from `a` to `b` (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = rows[i - 1][j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(change, rows[i - 1][j] + 1, row[j - 1] + 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) row[j] = Math.min(row[j], rows[i - 2][j - 2] + 1);
    }
    rows.push(row);
  }
  return rows[a.length][b.length];
}

// One letter in three may be wrong, whatever the case and the hyphens.
const LETTERS_PER_ERROR = 3;

/** The one of `known` that `key` may have been meant for, if any is near. */
export function nearestKey(key: string, known: readonly string[]): string | undefined {
  const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');
  const given = plain(key.slice(0, 64));
  let best: { name: string; distance: number } | undefined;
  for (const name of known) {
    const distance = editDistance(given, plain(name));
    const most = Math.floor(Math.max(given.length, plain(name).length) / LETTERS_PER_ERROR);
    if (distance <= most && (!best || distance < best.distance)) best = { name, distance };
  }
  return best?.name;
}
