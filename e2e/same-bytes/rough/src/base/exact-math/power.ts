// The control: powers as each engine computes them.

/** The engine's own. */
export const { pow } = Math;

/** The engine's own x³. */
export const cube = (x: number): number => x ** 3;
