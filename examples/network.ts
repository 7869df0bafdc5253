// Runs a trained network on encrypted inputs: node examples/network.ts MODEL INPUT
import { readFile } from 'node:fs/promises';
import { compile, openSession, readInputs, readModel, run } from 'sealed-qr/engine';

const modelPath = process.argv[2] ?? 'public/models/digits.onnx';
const inputPath = process.argv[3] ?? 'public/models/digits-input.npy';

const model = readModel(await readFile(modelPath), { name: modelPath });
const inputs = readInputs(model, inputPath, await readFile(inputPath)).slice(0, 1);

const session = openSession();
try {
  const compiled = await compile(session, model);
  console.log(compiled.plans.join('\n'));
  const report = await run(session, compiled, inputs);
  const [outputs] = report.outputs;
  console.log(`Decrypted outputs: ${outputs.map((value) => value.toFixed(3)).join(' ')}`);
  console.log(`The largest is number ${outputs.indexOf(Math.max(...outputs))}.`);
  console.log(`Largest difference to the float network: ${report.maxAbsError.toExponential(1)}`);
} finally {
  session.close();
}
