// SEAL in BFV for the parameter tester: context, keys, and plaintexts as polynomials of whole numbers modulo p.
import { SealedError } from '../base/errors.ts';
import { maxLogQP } from '../params/security.ts';
import { readIntegerBlob, writeIntegerBlob } from '../seal/blob.ts';
import { filled } from '../seal/context.ts';
import type { SealModule } from '../seal/load.ts';
import type { BfvResult, BfvSet } from './bfv-test.ts';
import { centred } from './digits.ts';

/** A ciphertext of SEAL's; whoever is given one deletes it. */
export type Ciphertext = InstanceType<SealModule['Ciphertext']>;
/** A plaintext of SEAL's; whoever is given one deletes it. */
export type Plaintext = InstanceType<SealModule['Plaintext']>;

/** SEAL's name of a security level. @throws SealedError `invalid-argument` */
function levelOf(seal: SealModule, sec: number) {
  const { tc128, tc192, tc256 } = seal.SecLevelType;
  const level = [tc128, tc192, tc256].find(({ value }) => value === sec);
  if (level) return level;
  throw new SealedError('invalid-argument', `sec = ${sec} is none of 128, 192 and 256.`, { stage: 'input' });
}

/**
 * Bits of each prime for degree `m` at `sec` bits of security; the last of several is for key switching. SEAL's own
 * defaults, and at 128 bits as much less as the stricter table asks for (params/security.ts).
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

/** What a context is made of. */
export interface ContextOptions {
  readonly set: Pick<BfvSet, 'm' | 'p' | 'sec'>;
  /** Whether ciphertexts will be squared: then they are relinearised, where there is a prime for keys. */
  readonly squares: boolean;
  /** SEAL 2's way: no prime is kept for key switching, all are the ciphertexts'. */
  readonly wholeModulus?: boolean;
}

// SEAL 4 always keeps the last of several primes for keys: one more, of no use, gives all others to the ciphertexts.
const UNUSED_PRIME_BITS = 30;

/** One set's context and keys. */
export class BfvContext implements Disposable {
  readonly seal: SealModule;
  readonly degree: number;
  readonly p: number;
  readonly evaluator: InstanceType<SealModule['Evaluator']>;
  readonly relinKeys: InstanceType<SealModule['RelinKeys']> | undefined;
  readonly keyBytes: number;
  readonly primeBits: readonly number[];
  /** Bits of the prime for key switching; 0 where there is none. */
  readonly keyPrimeBits: number;
  readonly handle: InstanceType<SealModule['SEALContext']>;
  /** Bytes of a ciphertext of two polynomials in memory. */
  readonly ciphertextBytes: number;
  /** Numbers that a polynomial of a ciphertext is made of: one for each coefficient and prime. */
  readonly ciphertextResidues: number;
  readonly #encryptor: InstanceType<SealModule['Encryptor']>;
  readonly #decryptor: InstanceType<SealModule['Decryptor']>;

  /** @throws SealedError `insecure-parameters` where SEAL refuses */
  constructor(
    seal: SealModule,
    { set: { m, p, sec }, squares, wholeModulus: asksWhole = false }: ContextOptions,
  ) {
    this.seal = seal;
    this.degree = m;
    this.p = p;
    this.primeBits = primeBits(seal, m, sec);
    const several = this.primeBits.length > 1;
    const isWhole = asksWhole && several;
    using literal = new seal.EncryptionParameters(seal.SchemeType.bfv);
    literal.setPolyModulusDegree(m);
    const made = isWhole ? [...this.primeBits, UNUSED_PRIME_BITS] : this.primeBits;
    using modulus = seal.CoeffModulus.Create(m, Int32Array.from(made));
    literal.setCoeffModulus(modulus);
    using plain = new seal.Modulus(BigInt(p));
    literal.setPlainModulus(plain);
    const level = isWhole ? seal.SecLevelType.none : levelOf(seal, sec);
    this.handle = new seal.SEALContext(literal, true, level);
    if (!this.handle.parametersSet()) {
      this.handle.delete();
      const message = `SEAL refuses p = ${p} with m = ${m}: p must be smaller than the coefficient modulus, and at most 60 bits.`;
      throw new SealedError('insecure-parameters', message, { stage: 'input' });
    }
    this.keyPrimeBits = several && !isWhole ? (this.primeBits.at(-1) ?? 0) : 0;
    this.evaluator = new seal.Evaluator(this.handle);
    using generator = new seal.KeyGenerator(this.handle);
    using secret = generator.secretKey();
    using publicKey = generator.createPublicKey();
    this.#encryptor = new seal.Encryptor(this.handle, publicKey, secret);
    this.#decryptor = new seal.Decryptor(this.handle, secret);
    // Without key switching squares keep a third polynomial, which decrypts as well.
    this.relinKeys = squares && this.keyPrimeBits > 0 ? generator.createRelinKeys() : undefined;
    const none = seal.ComprModeType.none;
    this.keyBytes = (this.relinKeys?.saveToArray(none) as Uint8Array | undefined)?.length ?? 0;
    using zero = this.encryptZero();
    this.ciphertextBytes = this.bytesOf(zero);
    this.ciphertextResidues = m * zero.coeffModulusSize();
  }

