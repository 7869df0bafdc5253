// The first steps of the walk "An encrypted network": a picture becomes a ciphertext, and one layer works on it.
import { readFile } from 'node:fs/promises';
import { conv2d, openSession, readInputs, readModel } from 'sealed-qr/engine';

const model = readModel(await readFile('public/models/digits.onnx'));
const npy = await readFile('public/models/digits-input.npy');
const [picture] = readInputs(model, 'digits-input.npy', npy);

// The first layer of the file is a convolution: five kernels of 3 by 3, moved by two pixels each time.
const [first] = model.graph.nodes;
if (first.op !== 'conv2d') throw new Error('This walk is about another network.');

const session = openSession();
try {
  const inputShape = [1, 12, 12];
  const layers = session.encode(
    [conv2d({ weights: first.weight, bias: first.bias, stride: 2, padding: 1 })],
    {
      inputShape,
    },
  );

  const encrypted = await layers.encrypt(picture);
  console.log(`encrypted: ${encrypted.bytes} bytes, level ${encrypted.level}, scale ${encrypted.scale}`);

  const [convolution] = layers;
  const after = await convolution(encrypted);
  console.log(`after the layer: shape ${after.shape.join('×')}, level ${after.level}`);
  console.log(`each number is off by less than ${after.noiseBound?.toExponential(1)}`);

  const values = await layers.decrypt(after);
  console.log(`the first three, decrypted: ${[...values.slice(0, 3)].map((x) => x.toFixed(3)).join(' ')}`);
} finally {
  session.close();
}
