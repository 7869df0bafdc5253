// Which modules of a QR code carry no data: finders, separators, timing, alignment, format and version.

/** Row and column coordinates of the alignment pattern centres of `version` (ISO/IEC 18004:2015, annex E). */
export function alignmentCentres(version: number): number[] {
  if (version === 1) return [];
  const count = Math.floor(version / 7) + 2;
  const last = 4 * version + 10;
  // Evenly spaced from the far end in even steps; version 32 is the one exception of annex E.
  const step = version === 32 ? 26 : Math.ceil((last - 6) / (count - 1) / 2) * 2;
  const centres = [6];
  for (let i = count - 2; i >= 0; i--) centres.push(last - i * step);
  return centres;
}

/**
 * The map of function modules of `version` (1..40): modules² bytes, row-major, 1 = finder, separator, timing,
 * alignment, format or version information, or the dark module (ISO/IEC 18004:2015, clause 6.3).
 */
export function functionModules(version: number): Uint8Array {
  const modules = 17 + 4 * version;
  const map = new Uint8Array(modules * modules);
  const mark = (top: number, left: number, height: number, width: number): void => {
    for (let y = top; y < top + height; y++) map.fill(1, y * modules + left, y * modules + left + width);
  };
  // Finder, separator and format information together fill these corners; the dark module is in the lower left.
  mark(0, 0, 9, 9);
  mark(0, modules - 8, 9, 8);
  mark(modules - 8, 0, 8, 9);
  mark(6, 0, 1, modules);
  mark(0, 6, modules, 1);
  const centres = alignmentCentres(version);
  const far = centres.at(-1);
  for (const row of centres) {
    for (const column of centres) {
      const underFinder =
        (row === 6 && column === 6) || (row === 6 && column === far) || (row === far && column === 6);
      if (!underFinder) mark(row - 2, column - 2, 5, 5);
    }
  }
  if (version >= 7) {
    mark(0, modules - 11, 6, 3);
    mark(modules - 11, 0, 3, 6);
  }
  return map;
}
