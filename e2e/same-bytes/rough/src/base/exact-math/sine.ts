// The control: sine and cosine as each engine computes them.

/** The engine's own. */
export const { sin, cos } = Math;
