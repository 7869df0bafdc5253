// The attacker whole: what its service saw, what was published, and what it makes of them.
import type { QrCode } from '../../src/qr/matrix.ts';
import { drawPlain } from '../../src/qr/raster.ts';
import type { Scanners } from '../../src/qr/scan.ts';
import { decodeCiphertexts } from '../../src/protocol/frame.ts';
import type { PatchLayout } from '../../src/plan/layout.ts';
import type { SeenRun } from './hostile-service.ts';
import type { KeyReader, Publication, PublicStyle } from './key-reader.ts';
import { ResidueRing } from './residue-ring.ts';
import { solveTernary, type TernaryGuess } from './ternary-solver.ts';

/** What the attacker believes the key to be, and the ring that it is in. */
export interface Recovery extends TernaryGuess {
  readonly ring: ResidueRing;
}

/** Guesses the key that is in all of `publications`. */
export async function recoverKey(
  reader: KeyReader,
  publications: readonly Publication[],
  drawn: PublicStyle,
): Promise<Recovery> {
  const ring = await ResidueRing.create(publications[0].run.parameters);
  const measurements = await reader.measure(publications, drawn);
  return { ...solveTernary(measurements, ring.embedding), ring };
}

/** The text that a request to the service holds, if the key opens it: the modules as they were encrypted, scanned. */
export async function readRequest(
  { coefficients, ring }: Recovery,
  { request, segment, parameters }: SeenRun,
  scanners: Scanners,
): Promise<string | null> {
  const { taps, shape } = segment.input.layout as PatchLayout;
  // The tap that reads a module itself, not one of its neighbours, is the code as it is.
  const centre = taps.findIndex(({ dy, dx }) => dy === 0 && dx === 0);
  const [{ ciphertext }] = decodeCiphertexts(request[centre], parameters);
  const modules = shape[1];
  const slots = ring.decrypt(ciphertext, coefficients);
  const dark = Uint8Array.from(slots.subarray(0, modules ** 2), (value) => Number(value > 0.5));
  // All that drawing looks at.
  const code = { modules, dark } as QrCode;
  return scanners.zxing(drawPlain(code, 8, 36));
}
