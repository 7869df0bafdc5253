// The passive attack on what people may publish: a network's raw outputs, the same outputs in eight bits, a picture.
import { writeOnnx } from '../../fixtures/onnx-writer.ts';
import { seededRandom } from '../../fixtures/styled-codes.ts';
import { runSealed } from '../../src/app/session/run.ts';
import { Session } from '../../src/app/session/session.ts';
import { Stages } from '../../src/app/session/stages.ts';
import { StyleSession } from '../../src/app/style/style-session.ts';
import type { GridLayout, PatchLayout } from '../../src/plan/layout.ts';
import { expanded } from '../../fixtures/client-kernel.ts';
import { decodeCiphertexts } from '../../src/protocol/frame.ts';
import { decodePng } from '../../src/qr/png.ts';
import { exportGeometry } from '../../src/qr/prove.ts';
import { createScanRole } from '../../src/qr/scan-role.ts';
import { MARGIN } from '../../src/style/recipe.ts';
import { styleById } from '../../src/style/styles.ts';
import { scannerFiles } from '../../workers/platform/node-client.ts';
import { loadModel } from '../../workers/platform/node-local-service.ts';
import type { PublicStyle } from './drawing.ts';
import { type HostileWorkers, hostileWorkers, type SeenRun } from './hostile-service.ts';
import { pictureLayout } from './key-carrier.ts';
import { textOf } from './key-recovery.ts';
import type { Outcome } from './outcomes.ts';
import { opened, type PassiveGuess, solvePassively } from './passive.ts';
import { productPublisher, type Publisher } from './publishers.ts';
import { ResidueRing } from './residue-ring.ts';

const SIDE = 64;

/** y = x/2 + 1/4 for each of 4096 values: both ciphertexts of its answer are full. */
function fullNetwork(): Uint8Array {
  return writeOnnx({
    opset: 13,
    input: { name: 'x', dims: [1, 1, SIDE, SIDE] },
    initializers: [
      { name: 'w', dims: [1, 1, 1, 1], data: [0.5] },
      { name: 'b', dims: [1], data: [0.25] },
    ],
    nodes: [
      {
        op: 'Conv',
        inputs: ['x', 'w', 'b'],
        outputs: ['y'],
        attributes: { kernel_shape: [1n, 1n] },
      },
    ],
    output: 'y',
  });
}

/** Slots of ciphertext `index` of a network's answer whose channel is tiled. */
function slotsOf(values: ArrayLike<number>, { segment }: SeenRun) {
  const { tilePositions, slots } = (segment.output.layout as GridLayout).blocks;
  return (index: number): Float64Array =>
    Float64Array.from({ length: slots }, (_, slot) =>
      slot < tilePositions ? values[index * tilePositions + slot] : 0,
    );
}

/** Runs the passive attack on everything, and tells each outcome as it comes. */
export async function attackPassively(tell: (outcome: Outcome) => void): Promise<void> {
  await attackOutputs(tell);
  for (const [name, loader] of [
    ['product', loadModel],
    ['without a reference', undefined],
  ] as const) {
    const hostile = hostileWorkers(createScanRole(scannerFiles()));
    const session = new StyleSession(hostile.workers, loader);
    try {
      await attackPicture(name, hostile, productPublisher(session), tell);
    } finally {
      session.close();
    }
  }
}

/** Two runs of a network under one key: the outputs of one are published, the other's input is the prize. */
async function attackOutputs(tell: (outcome: Outcome) => void): Promise<void> {
  const hostile = hostileWorkers();
  const session = new Session({ workers: hostile.workers, advice: 'Try again.' });
  const random = seededRandom(1);
  const picture = (): Float32Array => Float32Array.from({ length: SIDE ** 2 }, () => random());
  try {
    const model = await session.load({ name: 'full.onnx', bytes: fullNetwork() });
    const card = await session.card(model.id, { kind: 'network', backend: 'simd' });
    const secret = picture();
    await runSealed(session, { card, inputs: [secret] }, new Stages({}));
    const { outputs } = await runSealed(session, { card, inputs: [picture()] }, new Stages({}));
    const [other, run] = hostile.runs;
    const ring = await ResidueRing.create(run.parameters);
    const raw = solvePassively(opened(run, slotsOf(outputs[0], run)), ring);
    const error = raw.key ? largestError(ring, raw.key, other, secret) : Infinity;
    tell({
      attack: 'passive: raw outputs of a network',
      found: `${describe(raw)}${raw.key ? `; another input opened, off by at most ${error.toExponential(1)}` : ''}`,
      isRight: error < 1e-3,
    });
    const bytes = outputs[0].map((value) => Math.round(255 * value) / 255);
    const rounded = solvePassively(opened(run, slotsOf(bytes, run)), ring);
    tell({
      attack: 'passive: the same outputs in 8 bits',
      found: describe(rounded),
      isRight: rounded.key === undefined,
    });
  } finally {
    session.close();
  }
}

/** How far what `key` makes of a request is from what was encrypted in it. */
function largestError(
  ring: ResidueRing,
  key: Int8Array,
  { request, parameters, segment }: SeenRun,
  input: Float32Array,
): number {
  const { tilePositions } = (segment.input.layout as PatchLayout).blocks;
  let largest = 0;
  for (const frame of request) {
    for (const { index, ciphertext } of decodeCiphertexts(frame, parameters)) {
      const slots = ring.decrypt(expanded(ciphertext, parameters), key);
      for (let slot = 0; slot < tilePositions; slot += 1) {
        largest = Math.max(largest, Math.abs(slots[slot] - input[index * tilePositions + slot]));
      }
    }
  }
  return largest;
}

/** A published picture: what its pixels say of the slots, and 0 for slots that no pixel shows. */
async function attackPicture(
  name: string,
  hostile: HostileWorkers,
  publish: Publisher,
  tell: (outcome: Outcome) => void,
): Promise<void> {
  const style = styleById('gradient');
  const drawn: PublicStyle = { style, colours: style.defaultColours, pixelsPerModule: 8, ecc: 'M' };
  const published = decodePng(await publish(textOf(6, 'passive'), drawn));
  const run = hostile.runs.at(-1);
  const { pixelsPerModule: p, modules, perCiphertext, blockSlots } = pictureLayout(run.segment);
  const before = exportGeometry(p).border - MARGIN * p;
  const slots = (index: number): Float64Array => {
    const values = new Float64Array(run.parameters.slots);
    for (let block = 0; block < perCiphertext; block += 1) {
      const channel = index * perCiphertext + block;
      const pixel = channel % p ** 2;
      for (let position = 0; position < modules ** 2; position += 1) {
        const y = Math.floor(position / modules) * p + Math.floor(pixel / p) + before;
        const x = (position % modules) * p + (pixel % p) + before;
        const byte = published.data[3 * (y * published.width + x) + Math.floor(channel / p ** 2)];
        values[block * blockSlots + position] = byte / 255;
      }
    }
    return values;
  };
  const guess = solvePassively(opened(run, slots), await ResidueRing.create(run.parameters));
  tell({
    attack: `passive: a published picture, ${name}`,
    found: describe(guess),
    isRight: guess.key === undefined,
  });
}

function describe({ key, ternary, degree, roundingError }: PassiveGuess): string {
  const found = `${ternary} of ${degree} coefficients are −1, 0 or 1, rounding error ${roundingError.toFixed(2)}`;
  return key ? `key recovered: ${found}` : `no key: ${found}`;
}
