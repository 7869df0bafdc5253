// The benchmark of the client: node-seal and the client's kernel in turn, with the styles' parameters.
import { ClientKernel } from '../src/client/crypto/client-kernel.ts';
import { type PreparedZero, SecretKey, type Seeded } from '../src/client/crypto/secret-key.ts';
import { MasterSeed, SEED_BYTES } from '../src/client/crypto/seeds.ts';
import { checkParameters } from '../src/params/parameters.ts';
import { SealContext } from '../src/seal/context.ts';
import type { SealModule } from '../src/seal/load.ts';
import { formatMs } from './bench-table.ts';
import { type Case, compare, type Comparison, timePair, WORK_CLOCK, workClock } from './measure.ts';

const PARAMETERS = checkParameters({
  polyModulusDegree: 8192,
  coeffModulusBits: [30, 30, 28, 28, 28, 28, 30],
});
const SCALE = 2 ** 26;
/** One row's words: what the generator makes for N residues. */
const ROW_BYTES = 65536;

/** The whole result, as `--json` prints it. */
export interface ClientBenchReport {
  readonly cases: readonly Case[];
  /** BLAKE2Xb for one row of 65,536 bytes. */
  readonly blakeMedianMs: number;
  readonly blakeLeastMs: number;
  /** Its share of the least time of an encryption from the seed. */
  readonly blakeShare: number;
  readonly clock: typeof WORK_CLOCK;
}

/** The generator's figures in a sentence. */
export function blakeText({ blakeMedianMs, blakeLeastMs, blakeShare }: ClientBenchReport): string {
  return (
    `BLAKE2Xb, 65,536 bytes for a row: ${formatMs(blakeMedianMs)}, least ${formatMs(blakeLeastMs)}; ` +
    `${(100 * blakeShare).toFixed(0)} % of an encryption from the seed.`
  );
}

/** SEAL's objects for one key. */
function sealSide(seal: SealModule, context: SealContext) {
  const generator = new seal.KeyGenerator(context.handle);
  using secret = generator.secretKey();
  using publicKey = generator.createPublicKey();
  return {
    generator,
    encryptor: new seal.Encryptor(context.handle, publicKey, secret),
    decryptor: new seal.Decryptor(context.handle, secret),
  };
}

/** Runs all comparisons: about half a minute for each pair. */
export async function runClientBench(
  { seal, client }: { readonly seal: SealModule; readonly client: WebAssembly.Module },
  { pairs, onCase }: { readonly pairs: number; readonly onCase?: (result: Case) => void },
): Promise<ClientBenchReport> {
  const { maxLevel, slots, polyModulusDegree } = PARAMETERS;
  const values = Float64Array.from({ length: slots }, (_, i) => ((i * 7) % 3) / 2);
  using context = new SealContext(seal, PARAMETERS);
  const { generator, encryptor, decryptor } = sealSide(seal, context);
  const kernel = new ClientKernel(client, PARAMETERS);
  using seeds = new MasterSeed(crypto.getRandomValues(new Uint8Array(SEED_BYTES)));
  using key = new SecretKey(kernel, seeds, 'seeded');
  using full = new SecretKey(kernel, seeds, 'full');

  const answer = { size: 2, level: 0, scale: SCALE, words: full.encrypt(values, SCALE, 0).words };
  // The same bytes under SEAL's other key: it decrypts to noise in the same time.
  using sealAnswer = context.load(answer);
  const sealEncrypt = (): void => {
    using plaintext = new seal.Plaintext();
    using ciphertext = new seal.Ciphertext();
    context.encoder.encode(values, SCALE, plaintext);
    encryptor.encryptSymmetric(plaintext, ciphertext);
  };
  const sealGalois = (): void => generator.createGaloisKeysWithSteps(Int32Array.of(1)).delete();
  // As the client does once a frame is written. SEAL's stay in its own memory.
  const spend = (made: readonly Seeded[]): void => made.forEach(({ words }) => kernel.reuse(words));
  const zeros: PreparedZero[] = [];
  const cut = (levels: number): Comparison => ({
    name: `Galois key, cut to ${levels} levels of ${maxLevel + 1}`,
    polyModulusDegree,
    primes: levels,
    seal: sealGalois,
    simd: () => spend(key.rotationKey(1, levels - 1)),
  });
  const whole = { polyModulusDegree, primes: maxLevel + 1 };
  const comparisons: readonly Comparison[] = [
    {
      ...whole,
      name: 'set-up: context, transforms, encoder',
      seal: () => new SealContext(seal, PARAMETERS)[Symbol.dispose](),
      simd: () => void new ClientKernel(client, PARAMETERS),
    },
    {
      ...whole,
      name: 'encode and encrypt, from the seed',
      seal: sealEncrypt,
      simd: () => spend([key.encrypt(values, SCALE, maxLevel)]),
    },
    {
      ...whole,
      name: 'encode and encrypt, zero made ahead',
      seal: sealEncrypt,
      simd: () => spend([key.encryptWith(zeros.pop()!, values, SCALE)]),
      ready: (calls) => {
        while (zeros.length < calls) zeros.push(key.prepareZero(maxLevel));
      },
    },
    {
      polyModulusDegree,
      primes: 1,
      name: 'decrypt and decode an answer',
      seal: () => {
        using plaintext = new seal.Plaintext();
        decryptor.decrypt(sealAnswer, plaintext);
        context.encoder.decodeFloat64(plaintext);
      },
      simd: () => void key.decrypt(answer),
    },
    {
      ...whole,
      name: 'relinearisation key',
      seal: () => generator.createRelinKeys().delete(),
      simd: () => spend(key.relinearizationKey(maxLevel)),
    },
    cut(5),
    cut(4),
    cut(2),
  ];
  const cases: Case[] = [];
  for (const comparison of comparisons) {
    const result = await compare(comparison, pairs);
    cases.push(result);
    onCase?.(result);
  }

  const [seed, out] = [kernel.allocate(SEED_BYTES), kernel.allocate(ROW_BYTES)];
  const generate = (): void => kernel.raw.stream(seed, 0, ROW_BYTES / 4096, out);
  const [{ medianMs: blakeMedianMs, leastMs }, again] = await timePair(generate, generate, pairs, workClock);
  for (const handle of [generator, encryptor, decryptor]) handle.delete();
  const blakeLeastMs = Math.min(leastMs, again.leastMs);
  // A row for each prime, and the noise: 6 of every 8 bytes of one more.
  const blakeShare = (blakeLeastMs * (maxLevel + 1 + 0.75)) / cases[1].simdLeastMs;
  return { cases, blakeMedianMs, blakeLeastMs, blakeShare, clock: WORK_CLOCK };
}
