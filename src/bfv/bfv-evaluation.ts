// SEAL in BFV for the parameter tester: context, keys, encoding, and the layers on ciphertexts.
import { SealedError } from '../base/errors.ts';
import { maxLogQP } from '../params/security.ts';
import { readIntegerBlob, writeIntegerBlob } from '../seal/blob.ts';
import { filled } from '../seal/context.ts';
import type { SealModule } from '../seal/load.ts';
import type { BfvSet } from './bfv-test.ts';
import type { LayerStep, Places } from './bfv-layout.ts';

type Ciphertext = InstanceType<SealModule['Ciphertext']>;
type Plaintext = InstanceType<SealModule['Plaintext']>;

/** SEAL's name of a security level. @throws SealedError `invalid-argument` */
function levelOf(seal: SealModule, sec: number) {
  const { tc128, tc192, tc256 } = seal.SecLevelType;
  const level = [tc128, tc192, tc256].find(({ value }) => value === sec);
  if (level) return level;
  throw new SealedError('invalid-argument', `sec = ${sec} is none of 128, 192 and 256.`, { stage: 'input' });
}

/**
 * Bits of each prime for degree `m` at `sec` bits of security; the last is for key switching. SEAL's own defaults, and at 128
 * bits as much less as the stricter table asks for (params/security.ts).
 */
export function primeBits(seal: SealModule, m: number, sec: number): number[] {
  using modulus = seal.CoeffModulus.BFVDefault(m, levelOf(seal, sec));
  const bits = Array.from({ length: modulus.size() }, (_, i) => {
    using prime = modulus.get(i)!;
    return prime.bitCount();
  });
  const most = sec === 128 ? (maxLogQP(m) ?? 0) : Infinity;
  for (let over = bits.reduce((a, b) => a + b, 0) - most; over > 0; over -= 1) {
    bits[bits.indexOf(Math.max(...bits))] -= 1;
  }
  return bits;
}

/** One set's context, its keys and what works on ciphertexts. Values are whole numbers modulo p, centred. */
export class BfvEvaluation implements Disposable {
  readonly batching: boolean;
  readonly keyBytes: number;
  /** Bytes of a ciphertext of two polynomials in memory. */
  readonly ciphertextBytes: number;
  readonly #seal: SealModule;
  readonly #p: bigint;
  readonly #degree: number;
  readonly #context: InstanceType<SealModule['SEALContext']>;
  readonly #evaluator: InstanceType<SealModule['Evaluator']>;
  readonly #encryptor: InstanceType<SealModule['Encryptor']>;
  readonly #decryptor: InstanceType<SealModule['Decryptor']>;
  readonly #encoder: InstanceType<SealModule['BatchEncoder']> | undefined;
  readonly #relinKeys: InstanceType<SealModule['RelinKeys']> | undefined;

