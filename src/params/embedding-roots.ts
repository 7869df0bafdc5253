// The complex roots of unity of CKKS's encoder, float for float those of SEAL (native/src/seal/util/croots.cpp).
import { cos, sin } from '../base/exact-math.ts';

/** cos and then sin of 2πk / 2N for k = 0 … N/4: all others follow by symmetry. */
export function embeddingRoots(polyModulusDegree: number): Float64Array {
  const count = polyModulusDegree / 4 + 1;
  const roots = new Float64Array(2 * count);
  for (let k = 0; k < count; k += 1) {
    // In this order: the product of 2π and k is rounded, then the quotient.
    const angle = (2 * Math.PI * k) / (2 * polyModulusDegree);
    roots[k] = cos(angle);
    roots[count + k] = sin(angle);
  }
  return roots;
}
