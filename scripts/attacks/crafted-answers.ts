// Answers that a hostile service may give: twenty-four made by hand, and as many more as wanted by chance.
import { expanded } from '../../fixtures/client-kernel.ts';
import type { Parameters } from '../../src/params/parameters.ts';
import type { ResidueCiphertext } from '../../src/params/residues.ts';
import {
  decodeAnswer,
  decodeCiphertexts,
  encodeFrame,
  type IndexedCiphertext,
} from '../../src/protocol/frame.ts';
import type { SeenRun } from './hostile-service.ts';
import { carrierOf, keyCarrier } from './key-carrier.ts';

/** What a hostile service has when it answers. */
export interface Honest {
  readonly run: SeenRun;
  /** Of this run: the service's own copies. */
  readonly frames: Uint8Array[];
  /** Of an older run under the same card. */
  readonly older: readonly Uint8Array[];
  readonly random: () => number;
}

/** Makes an answer. */
export type Craft = (honest: Honest) => readonly Uint8Array[];

const itemOf = (frame: Uint8Array, { parameters }: SeenRun): ReturnType<typeof decodeAnswer>[number] =>
  decodeAnswer(frame, parameters)[0];

const frameOf = (item: IndexedCiphertext, parameters: Parameters): Uint8Array =>
  encodeFrame({ kind: 'ciphertexts', items: [item] }, parameters);

/** The answer with its second ciphertext changed. */
function withOne(
  change: (ciphertext: ResidueCiphertext, honest: Honest) => Partial<ResidueCiphertext>,
): Craft {
  return (honest) => {
    const { run, frames } = honest;
    const { index, ciphertext } = itemOf(frames[1], run);
    const changed = { ...ciphertext, ...change(ciphertext, honest) };
    return frames.with(1, frameOf({ index, ciphertext: changed }, run.parameters));
  };
}

const withWords = (change: (words: Uint32Array, p: number, honest: Honest) => void): Craft =>
  withOne(({ words }, honest) => {
    const copy = words.slice();
    change(copy, Number(honest.run.parameters.primes[0]), honest);
    return { words: copy };
  });

const second = (words: Uint32Array): Uint32Array => words.subarray(words.length / 2);

/** What must be accepted: an answer as it is, and one in another order. */
export const HARMLESS: Readonly<Record<string, Craft>> = {
  honest: ({ frames }) => frames,
  'frames in another order': ({ frames }) => frames.toReversed(),
};

/** Twenty-four hostile answers by name. */
export const CRAFTED: Readonly<Record<string, Craft>> = {
  'replay of an older run': ({ older }) => older,
  'mix of two runs': ({ frames, older }) => frames.map((frame, i) => (i % 2 === 0 ? older[i] : frame)),
  'outputs permuted': ({ run, frames }) =>
    frames.map((frame, i) =>
      frameOf({ ...itemOf(frame, run), index: (i + 1) % frames.length }, run.parameters),
    ),
  'one c1 in all': ({ run, frames }) => {
    const first = itemOf(frames[0], run).ciphertext.words;
    return frames.map((frame) => {
      const { index, ciphertext } = itemOf(frame, run);
      const words = ciphertext.words.slice();
      second(words).set(second(first));
      return frameOf({ index, ciphertext: { ...ciphertext, words } }, run.parameters);
    });
  },
  'c1 = 0': withWords((words) => second(words).fill(0)),
  'all zero': withWords((words) => words.fill(0)),
  'all p − 1': withWords((words, p) => words.fill(p - 1)),
  'random residues': withWords((words, p, { random }) => {
    for (const t of words.keys()) words[t] = Math.floor(random() * p);
  }),
  'one bit flipped': ({ frames }) => {
    const frame = frames[1].slice();
    frame[frame.length - 9] ^= 1;
    return frames.with(1, frame);
  },
  'the key in blue': ({ run, frames }) => keyCarrier(carrierOf(4))(frames, run),
  'residue = p': withWords((words, p) => (words[5] = p)),
  'residue 2³² − 1': withWords((words) => (words[words.length - 5] = 0xffffffff)),
  'a level higher': withOne(({ words }) => ({ level: 1, words: new Uint32Array(2 * words.length) })),
  'three polynomials': withOne(({ words }) => ({ size: 3, words: new Uint32Array(1.5 * words.length) })),
  'scale NaN': withOne(() => ({ scale: NaN })),
  'scale 10³⁰⁰': withOne(() => ({ scale: 1e300 })),
  'scale off by 10⁻⁸': withOne(({ scale }) => ({ scale: scale * (1 + 1e-8) })),
  'one missing': ({ frames }) => frames.slice(1),
  'one twice': ({ frames }) => [...frames, frames[0]],
  'index 2³¹': ({ run, frames }) =>
    frames.with(1, frameOf({ ...itemOf(frames[1], run), index: 2 ** 31 }, run.parameters)),
  'one byte less': ({ frames }) => frames.with(1, frames[1].subarray(0, -1)),
  'one byte more': ({ frames }) => frames.with(1, Uint8Array.of(...frames[1], 0)),
  'keys as an answer': ({ run, frames }) => [
    encodeFrame(
      { kind: 'evaluation-keys', keys: { relinearization: undefined, rotations: new Map() } },
      run.parameters,
    ),
    ...frames.slice(1),
  ],
  'the request as an answer': ({ run, frames }) => {
    const [{ ciphertext }] = decodeCiphertexts(run.request[0], run.parameters);
    const { words, level } = expanded(ciphertext, run.parameters);
    const degree = run.parameters.polyModulusDegree;
    const lowest = new Uint32Array(2 * degree);
    lowest.set(words.subarray(0, degree));
    lowest.set(words.subarray((level + 1) * degree, (level + 2) * degree), degree);
    const { scale } = run.segment.output;
    return frames.with(
      0,
      frameOf({ index: 0, ciphertext: { size: 2, level: 0, scale, words: lowest } }, run.parameters),
    );
  },
};

