// Where the public harness keeps its files, and how it writes pictures and labels.
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Instance sizes by number, with how many pictures the harness gives to each. */
export const INSTANCES = [
  { name: 'single', pictures: 1 },
  { name: 'small', pictures: 15 },
  { name: 'medium', pictures: 1000 },
  { name: 'large', pictures: 10_000 },
] as const;

/** Values of one picture: 28×28 pixels. */
export const PIXELS = 784;

// What the harness' own network is given: pixels less their mean over MNIST, divided by their deviation.
const [MEAN, DEVIATION] = [0.1307, 0.3081];

/** The files of one instance (harness/params.py): everything that passes between two stages. */
export class InstanceFolders {
  /** Its number, as stages are given it. */
  readonly size: number;
  readonly #io: string;
  readonly #data: string;
  /** Plans and cards: made when the submission is built, before anything is timed. */
  readonly build: string;

  /** @param root the harness' folder @param size 0 to 3 */
  constructor(root: string, size: number) {
    const instance = INSTANCES[size] as (typeof INSTANCES)[number] | undefined;
    if (!instance) throw new RangeError('The instance size is 0, 1, 2 or 3.');
    this.size = size;
    this.#io = join(root, 'io', instance.name);
    this.#data = join(root, 'datasets', instance.name, 'intermediate');
    this.build = join(root, 'submission', 'build', instance.name);
  }

  /** A folder between the stages, made where it is not there. */
  #folder(name: string): string {
    const path = join(this.#io, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  get publicKeys(): string {
    return this.#folder('public_keys');
  }

  get secretKey(): string {
    return this.#folder('secret_key');
  }

  get upload(): string {
    return this.#folder('ciphertexts_upload');
  }

  get download(): string {
    return this.#folder('ciphertexts_download');
  }

  /** Outputs of the network before a label is taken of them: the client's own. */
  get logits(): string {
    return join(this.#folder('intermediate'), 'logits.bin');
  }

  get predictions(): string {
    return join(this.#io, 'encrypted_model_predictions.txt');
  }

  get pixels(): string {
    return join(this.#data, 'test_pixels.txt');
  }

  get labels(): string {
    return join(this.#data, 'test_labels.txt');
  }
}

/** Pictures as the harness writes them, a line of 784 numbers of 0 to 1 each, normalised. @throws TypeError */
export function readPixels(path: string): Float32Array[] {
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  return lines.map((line, i) => {
    const values = Float32Array.from(line.trim().split(/\s+/), Number);
    if (values.length !== PIXELS || values.some(Number.isNaN))
      throw new TypeError(`Line ${i + 1} of ${path} is no picture of ${PIXELS} pixels.`);
    return normalised(values);
  });
}

/** Pixels of 0 to 1 as the networks take them. */
export function normalised(pixels: Float32Array): Float32Array {
  return pixels.map((pixel) => (pixel - MEAN) / DEVIATION);
}

/** The files of a folder in order, by the numbers in their names. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder)
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map((name) => join(folder, name));
}

/** Bytes of all files of a folder, which is what the harness prints of it. */
export function bytesIn(folder: string): number {
  return filesIn(folder).reduce((sum, path) => sum + statSync(path).size, 0);
}
