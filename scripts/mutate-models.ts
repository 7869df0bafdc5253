// Damages model files by the thousand and imports them: `node scripts/mutate-models.ts [count] [first seed]`.
import { hasSharedData, readSharedBytes } from '../fixtures/shared-data.ts';
import { mutate, tryImport, writtenOriginals } from '../fixtures/model-mutations.ts';
import type { Original } from '../fixtures/model-mutations.ts';
import { Dice } from '../fixtures/random-onnx.ts';
import { importOnnx } from '../src/import/onnx/import-onnx.ts';
import { importPytorch } from '../src/import/pytorch/import-pytorch.ts';

const onnx = (path: string): Original => ({
  name: path,
  bytes: readSharedBytes(path),
  import: (bytes) => importOnnx(bytes),
});
const torch = (name: string, inputShape: readonly number[]): Original => ({
  name,
  bytes: readSharedBytes(`pycrcnn/${name}`),
  import: (bytes) => importPytorch(bytes, { inputShape }),
});

const originals = writtenOriginals();
if (hasSharedData) {
  originals.push(
    onnx('onnx/mnist.onnx'),
    onnx('onnx-ops/test_PixelShuffle/model.onnx'),
    onnx('onnx-ops/test_Conv2d_strided/model.onnx'),
    torch('local_execution_model.pt', [1, 28, 28]),
    torch('local_execution_model.zip.pt', [1, 28, 28]),
    torch('SimpleModelApprox_Minimal.pt', [3, 32, 32]),
  );
} else {
  console.log('../shared/data is absent: only files written here are damaged.');
}

const count = Number(process.argv[2] ?? 10_000);
const first = Number(process.argv[3] ?? 0);
const outcomes = { refused: 0, imported: 0, executed: 0 };
let slowest = { ms: 0, seed: -1, name: '' };
let largestBytes = 0;
for (let seed = first; seed < first + count; seed++) {
  const dice = new Dice(seed);
  const original = dice.pick(originals);
  const bytes = mutate(original.bytes, dice);
  const start = performance.now();
  try {
    outcomes[tryImport(original, bytes)]++;
  } catch (error) {
    console.error(`seed ${seed}, ${original.name}:`, error);
    process.exitCode = 1;
  }
  const ms = performance.now() - start;
  if (ms > slowest.ms) slowest = { ms, seed, name: original.name };
  largestBytes = Math.max(largestBytes, process.memoryUsage().rss);
}
console.log(`${count} damaged files of ${originals.length}: ${JSON.stringify(outcomes)}`);
console.log(`slowest ${slowest.ms.toFixed(0)} ms (seed ${slowest.seed}, ${slowest.name})`);
console.log(`largest resident memory ${(largestBytes / 2 ** 20).toFixed(0)} MiB`);
