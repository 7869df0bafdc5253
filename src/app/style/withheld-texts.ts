// Texts that a service is not sent again: it has answered wrongly for them, or what it drew did not read.
//
// A service that fails on purpose for some texts would learn from a second try that it had failed, and get another ciphertext
// of the same text. So there is none, whoever asks: the picture is drawn here, or not at all.
import { sha256Hex } from '../../base/sha256.ts';

/** What a session remembers of failures: hashes of texts, by service. It lives as long as the program. */
export class WithheldTexts {
  readonly #hashes = new Set<string>();

  /** Notes that `service` is not to have `text` again. */
  add(service: string, text: string): void {
    this.#hashes.add(nameOf(service, text));
  }

  has(service: string, text: string): boolean {
    return this.#hashes.has(nameOf(service, text));
  }
}

function nameOf(service: string, text: string): string {
  return sha256Hex(new TextEncoder().encode(JSON.stringify([service, text])));
}
