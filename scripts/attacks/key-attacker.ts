// The attacker whole: what its service saw, what was published, and what it makes of them.
import type { QrCode } from '../../src/qr/matrix.ts';
import { drawPlain } from '../../fixtures/plain-code.ts';
import type { Scanners } from '../../src/qr/scan.ts';
import { expanded } from '../../fixtures/client-kernel.ts';
import { decodeCiphertexts } from '../../src/protocol/frame.ts';
import { eyePart } from '../../src/style/drawing/eyes.ts';
import type { PatchLayout } from '../../src/plan/layout.ts';
import type { SeenRun } from './hostile-service.ts';
import type { PublicStyle } from './drawing.ts';
import type { KeyReader, Publication } from './key-reader.ts';
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
  const { shape, taps, positions, blocks } = segment.input.layout as PatchLayout;
  const modules = shape[1];
  // Eyes are never sent: every code has them.
  const dark = Uint8Array.from({ length: modules ** 2 }, (_, i) =>
    Number(eyePart(i % modules, Math.floor(i / modules), modules) !== 0),
  );
  const [{ dy, dx }] = taps;
  for (let tile = 0; tile < blocks.tiles; tile += 1) {
    const [{ ciphertext }] = decodeCiphertexts(request[tile * taps.length], parameters);
    const slots = ring.decrypt(expanded(ciphertext, parameters), coefficients);
    for (let slot = 0; slot < blocks.tilePositions; slot += 1) {
      const position = tile * blocks.tilePositions + slot;
      const [row, column] = [Math.floor(position / positions[1]) + dy, (position % positions[1]) + dx];
      const isInside = row >= 0 && column >= 0 && row < modules && column < modules;
      if (isInside && slots[slot] > 0.5) dark[row * modules + column] = 1;
    }
  }
  // Modules are all that drawing looks at.
  const code = { modules, dark } as unknown as QrCode;
  return scanners.zxing(drawPlain(code, 8, 36));
}
