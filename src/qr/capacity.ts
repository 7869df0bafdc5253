// How much text each QR version and error correction level holds (ISO/IEC 18004:2015, table 7).
import { segmentCapacity } from './segments.ts';

/** Error correction level: about 7, 15, 25 and 30 % of the codewords can be repaired. */
export type ErrorCorrectionLevel = 'L' | 'M' | 'Q' | 'H';

/** Data codewords (bytes before error correction) of versions 1 to 40, ISO/IEC 18004:2015 table 7. */
const DATA_CODEWORDS: Readonly<Record<ErrorCorrectionLevel, readonly number[]>> = {
  L: [
    19, 34, 55, 80, 108, 136, 156, 194, 232, 274, 324, 370, 428, 461, 523, 589, 647, 721, 795, 861, 932, 1006,
    1094, 1174, 1276, 1370, 1468, 1531, 1631, 1735, 1843, 1955, 2071, 2191, 2306, 2434, 2566, 2702, 2812,
    2956,
  ],
  M: [
    16, 28, 44, 64, 86, 108, 124, 154, 182, 216, 254, 290, 334, 365, 415, 453, 507, 563, 627, 669, 714, 782,
    860, 914, 1000, 1062, 1128, 1193, 1267, 1373, 1455, 1541, 1631, 1725, 1812, 1914, 1992, 2102, 2216, 2334,
  ],
  Q: [
    13, 22, 34, 48, 62, 76, 88, 110, 132, 154, 180, 206, 244, 261, 295, 325, 367, 397, 445, 485, 512, 568,
    614, 664, 718, 754, 808, 871, 911, 985, 1033, 1115, 1171, 1231, 1286, 1354, 1426, 1502, 1582, 1666,
  ],
  H: [
    9, 16, 26, 36, 46, 60, 66, 86, 100, 122, 140, 158, 180, 197, 223, 253, 283, 313, 341, 385, 406, 442, 464,
    514, 538, 596, 628, 661, 701, 745, 793, 845, 901, 961, 986, 1054, 1096, 1142, 1222, 1276,
  ],
};

/** The four levels, weakest first. */
export const ERROR_CORRECTION_LEVELS: readonly ErrorCorrectionLevel[] = ['L', 'M', 'Q', 'H'];

/** Bits of data in a code of `version` (1..40) at level `ecc`, the headers of its segments included. */
export function bitCapacity(version: number, ecc: ErrorCorrectionLevel): number {
  return 8 * (DATA_CODEWORDS[ecc][version - 1] ?? 0);
}

/** Bits of the header that says "UTF-8 follows": ECI mode indicator (4) and designator 26 (8), clause 7.4.2. */
export const ECI_HEADER_BITS = 12;

/**
 * UTF-8 bytes that fit in one byte-mode segment of `version` (1..40) at level `ecc`; with `eci`, after the
 * 12-bit UTF-8 header. Text of digits or capitals alone packs tighter than this (clauses 7.4.3, 7.4.4).
 */
export function byteCapacity(version: number, ecc: ErrorCorrectionLevel, eci: boolean): number {
  return segmentCapacity('byte', bitCapacity(version, ecc) - (eci ? ECI_HEADER_BITS : 0), version);
}