const below = (random: () => number, count: number): number => Math.floor(random() * count);

/** One frame, or several, as changed by `change`. */
const withSome =
  (change: (frame: Uint8Array, honest: Honest, index: number) => Uint8Array): Craft =>
  (honest) => {
    const { frames, random } = honest;
    const count = random() < 0.5 ? 1 : 1 + below(random, frames.length);
    const from = below(random, frames.length);
    return frames.map((frame, i) =>
      (i - from + frames.length) % frames.length < count ? change(frame, honest, i) : frame,
    );
  };

/** Residues of either polynomial of some ciphertexts, changed one by one. */
const withResidues = (
  share: number,
  change: (residue: number, p: number, random: () => number) => number,
): Craft =>
  withSome((frame, { run, random }) => {
    const { index, ciphertext } = itemOf(frame, run);
    const p = Number(run.parameters.primes[0]);
    const words = ciphertext.words.map((residue) =>
      random() < share ? (change(residue, p, random) + p) % p : residue,
    );
    return frameOf({ index, ciphertext: { ...ciphertext, words } }, run.parameters);
  });

/** Ways to change an answer by chance. */
const MUTATIONS: Readonly<Record<string, Craft>> = {
  'bits flipped': withSome((frame, { random }) => {
    const copy = frame.slice();
    for (let left = 1 + below(random, 16); left > 0; left -= 1) {
      copy[below(random, copy.length)] ^= 1 << below(random, 8);
    }
    return copy;
  }),
  'header changed': withSome((frame, { random }) => {
    const copy = frame.slice();
    copy[below(random, 32)] = below(random, 256);
    return copy;
  }),
  'cut or longer': withSome((frame, { random }) => {
    const length = Math.max(0, frame.length + below(random, 129) - 64);
    const changed = new Uint8Array(length);
    changed.set(frame.subarray(0, length));
    return changed;
  }),
  noise: withSome((frame, { random }) => frame.map(() => below(random, 256))),
  'frames dealt anew': ({ frames, random }) => frames.map(() => frames[below(random, frames.length)]),
  'some of an older run': withSome((_, { older }, i) => older[i]),
  'some residues random': withResidues(0.01, (_, p, random) => below(random, p)),
  'every residue off by a little': withResidues(1, (residue, _, random) => residue + below(random, 3) - 1),
  'a constant added': (honest) => {
    const most = honest.run.segment.output.scale * 2 ** -(2 + below(honest.random, 12));
    const added = Math.round(most * (2 * honest.random() - 1));
    return withSome((frame, { run }) => {
      const { index, ciphertext } = itemOf(frame, run);
      const p = Number(run.parameters.primes[0]);
      const half = ciphertext.words.length / 2;
      const words = ciphertext.words.map((residue, t) => (t < half ? (residue + added + p) % p : residue));
      return frameOf({ index, ciphertext: { ...ciphertext, words } }, run.parameters);
    })(honest);
  },
  'the key, weakly or strongly': ({ run, frames, random }) =>
    keyCarrier({ sigmaLevels: 0.02 * 2 ** below(random, 10), ditherLevels: random() })(frames, run),
};

const MUTATION_NAMES = Object.keys(MUTATIONS);

/** The way number `index` of changing an answer, in turn. */
export function mutated(index: number): { readonly name: string; readonly craft: Craft } {
  const name = MUTATION_NAMES[index % MUTATION_NAMES.length];
  return { name, craft: MUTATIONS[name] };
}
