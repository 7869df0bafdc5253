// How a service computes.

/** The project's SIMD kernel, or SEAL. */
export const SERVER_BACKENDS = ['simd', 'seal'] as const;
/** One of {@link SERVER_BACKENDS}. */
export type ServerBackendName = (typeof SERVER_BACKENDS)[number];
