// The fast backend: the project's own SIMD kernel (wasm/), for primes below 2^30. It loads no SEAL.
import type { Parameters } from '../../../params/parameters.ts';
import { createKernel } from '../../../kernel/kernel.ts';
import type { LinearPart, LinearRunner } from '../../backend.ts';
import { simdRunner } from './simd-linear.ts';
import { type SimdCiphertext, SimdOperations } from './simd-operations.ts';

/** Whether the kernel takes these parameters: every prime below 2^30. */
export function simdTakes(parameters: Parameters): boolean {
  return parameters.primes.every((prime) => prime < 2n ** 30n);
}

/** Evaluates with the SIMD kernel. Keys may be added later; an operation without its key throws `missing-key`. */
export class SimdBackend extends SimdOperations {
  /**
   * A backend on a kernel of its own.
   * @throws SealedError `load-failed` where WebAssembly SIMD is missing, `invalid-argument` for primes it does not take
   */
  static async create(code: BufferSource | WebAssembly.Module, parameters: Parameters): Promise<SimdBackend> {
    const { polyModulusDegree } = parameters;
    const kernel = await createKernel(code, { polyModulusDegree, primes: parameters.primes.map(Number) });
    return new SimdBackend(kernel, parameters);
  }

  linearRunner(part: LinearPart): LinearRunner<SimdCiphertext> {
    return simdRunner(this, part);
  }
}
