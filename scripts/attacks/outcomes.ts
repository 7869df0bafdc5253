// What `npm run attacks` prints: one line an attack, and whether it ended as it must.

/** How one attack ended. */
export interface Outcome {
  readonly attack: string;
  /** In words for people. */
  readonly found: string;
  /** Whether it is as it must be; undefined where nothing is demanded. */
  readonly isRight: boolean | undefined;
}

/** Prints an outcome as soon as it is there. */
export function print({ attack, found, isRight }: Outcome): void {
  const mark = isRight === undefined ? ' ' : isRight ? '✓' : '✗';
  console.log(`${mark} ${attack.padEnd(44)} ${found}`);
}