  /** The parameters that `set` has come to here, as a result names them. */
  parametersOf({ m, p, sec }: BfvSet): BfvResult['parameters'] {
    return {
      polyModulusDegree: m,
      coeffModulusBits: this.primeBits,
      plainModulus: p,
      securityBits: sec,
      keyPrimeBits: this.keyPrimeBits,
    };
  }

  /** The polynomial with `coefficients`, lowest first, of any sign. The caller deletes it. */
  plain(coefficients: ArrayLike<number>): Plaintext {
    const p = BigInt(this.p);
    const residues = BigUint64Array.from({ length: coefficients.length }, (_, i) => {
      const value = coefficients[i];
      return value === 0 ? 0n : ((BigInt(value) % p) + p) % p;
    });
    return filled(new this.seal.Plaintext(), (plain) =>
      plain.loadFromArray(this.handle, writeIntegerBlob(residues)),
    );
  }

  /** A new ciphertext under the secret key: less noise than under the public one. The caller deletes it. */
  encrypt(plain: Plaintext): Ciphertext {
    return filled(new this.seal.Ciphertext(), (cipher) => this.#encryptor.encryptSymmetric(plain, cipher));
  }

  encryptZero(): Ciphertext {
    using zero = this.plain([0]);
    return this.encrypt(zero);
  }

  /** Wrong where the noise budget is 0. The caller deletes it. */
  decrypt(cipher: Ciphertext): Plaintext {
    return filled(new this.seal.Plaintext(), (plain) => this.#decryptor.decrypt(cipher, plain));
  }

  /** The coefficient at a place of `plain`, from −p/2 to p/2; 0 beyond its degree. */
  coefficientsOf(plain: Plaintext): (place: number) => number {
    const residues = readIntegerBlob(plain.saveToArray(this.seal.ComprModeType.none) as Uint8Array);
    return (place) => centred(Number(residues[place] ?? 0n), this.p);
  }

  /** Bits of noise that still fit. */
  budget(cipher: Ciphertext): number {
    return this.#decryptor.invariantNoiseBudget(cipher);
  }

  /** Squares `cipher` in its place, and relinearises it where there are keys. */
  square(cipher: Ciphertext): void {
    this.evaluator.squareInplace(cipher);
    if (this.relinKeys) this.evaluator.relinearizeInplace(cipher, this.relinKeys);
  }

  /** Brings a plaintext into the form of the ciphertexts of a sum. */
  toNtt(plain: Plaintext): void {
    using first = this.handle.firstParmsId();
    this.evaluator.plainTransformToNttInplace(plain, first);
  }

  bytesOf(cipher: Ciphertext): number {
    return (cipher.saveToArray(this.seal.ComprModeType.none) as Uint8Array).length;
  }

  /** Bytes of a fresh ciphertext as it would be sent, its second polynomial as a seed. */
  requestBytes(): number {
    using plain = this.plain([0]);
    using cipher = this.#encryptor.encryptSymmetricSerializable(plain);
    return (cipher.saveToArray(this.seal.ComprModeType.none) as Uint8Array).length;
  }

  [Symbol.dispose](): void {
    this.relinKeys?.delete();
    this.#decryptor.delete();
    this.#encryptor.delete();
    this.evaluator.delete();
    this.handle.delete();
  }
}
