// The client's stages: keys, encryption, decryption. Its secret key passes from stage to stage in a file of its own.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClientKernel } from '../../src/client/crypto/client-kernel.ts';
import { drawSeed } from '../../src/client/crypto/randomness.ts';
import { MasterSeed, type SeedSource, SystemSeed } from '../../src/client/crypto/seeds.ts';
import { FastKeys } from '../../src/client/fast-keys.ts';
import { KeyRing } from '../../src/client/key-ring.ts';
import { OutputCollector } from '../../src/client/output.ts';
import { executeRound } from '../../src/model/rounds.ts';
import { checkParameters } from '../../src/params/parameters.ts';
import { batchOf, packValues } from '../../src/plan/tensor-packing.ts';
import type { Card } from '../../src/protocol/card.ts';
import { encodeFrame } from '../../src/protocol/frame.ts';
import { neededKeys } from '../../src/protocol/needed-keys.ts';
import { clientKernelFile } from '../../workers/platform/node-client.ts';
import { filesIn, type InstanceFolders, readPixels } from './folders.ts';
import { cardOf } from './submission.ts';

// As many keys as come in one file.
const KEYS_A_FILE = 8;
const noPause = (): Promise<void> => Promise.resolve();

/**
 * The seed of a secret key first, which is the same in every stage, and then seeds that no other stage has: two texts under
 * one would give themselves away.
 */
export class StageSeeds implements SeedSource {
  #key: Uint8Array | undefined;
  readonly #fresh = new MasterSeed(drawSeed());

  /** @param key 64 bytes, which become this object's own */
  constructor(key: Uint8Array) {
    this.#key = key;
  }

  next(): SystemSeed {
    if (!this.#key) return this.#fresh.next();
    const seed = new SystemSeed(this.#key);
    this.#key = undefined;
    return seed;
  }
}

/** The secret key of an instance, which its seed is read for, or drawn for the first stage. */
async function keysOf(folders: InstanceFolders, card: Card): Promise<FastKeys> {
  const path = join(folders.secretKey, 'seed');
  if (!existsSync(path)) writeFileSync(path, drawSeed(), { mode: 0o600 });
  const kernel = new ClientKernel(
    await WebAssembly.compile(clientKernelFile()),
    checkParameters(card.parameters),
  );
  return new FastKeys(kernel, new StageSeeds(new Uint8Array(readFileSync(path))));
}

/** Makes a new secret key and all keys that the card asks for. */
export async function generateKeys(folders: InstanceFolders): Promise<void> {
  const card = cardOf(folders);
  for (const path of [...filesIn(folders.secretKey), ...filesIn(folders.publicKeys)]) rmSync(path);
  using ring = new KeyRing(await keysOf(folders, card), card.backend);
  for (let number = 0; ; number += 1) {
    const { relinearize, rotations } = ring.missing(neededKeys(card));
    if (relinearize === undefined && rotations.size === 0) return;
    const some = { relinearize, rotations: new Map([...rotations].slice(0, KEYS_A_FILE)) };
    writeFileSync(join(folders.publicKeys, `keys_${number}.bin`), await ring.make(some, noPause));
  }
}

/** Encrypts the pictures of an instance: a file for each ciphertext. */
export async function encryptInput(folders: InstanceFolders): Promise<void> {
  const card = cardOf(folders);
  const [{ input }] = card.segments;
  const pictures = readPixels(folders.pixels);
  for (const path of filesIn(folders.upload)) rmSync(path);
  using keys = await keysOf(folders, card);
  const batch = batchOf(input.layout);
  for (let group = 0; group * batch < pictures.length; group += 1) {
    const some = pictures.slice(group * batch, (group + 1) * batch);
    const values = Float32Array.from(some.flatMap((picture) => [...picture]));
    for (const [index, slots] of packValues(input.layout, values).entries()) {
      const { ciphertext } = keys.encrypt(slots, input.scale, input.level);
      const frame = encodeFrame({ kind: 'ciphertexts', items: [{ index, ciphertext }] }, keys.parameters);
      writeFileSync(join(folders.upload, `cipher_input_${group}_${index}.bin`), frame);
    }
  }
}

/** Decrypts the answers of an instance; the outputs stay with the client. */
export async function decryptAnswers(folders: InstanceFolders): Promise<void> {
  const card = cardOf(folders);
  const [segment] = card.segments;
  const count = readPixels(folders.pixels).length;
  using keys = await keysOf(folders, card);
  const batch = batchOf(segment.input.layout);
  const found: Float32Array[] = [];
  for (let group = 0; group * batch < count; group += 1) {
    const inputs = Math.min(batch, count - group * batch);
    const collector = new OutputCollector(segment.output, keys.parameters);
    const ownFiles = filesIn(folders.download).filter((path) => path.includes(`cipher_result_${group}_`));
    for (const path of ownFiles) collector.add(new Uint8Array(readFileSync(path)), undefined);
    const opened = await collector.open(
      inputs,
      (ciphertext, isComplex) => keys.decrypt(ciphertext, isComplex),
      noPause,
    );
    found.push(executeRound(segment, opened, new Float32Array(0), inputs).values);
  }
  const all = Float32Array.from(found.flatMap((values) => [...values]));
  writeFileSync(folders.logits, new Uint8Array(all.buffer), { mode: 0o600 });
}

/** The outputs of an instance that has been decrypted, picture by picture. */
export function outputsOf(folders: InstanceFolders): Float32Array[] {
  const { buffer } = Uint8Array.from(readFileSync(folders.logits));
  const all = new Float32Array(buffer);
  const classes = 10;
  return Array.from({ length: all.length / classes }, (_, i) => all.slice(i * classes, (i + 1) * classes));
}

/** The label that outputs give: that of the largest. */
export function labelOf(outputs: Float32Array): number {
  return outputs.indexOf(Math.max(...outputs));
}

/** Writes a label for each picture. */
export function writeLabels(folders: InstanceFolders): void {
  writeFileSync(
    folders.predictions,
    outputsOf(folders)
      .map((outputs) => `${labelOf(outputs)}\n`)
      .join(''),
  );
}
