// The client as it was: one key for all pictures of a session, and what it decrypts is handed out unseen.
import { TestKeys } from '../../fixtures/seal-keys.ts';
import { styleOptions } from '../../src/app/style/style-options.ts';
import { defined } from '../../src/base/assert.ts';
import { checkParameters, type Parameters } from '../../src/params/parameters.ts';
import { dropToLevel } from '../../src/params/residues.ts';
import { pictureOf } from '../../src/plan/finish.ts';
import type { GridLayout } from '../../src/plan/layout.ts';
import { outputElements, packValues, unpackValues } from '../../src/plan/tensor-packing.ts';
import { bindRequest } from '../../src/protocol/binding.ts';
import { decodeCard } from '../../src/protocol/card-codec.ts';
import { decodeAnswer, encodeFrame } from '../../src/protocol/frame.ts';
import type { LocalService } from '../../src/protocol/service.ts';
import { encodeQr } from '../../src/qr/matrix.ts';
import { encodePng } from '../../src/qr/png.ts';
import { correctAndProve, type Proof } from '../../src/qr/prove.ts';
import type { Scanners } from '../../src/qr/scan.ts';
import { withoutFinders } from '../../src/style/drawing/eyes.ts';
import type { SealModule } from '../../src/seal/load.ts';
import { sha256Hex } from '../../src/base/sha256.ts';
import { groundOf, type PublicStyle } from './drawing.ts';

/** A picture that the old client hands out. */
export interface OldPicture {
  readonly png: Uint8Array;
  readonly version: number;
  readonly proof: Proof;
}

/** What a style's old client needs. */
export interface OldClientParts {
  readonly service: LocalService;
  readonly seal: SealModule;
  readonly scanners: Scanners;
}

/** The control of the key-recovery attack: Microsoft SEAL, one key, no reference, no snap. */
export class OldClient implements Disposable {
  readonly #parts: OldClientParts;
  #keys: TestKeys | undefined;
  #keySet = '';
  /** What the service has keys for. */
  #steps = new Set<number>();
  #hasProducts = false;
  /** Hashes of the frames of keys. */
  #frames: string[] = [];

  constructor(parts: OldClientParts) {
    this.#parts = parts;
  }

  /** Styles `request` and publishes what comes of it. */
  async publish(request: PublicStyle & { readonly text: string }): Promise<OldPicture> {
    const { service, scanners } = this.#parts;
    const { text, ecc, style } = request;
    const code = encodeQr(text, { ecc });
    const options = { ...styleOptions({ ...request, backend: 'simd' }, code.modules), realSlots: true };
    const bytes = await service.card(style.id, options);
    const card = decodeCard(bytes);
    const name = sha256Hex(bytes);
    const parameters = checkParameters(card.parameters);
    const [segment] = card.segments;
    const { input, output } = segment;
    const keys = await this.#keysFor(name, parameters, segment.rotationSteps);
    const frames = packValues(input.layout, withoutFinders(code.dark, code.modules)).map((slots, index) => {
      const ciphertext = dropToLevel(keys.encrypt(slots, input.scale), input.level);
      return encodeFrame({ kind: 'ciphertexts', items: [{ index, ciphertext }] }, parameters);
    });
    const parts = { run: crypto.randomUUID(), card: name, segment: 0, keys: this.#frames, frames };
    const { binding } = await bindRequest(parts);
    const answer = await service.evaluate({ ...binding, segment: 0, keySet: this.#keySet, frames });
    const values = new Float32Array(outputElements(output.layout));
    for (const frame of answer.frames) {
      for (const { index, ciphertext } of decodeAnswer(frame, parameters)) {
        unpackValues(output.layout, index, keys.decrypt(ciphertext), values);
      }
    }
    const { result } = card;
    const { finish } = defined(result.kind === 'picture' ? result : undefined, 'a style ends in a picture');
    const picture = pictureOf((output.layout as GridLayout).shape, finish, values, undefined);
    const proof = await correctAndProve({ ...groundOf(code, request), picture, text, scanners });
    return { png: encodePng(proof.raster), version: code.version, proof };
  }

  async #keysFor(card: string, parameters: Parameters, rotationSteps: readonly number[]): Promise<TestKeys> {
    const { service, seal } = this.#parts;
    let keys = this.#keys;
    if (!keys || keys.context.parameters !== parameters) {
      if (keys) await service.drop(this.#keySet);
      keys?.[Symbol.dispose]();
      keys = new TestKeys(seal, parameters);
      this.#keys = keys;
      this.#keySet = crypto.randomUUID();
      this.#steps = new Set();
      this.#hasProducts = false;
      this.#frames = [];
    }
    const isFirst = !this.#hasProducts;
    const missing = rotationSteps.filter((step) => !this.#steps.has(step));
    if (isFirst || missing.length > 0) {
      const rotations = new Map(missing.map((step) => [step, keys.rotationKey(step)]));
      const relinearization = isFirst ? keys.relinearizationKey() : undefined;
      const frame = encodeFrame(
        { kind: 'evaluation-keys', keys: { relinearization, rotations } },
        parameters,
      );
      this.#frames.push(sha256Hex(frame));
      await service.putKeys(card, this.#keySet, frame);
      this.#hasProducts = true;
      for (const step of missing) this.#steps.add(step);
    }
    return keys;
  }

  [Symbol.dispose](): void {
    this.#keys?.[Symbol.dispose]();
  }
}
