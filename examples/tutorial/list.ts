// Further steps of the walk "An encrypted network": a list of layers with a square, a pool and a refresh, called one by one
// and as one plan.
import {
  avgPool2d,
  conv2d,
  flatten,
  type LayerDescription,
  linear,
  openSession,
  refresh,
  square,
} from 'sealed-qr/engine';

// Weights that need no file: a wave.
const wave = (...shape: number[]) => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i * i) / 4),
});
const picture = wave(1, 12, 12).data;

const list: LayerDescription[] = [
  conv2d({ weights: wave(2, 1, 3, 3), padding: 1 }),
  square(),
  avgPool2d({ kernel: 2 }),
  refresh(),
  flatten(),
  linear({ weights: wave(4, 72) }),
];

const session = openSession();
try {
  const layers = session.encode(list, { inputShape: [1, 12, 12] });
  let value = await layers.encrypt(picture);
  let evaluateMs = 0;
  console.log(`${'input'.padEnd(12)} level ${value.level}`);
  for (const layer of layers) {
    value = await layer(value);
    if (layer.type !== 'Flatten') evaluateMs += value.evaluateMs;
    console.log(`${layer.type.padEnd(12)} level ${value.level}, shape ${value.shape.join('×')}`);
  }
  const byHand = await layers.decrypt(value);
  console.log(
    `layer by layer: ${[...byHand].map((x) => x.toFixed(3)).join(' ')} in ${evaluateMs.toFixed(0)} ms`,
  );

  const { outputs, timings, bytes } = await layers.run([picture]);
  const [planned] = outputs;
  console.log(
    `as one plan:    ${planned.map((x) => x.toFixed(3)).join(' ')} in ${timings.evaluateMs.toFixed(0)} ms`,
  );
  console.log(`the refresh took ${bytes.rounds} bytes, both ways`);
} finally {
  session.close();
}
