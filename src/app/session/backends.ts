// What runs a plan: the service's backends on ciphertexts, or the simulation on plaintext slots.
import { SERVER_BACKENDS } from '../../protocol/backends.ts';

/** The SIMD kernel or SEAL on ciphertexts, or the simulation. */
export const BACKENDS = [...SERVER_BACKENDS, 'clear'] as const;

/** One of {@link BACKENDS}. */
export type BackendName = (typeof BACKENDS)[number];
