// Figures of the lab as people read them.

/** 1 × 12 × 12. */
export function formatShape(shape: readonly number[]): string {
  return shape.length === 0 ? '1' : shape.join(' × ');
}

/** 6 202, with thin spaces between thousands. */
export function formatCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+(?!\d))/g, '\u2009');
}

/** 3.2e-5; 0 for none. */
export function formatError(error: number): string {
  if (error === 0) return '0';
  return error.toExponential(1);
}

/** A value of an output, to the digits that matter beside an error. */
export function formatValue(value: number): string {
  const size = Math.abs(value);
  return size >= 1e5 || (size > 0 && size < 1e-3) ? value.toExponential(3) : value.toFixed(4);
}