  /** @param square whether ciphertexts will be squared. @throws SealedError `insecure-parameters` where SEAL refuses */
  constructor(seal: SealModule, { m, p, sec }: BfvSet, batching: boolean, square: boolean) {
    this.#seal = seal;
    this.#p = BigInt(p);
    this.#degree = m;
    this.batching = batching;
    using literal = new seal.EncryptionParameters(seal.SchemeType.bfv);
    literal.setPolyModulusDegree(m);
    using modulus = seal.CoeffModulus.Create(m, Int32Array.from(primeBits(seal, m, sec)));
    literal.setCoeffModulus(modulus);
    using plain = new seal.Modulus(this.#p);
    literal.setPlainModulus(plain);
    this.#context = new seal.SEALContext(literal, true, levelOf(seal, sec));
    if (!this.#context.parametersSet()) {
      this.#context.delete();
      const message = `SEAL refuses p = ${p} with m = ${m}: p must be smaller than the coefficient modulus.`;
      throw new SealedError('insecure-parameters', message, { stage: 'input' });
    }
    this.#evaluator = new seal.Evaluator(this.#context);
    using generator = new seal.KeyGenerator(this.#context);
    using secret = generator.secretKey();
    using publicKey = generator.createPublicKey();
    this.#encryptor = new seal.Encryptor(this.#context, publicKey, secret);
    this.#decryptor = new seal.Decryptor(this.#context, secret);
    this.#encoder = batching ? new seal.BatchEncoder(this.#context) : undefined;
    // With one prime there is no key switching: squares keep a third polynomial, which decrypts as well.
    this.#relinKeys = square && this.#context.usingKeyswitching() ? generator.createRelinKeys() : undefined;
    const none = seal.ComprModeType.none;
    this.keyBytes = (this.#relinKeys?.saveToArray(none) as Uint8Array | undefined)?.length ?? 0;
    using zero = this.encrypt([0]);
    this.ciphertextBytes = (zero.saveToArray(none) as Uint8Array).length;
  }

  /** A plaintext with `values` in its first places. The caller disposes it. */
  #encode(values: readonly number[]): Plaintext {
    return filled(new this.#seal.Plaintext(), (plain) => {
      if (this.#encoder) {
        const slots = new BigInt64Array(this.#degree);
        values.forEach((value, i) => (slots[i] = BigInt(value)));
        this.#encoder.encode(slots, plain);
      } else this.#load(plain, values);
    });
  }

  #load(plain: Plaintext, values: readonly number[]): void {
    const residues = BigUint64Array.from(values, (value) => ((BigInt(value) % this.#p) + this.#p) % this.#p);
    plain.loadFromArray(this.#context, writeIntegerBlob(residues));
  }

  /** `values` in the first places of a new ciphertext, under the secret key: less noise than under the public one. */
  encrypt(values: readonly number[]): Ciphertext {
    using plain = this.#encode(values);
    return filled(new this.#seal.Ciphertext(), (cipher) => this.#encryptor.encryptSymmetric(plain, cipher));
  }

  /** The first `count` places. Wrong where the noise budget is 0. */
  decrypt(cipher: Ciphertext, count: number): number[] {
    using plain = new this.#seal.Plaintext();
    this.#decryptor.decrypt(cipher, plain);
    if (this.#encoder)
      return Array.from((this.#encoder.decodeBigInt64(plain) as BigInt64Array).subarray(0, count), Number);
    const residues = readIntegerBlob(plain.saveToArray(this.#seal.ComprModeType.none) as Uint8Array);
    return Array.from({ length: count }, (_, i) => {
      const residue = residues[i] ?? 0n;
      return Number(2n * residue > this.#p ? residue - this.#p : residue);
    });
  }

  /** Bits of noise that still fit. */
  budget(cipher: Ciphertext): number {
    return this.#decryptor.invariantNoiseBudget(cipher);
  }

  /** Bytes of a fresh ciphertext as it would be sent, its second polynomial as a seed. */
  requestBytes(): number {
    using plain = this.#encode([0]);
    using cipher = this.#encryptor.encryptSymmetricSerializable(plain);
    return (cipher.saveToArray(this.#seal.ComprModeType.none) as Uint8Array).length;
  }

  /** The ciphertexts of `step` made from those before it, which stay the caller's. */
  run(step: LayerStep, before: readonly Ciphertext[], weightScale: number, scale: number): Ciphertext[] {
    const scalars = new Map<number, Plaintext>();
    const done: Ciphertext[] = [];
    try {
      for (const { terms, bias, places } of step.ciphertexts) {
        if (step.kind === 'sums') {
          const weights = terms.map(({ weight }) => Math.round(weight * (step.weighted ? weightScale : 1)));
          const sources = terms.map(({ from }) => before[from]);
          done.push(this.#sum(sources, weights, scalars));
          this.#add(done.at(-1), Math.round(bias * scale), places);
        } else done.push(this.#alone(before[terms[0].from], step.kind === 'squares'));
      }
      return done;
    } catch (error) {
      for (const cipher of done) cipher.delete();
      throw error;
    } finally {
      for (const scalar of scalars.values()) scalar.delete();
    }
  }

  #sum(sources: readonly Ciphertext[], weights: readonly number[], scalars: Map<number, Plaintext>) {
    let sum: Ciphertext | undefined;
    using product = new this.#seal.Ciphertext();
    sources.forEach((source, i) => {
      const factor = Math.abs(weights[i]);
      if (factor === 0) return;
      // SEAL multiplies by a single coefficient as it stands, p − w for −w, which would cost log2(p) bits of noise.
      if (factor > 1) this.#evaluator.multiplyPlain(source, this.#scalar(factor, scalars), product);
      const part = factor > 1 ? product : source;
      if (!sum) {
        sum = part.copy();
        if (weights[i] < 0) this.#evaluator.negateInplace(sum);
      } else if (weights[i] > 0) this.#evaluator.addInplace(sum, part);
      else this.#evaluator.subInplace(sum, part);
    });
    return sum ?? this.encrypt([0]);
  }

  /** A constant polynomial: the same number in every coefficient's product and in every slot. */
  #scalar(factor: number, scalars: Map<number, Plaintext>): Plaintext {
    const known = scalars.get(factor);
    if (known) return known;
    const scalar = filled(new this.#seal.Plaintext(), (plain) => this.#load(plain, [factor]));
    scalars.set(factor, scalar);
    return scalar;
  }

  #add(cipher: Ciphertext, bias: number, places: Places): void {
    if (bias === 0) return;
    // Padding stays zero.
    using plain = this.#encode(Array.from(places, (element) => (element < 0 ? 0 : bias)));
    this.#evaluator.addPlainInplace(cipher, plain);
  }

  #alone(source: Ciphertext, square: boolean): Ciphertext {
    return filled(source.copy(), (cipher) => {
      if (!square) return;
      this.#evaluator.squareInplace(cipher);
      if (this.#relinKeys) this.#evaluator.relinearizeInplace(cipher, this.#relinKeys);
    });
  }

  [Symbol.dispose](): void {
    this.#relinKeys?.delete();
    this.#encoder?.delete();
    this.#decryptor.delete();
    this.#encryptor.delete();
    this.#evaluator.delete();
    this.#context.delete();
  }
}
