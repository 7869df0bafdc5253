// The control: cube roots as each engine computes them.

/** The engine's own. */
export const { cbrt } = Math;
