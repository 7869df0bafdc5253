// Writes the rounds of BLAKE2b (RFC 7693, section 3) as AssemblyScript: three hashes side by side in one loop.
//
// A hash is a chain of additions, rotations and exclusive ors, too long for one to keep a core busy. So two run in the
// lanes of vectors and a third in scalar registers. What limits them is the number of instructions: the rounds of the three
// are written out, since half of the message is zeros there, which need no addition, and three of the first four G are the
// same for all outputs of one root. A hash alone takes its rounds from a loop over an ordered message.

const SIGMA: readonly (readonly number[])[] = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
  [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
  [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
  [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
  [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
  [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
  [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
  [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
  [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
];
const ROUNDS = 12;
// The words that each G mixes: columns, then diagonals.
const COLUMNS = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
] as const;
const DIAGONALS = [
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
] as const;

/** How a stream of hashes is written: the names of its words, and its operations on them. */
interface Stream {
  readonly name: string;
  readonly add: (a: string, b: string) => string;
  readonly xor: (a: string, b: string) => string;
  readonly rotate: (x: string, bits: number) => string;
  /** Word `offset` / 8 of the message at `at`. */
  readonly message: (at: string, offset: number) => string;
}

const scalar: Stream = {
  name: 's',
  add: (a, b) => `${a} + ${b}`,
  xor: (a, b) => `${a} ^ ${b}`,
  rotate: (x, bits) => `rotr<u64>(${x}, ${bits})`,
  message: (at, offset) => `load<u64>(${at}, ${offset})`,
};
const vector: Stream = {
  name: 'v',
  add: (a, b) => `i64x2.add(${a}, ${b})`,
  xor: (a, b) => `v128.xor(${a}, ${b})`,
  rotate: (x, bits) => {
    if (bits === 32) return `rotate32(${x})`;
    return bits === 63 ? `rotate63(${x})` : `i8x16.swizzle(${x}, bytes${bits})`;
  },
  message: (at, offset) => `v128.load_splat<u64>(${at}, ${offset})`,
};

/** The statements of G number `i` of a round (RFC 7693, section 3.1). @param message its two words; '' for a zero */
function mixing({ name, add, xor, rotate }: Stream, i: number, message: readonly string[]): string[] {
  const [a, b, c, d] = [...COLUMNS, ...DIAGONALS][i].map((word) => `${name}${word}`);
  return (
    [
      [32, 24],
      [16, 63],
    ] as const
  ).flatMap(([first, second], part) => [
    `${a} = ${add(message[part] === '' ? a : add(a, message[part]), b)};`,
    `${d} = ${rotate(xor(d, a), first)};`,
    `${c} = ${add(c, d)};`,
    `${b} = ${rotate(xor(b, c), second)};`,
  ]);
}

const indented = (lines: readonly string[]): string => lines.map((line) => `  ${line}\n`).join('');

/** A loop over all rounds of one hash, two at a time; its message lies in order at `at`. */
function loop(stream: Stream): string {
  const lines = Array.from({ length: 16 }, (_, i) =>
    mixing(
      stream,
      i % 8,
      [16 * i, 16 * i + 8].map((offset) => stream.message('at', offset)),
    ),
  ).flat();
  return `  for (let at = table; at < table + ${128 * ROUNDS}; at += 256) {\n${indented(lines)}  }\n`;
}

/** G number `i` of `round` on the eight words at `root`. */
function rootMixing(stream: Stream, round: number, i: number): string[] {
  const words = SIGMA[round % SIGMA.length].slice(2 * i, 2 * i + 2);
  return mixing(
    stream,
    i,
    words.map((word) => (word < 8 ? stream.message('root', 8 * word) : '')),
  );
}

// The one of the first round's columns in which outputs differ: that of word 1.
const OWN = 1;

/** All rounds of the three outputs, one statement of each stream in turn, but for what {@link blakeSource}'s `begin` does. */
function unrolled(): string {
  const lines = Array.from({ length: ROUNDS }, (_, r) =>
    Array.from({ length: 8 }, (__, i) => i)
      .filter((i) => r > 0 || i >= COLUMNS.length || i === OWN)
      .flatMap((i) => {
        const [two, one] = [rootMixing(vector, r, i), rootMixing(scalar, r, i)];
        return two.flatMap((line, at) => [line, one[at]]);
      }),
  ).flat();
  return indented(lines);
}

const words = Array.from({ length: 8 }, (_, i) => i);
const all = (line: (i: number) => string): string => indented(words.map(line));
const every = (line: (i: number) => string): string =>
  indented([...words, ...words.map((i) => 8 + i)].map(line));

/** The module's text: what it exports is told in assembly/blake2x.ts, which uses it. */
export function blakeSource(): string {
  const schedule = Array.from({ length: ROUNDS }, (_, r) => SIGMA[r % SIGMA.length])
    .flat()
    .map((word, i) => `  store<u64>(table, load<u64>(block, ${8 * word}), ${8 * i});\n`);
  const turned = (turn: number): string =>
    Array.from({ length: 16 }, (_, i) => (i & 8) + ((i + turn) & 7)).join(', ');
  const inline = (name: string, value: string): string =>
    `// @ts-ignore: decorator\n@inline\nfunction ${name}(x: v128): v128 {\n  return ${value};\n}\n`;
  return [
    '// Written by wasm/blake-source.ts.\n',
    inline('rotate32', `v128.shuffle<u8>(x, x, ${turned(4)})`),
    inline('rotate63', 'v128.or(i64x2.add(x, x), i64x2.shr_u(x, 63))'),
    // In memory: engines put a constant together anew wherever it is used.
    `const BYTES24 = <u32>memory.data<u8>([${turned(3)}], 16);\n`,
    `const BYTES16 = <u32>memory.data<u8>([${turned(2)}], 16);\n`,
    `export function schedule(block: u32, table: u32): void {\n${schedule.join('')}}\n`,
    'export function compress(state: u32, below: u32, table: u32): void {\n',
    all((i) => `let s${i} = load<u64>(state, ${8 * i});`),
    all((i) => `let s${8 + i} = load<u64>(below, ${8 * i});`),
    loop(scalar),
    all((i) => `store<u64>(state, load<u64>(state, ${8 * i}) ^ s${i} ^ s${8 + i}, ${8 * i});`),
    '}\n',
    'export function begin(state: u32, below: u32, root: u32, begun: u32): void {\n',
    all((i) => `let s${i} = load<u64>(state, ${8 * i});`),
    all((i) => `let s${8 + i} = load<u64>(below, ${8 * i});`),
    indented([0, 2, 3].flatMap((i) => rootMixing(scalar, 0, i))),
    every((i) => `store<u64>(begun, s${i}, ${8 * i});`),
    '}\n',
    'export function compress3(state: u32, begun: u32, index: u64, root: u32, out: u32): void {\n',
    '  const bytes24 = v128.load(BYTES24);\n',
    '  const bytes16 = v128.load(BYTES16);\n',
    '  const b = load<u64>(state, 8) ^ (index + 2);\n',
    '  const a = i64x2.replace_lane(i64x2.splat(load<u64>(state, 8) ^ index), 1, load<u64>(state, 8) ^ (index + 1));\n',
    every((i) => `let v${i} = ${i === OWN ? 'a' : `v128.load_splat<u64>(begun, ${8 * i})`};`),
    every((i) => `let s${i} = ${i === OWN ? 'b' : `load<u64>(begun, ${8 * i})`};`),
    unrolled(),
    all((i) => {
      const before = i === OWN ? 'a' : `v128.load_splat<u64>(state, ${8 * i})`;
      return `v${i} = v128.xor(v128.xor(v${i}, v${8 + i}), ${before});`;
    }),
    all((i) => {
      const before = i === OWN ? 'b' : `load<u64>(state, ${8 * i})`;
      return `store<u64>(out, s${i} ^ s${8 + i} ^ ${before}, ${128 + 8 * i});`;
    }),
    all((i) =>
      i % 2 === 1
        ? `v128.store(out, v128.shuffle<u64>(v${i - 1}, v${i}, 1, 3), ${64 + 8 * (i - 1)});`
        : `v128.store(out, v128.shuffle<u64>(v${i}, v${i + 1}, 0, 2), ${8 * i});`,
    ),
    '}\n',
  ].join('');
}
