// The command line's help, and the error that shows it.

/** The help, printed for `--help` and after a bad argument. */
export const USAGE = `sealed-qr style "<text>" --style gradient|liquid|dots --out FILE.png
  Styles a QR code under homomorphic encryption, corrects it, and proves with two decoders that it scans.

  --style NAME      gradient, liquid or dots                                   (liquid)
  --out FILE.png    where the picture goes
  --svg FILE.svg    the same as SVG
  --ecc LEVEL       error correction level: L, M, Q or H                       (M)
  --colours A,B,C   foreground start, foreground end, background, as #rrggbb   (the style's own)
  --pixels N        pixels a module drawn by the network: 8 or 4               (by size, see README)
  --backend NAME    simd or seal: encrypted; clear: the same plan simulated    (simd)
  --workers N       server workers                                             (number of processors, at most 4)
  --warm            run once before the run that is reported
  --json            print one JSON object instead of the table

Exit code 0: every decoder read the exact payload. 1: something failed. 2: bad arguments.`;

/** Bad arguments: the text says which; the usage follows. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
