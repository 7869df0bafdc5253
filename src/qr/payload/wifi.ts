// Payload: joining a Wi-Fi network ("WIFI:" as phones read it, after the ZXing wiki and the WPA3 specification, 7.1).
import { invalidPayload } from './invalid.ts';

/** A network and its password. `WPA` stands for WPA, WPA2 and WPA3 with a passphrase. */
export interface WifiPayload {
  readonly kind: 'wifi';
  readonly ssid: string;
  readonly password?: string | undefined;
  readonly security: 'WPA' | 'WEP' | 'nopass';
  /** True if the network does not announce its name. */
  readonly hidden?: boolean | undefined;
}

/** A backslash before each of \ ; , " and :, which are the format's own punctuation. */
function escapeWifi(field: string): string {
  return field.replace(/[\\;,":]/g, (character) => `\\${character}`);
}

/** Octets of a WEP key without its 24-bit vector: 40 and 104 bits (IEEE 802.11), 128 and 232 as makers added them. */
const WEP_OCTETS = [5, 13, 16, 29];

function isWepKey(key: string): boolean {
  // Each octet of the key is typed as one character, or as two hexadecimal digits.
  if (/^[0-9a-f]*$/i.test(key) && WEP_OCTETS.includes(key.length / 2)) return true;
  return WEP_OCTETS.includes(new TextEncoder().encode(key).length);
}

function checkPassword(security: WifiPayload['security'], password: string): void {
  const bytes = new TextEncoder().encode(password).length;
  if (security === 'nopass' && password !== '') {
    throw invalidPayload('An open network has no password. Remove it, or choose WPA.');
  }
  if (security === 'WPA' && !(bytes >= 8 && bytes <= 63) && !/^[0-9a-f]{64}$/i.test(password)) {
    throw invalidPayload(
      `A WPA password has 8 to 63 characters, or 64 hexadecimal digits. This one has ${bytes}.`,
    );
  }
  if (security === 'WEP' && !isWepKey(password)) {
    throw invalidPayload(
      'A WEP key has 5, 13, 16 or 29 characters, or 10, 26, 32 or 58 hexadecimal digits. ' +
        `This password has ${bytes} characters.`,
    );
  }
}

/**
 * The `WIFI:` text. Throws `invalid-argument` for a name of other than 1 to 32 bytes (IEEE 802.11, 9.4.2.2) and for
 * a password that the chosen security cannot have.
 */
export function buildWifi({ ssid, password = '', security, hidden = false }: WifiPayload): string {
  const ssidBytes = new TextEncoder().encode(ssid).length;
  if (ssidBytes === 0) throw invalidPayload('Type the name of the network.');
  if (ssidBytes > 32) {
    throw invalidPayload(`The name of a network has at most 32 bytes. This one has ${ssidBytes}.`);
  }
  checkPassword(security, password);
  const fields = [`T:${security}`, `S:${escapeWifi(ssid)}`];
  if (password !== '') fields.push(`P:${escapeWifi(password)}`);
  if (hidden) fields.push('H:true');
  return `WIFI:${fields.join(';')};;`;
}
