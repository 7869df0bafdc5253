// PyCrCNN's notebook, step for step: layers that one builds and calls on encrypted pictures: node examples/layers.ts [FOLDER]
// FOLDER holds PyCrCNN's model files and a picture, as NumPy arrays.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  conv2d,
  type EncryptedTensor,
  type LayerList,
  openSession,
  readInputs,
  readModel,
} from 'sealed-qr/engine';

/** What the walk has decrypted: the model's layer, counted as in its file, and its values in C order. */
export interface Decrypted {
  readonly model: string;
  readonly layer: number;
  readonly values: Float32Array;
}

/** A tensor in one line. */
function described({ shape, level, scale, noiseBound, bytes }: EncryptedTensor): string {
  const noise = noiseBound === undefined ? 'fresh' : `off by less than ${noiseBound.toPrecision(1)}`;
  const kilobytes = (bytes / 1e3).toFixed(0);
  return `${shape.join('×')} at level ${level}, scale 2^${Math.log2(scale).toFixed(0)}, ${noise}, ${kilobytes} kB`;
}

/** Calls every layer of `layers` on `picture`, one after the other. */
async function callAll(
  layers: LayerList,
  picture: Float32Array,
  print: (line: string) => void,
): Promise<{ values: Float32Array; evaluateMs: number }> {
  let value = await layers.encrypt(picture);
  print(`  encrypted  ${described(value)}`);
  let evaluateMs = 0;
  for (const layer of layers) {
    value = await layer(value);
    if (layer.type !== 'Flatten') evaluateMs += value.evaluateMs;
    print(`  ${layer.type.padEnd(10)} ${described(value)}`);
  }
  return { values: await layers.decrypt(value), evaluateMs };
}

/** The walk. `folder` is where the files are; what is decrypted on the way is given back. */
export async function walk(folder: string, print: (line: string) => void): Promise<Decrypted[]> {
  const decrypted: Decrypted[] = [];
  const name = 'local_execution_model.pt';
  const file = await readFile(join(folder, name));
  const model = readModel(file, { name, inputShape: [1, 28, 28] });
  const [picture] = readInputs(model, 'input.npy', await readFile(join(folder, 'input_image_dim1.npy')));
  const session = openSession();
  try {
    print('1. One layer, built by hand from its weights, and called on a ciphertext.');
    const [first] = model.graph.nodes;
    if (first.op !== 'conv2d') throw new Error('The model begins with a convolution.');
    const one = session.encode([conv2d({ weights: first.weight, bias: first.bias, stride: 1, padding: 0 })], {
      inputShape: [1, 28, 28],
    });
    const { values } = await callAll(one, picture, print);
    decrypted.push({ model: name, layer: 0, values });

    print('2. The layers of the file, in order; the first four of them.');
    const four = session.fromPytorch(file, { name, inputShape: [1, 28, 28] }).slice(0, 4);
    const byHand = await callAll(four, picture, print);
    decrypted.push({ model: name, layer: 3, values: byHand.values });

    print('3. The same four, compiled as one plan.');
    const planned = await four.run([picture]);
    decrypted.push({ model: name, layer: 3, values: Float32Array.from(planned.outputs[0]) });
    print(`  layer by layer ${byHand.evaluateMs.toFixed(0)} ms`);
    print(`  as one plan    ${planned.timings.evaluateMs.toFixed(0)} ms`);

    print('4. A square and a pool, and a refresh before the next three layers.');
    const squares = 'SimpleModelApprox_Minimal.pt';
    const colour = readModel(await readFile(join(folder, squares)), { inputShape: [3, 32, 32] });
    const noise = await readFile(join(folder, 'rand_1x3x32x32_seed0.npy'));
    const [pixels] = readInputs(colour, 'input.npy', noise);
    const refreshed = session
      .fromPytorch(await readFile(join(folder, squares)), { inputShape: [3, 32, 32], refresh: [2] })
      .slice(0, 6);
    const after = await callAll(refreshed, pixels, print);
    decrypted.push({ model: squares, layer: 4, values: after.values });

    print('5. A batch: pictures that share their ciphertexts.');
    const batch = await four.run([picture, picture, picture, picture]);
    decrypted.push(
      ...batch.outputs.map((output) => ({ model: name, layer: 3, values: Float32Array.from(output) })),
    );
    print(`  four pictures in ${batch.timings.evaluateMs.toFixed(0)} ms`);
  } finally {
    session.close();
  }
  return decrypted;
}

if (import.meta.main) {
  await walk(process.argv[2] ?? '../shared/data/pycrcnn', (line) => console.log(line));
}
