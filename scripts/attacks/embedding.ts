// The canonical embedding of CKKS and its adjoint: polynomials of degree below N, and their values at 2N-th roots of unity.

/** Complex numbers, one a slot. */
export interface ComplexSlots {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** Slot j of a polynomial is its value at ζ^(3^j), ζ = exp(iπ/N), as SEAL's CKKS encoder counts them. */
export class Embedding {
  /** N. */
  readonly degree: number;
  /** N/2. */
  readonly slots: number;
  /** For slot j the place k of its root ζ^(2k+1). */
  readonly #places: Int32Array;
  // ζ^n, which are also the roots that the transform of length N needs, every other one.
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;
  readonly #reversed: Int32Array;

  constructor(degree: number) {
    this.degree = degree;
    this.slots = degree / 2;
    this.#places = new Int32Array(this.slots);
    for (let j = 0, exponent = 1; j < this.slots; j += 1, exponent = (exponent * 3) % (2 * degree)) {
      this.#places[j] = (exponent - 1) / 2;
    }
    const angles = Float64Array.from({ length: degree }, (_, n) => (Math.PI * n) / degree);
    this.#cos = angles.map((angle) => Math.cos(angle));
    this.#sin = angles.map((angle) => Math.sin(angle));
    this.#reversed = new Int32Array(degree);
    for (let i = 1; i < degree; i += 1) {
      this.#reversed[i] = (this.#reversed[i >> 1] >> 1) | (i & 1 ? degree >> 1 : 0);
    }
  }

  /** The slots of the real polynomial with these N coefficients. */
  slotsOf(coefficients: ArrayLike<number>): ComplexSlots {
    const { degree } = this;
    const re = new Float64Array(degree);
    const im = new Float64Array(degree);
    for (let n = 0; n < degree; n += 1) {
      re[n] = coefficients[n] * this.#cos[n];
      im[n] = coefficients[n] * this.#sin[n];
    }
    this.#transform(re, im, 1);
    const at = (values: Float64Array): Float64Array =>
      Float64Array.from(this.#places, (place) => values[place]);
    return { re: at(re), im: at(im) };
  }

  /**
   * The adjoint of {@link Embedding.slotsOf} as a real map: Σ re_j · Re ζ_j^n + im_j · Im ζ_j^n for each n. Rows of the map
   * are orthogonal and N/2 long when squared, so 2/N of it takes slots back to their polynomial.
   */
  adjoint({ re, im }: ComplexSlots): Float64Array {
    const { degree } = this;
    const real = new Float64Array(degree);
    const imaginary = new Float64Array(degree);
    for (let j = 0; j < this.slots; j += 1) {
      real[this.#places[j]] = re[j];
      imaginary[this.#places[j]] = im[j];
    }
    this.#transform(real, imaginary, -1);
    return real.map((value, n) => value * this.#cos[n] + imaginary[n] * this.#sin[n]);
  }

  /** Σ_k x_k exp(sign · 2πi·jk/N) in place. */
  #transform(re: Float64Array, im: Float64Array, sign: 1 | -1): void {
    const { degree } = this;
    for (let i = 0; i < degree; i += 1) {
      const j = this.#reversed[i];
      if (j <= i) continue;
      [re[i], re[j]] = [re[j], re[i]];
      [im[i], im[j]] = [im[j], im[i]];
    }
    for (let half = 1; half < degree; half *= 2) {
      const stride = degree / half;
      for (let k = 0; k < half; k += 1) {
        const c = this.#cos[k * stride];
        const s = sign * this.#sin[k * stride];
        for (let a = k; a < degree; a += 2 * half) {
          const b = a + half;
          const x = re[b] * c - im[b] * s;
          const y = re[b] * s + im[b] * c;
          re[b] = re[a] - x;
          im[b] = im[a] - y;
          re[a] += x;
          im[a] += y;
        }
      }
    }
  }
}
