// The command line's help, and the error that shows it.

/** What each command's `--help` prints. */
const PARTS: ReadonlyMap<string, string> = new Map([
  [
    'style',
    `sealed-qr style "<text>"|--text-file FILE|- --style NAME --out FILE.png
  Styles a QR code under homomorphic encryption, corrects it, and proves with two decoders that it scans.

  --text-file FILE  the text, from a file that other users cannot read as they can a command line; - or the text -: from
                    standard input. UTF-8; one line break at its end is none of it
  --style NAME      one of those that sealed-qr styles lists                   (liquid)
  --picture FILE    a style out of this picture (PNG or JPEG), which stays here: the service draws edges alone
  --kind KIND       poster, picture, materials-1, materials-2 or materials-3   (poster)
  --out FILE.png    where the picture goes
  --svg FILE.svg    the same as SVG
  --ecc LEVEL       error correction level: L, M, Q or H                       (M)
  --colours A,B,C   foreground start, foreground end, background, as #rrggbb   (the style's own)
  --direction D     horizontal, vertical or diagonal, where the style has one  (the style's own)
  --pixels N        pixels per module drawn by the network: 16, 8 or 4         (8)
  --backend NAME    simd or seal: encrypted; clear: the same plan simulated    (simd)
  --prefer WHAT     what the plan is chosen by: latency, small-keys, balanced  (small-keys: a picture has keys of its own)
  --workers N       evaluators of the service                                  (number of processors, at most 4)
  --no-snap         hand out the decrypted picture, and not the style's that it was held against
  --force           replace files that are there
  --warm            run once before the run that is reported
  --json            print one JSON object instead of the table

sealed-qr style board --out FILE.png [--pixels 16]
  Writes a board with every neighbourhood of modules many times, to be painted over in any program that keeps its size.
sealed-qr style new DRAWING.ts|BOARD.png [--codes N] [--card FILE.json] [--json]
  Makes a style of a drawing, a module as src/style/gallery/ has them or a board that was painted over (PNG or JPEG): fits
  it, and says what it costs and how often four decoders read it as drawn. --card keeps that.`,
  ],
  [
    'styles',
    `sealed-qr styles [--json]
  Lists the styles: levels, keys, bytes, time, error, and how many fresh codes read as drawn.`,
  ],
  [
    'payload',
    `sealed-qr payload '{"kind":"phone","number":"+44 20 7946 0000"}' [--ecc M] [--json]
  Prints the text that the page's form writes for a code. Kinds: text url wifi contact mail phone sms geo event; times
  as ISO 8601. With - the JSON comes from standard input. --json adds the code's version, modes and modules.`,
  ],
  [
    'study',
    `sealed-qr study [options]
  The published study's table made anew: its networks and ours, in the clear and encrypted, beside its own figures. Goes on
  where it was stopped.

  --count N         codes in the clear, none of them trained on                (4000)
  --fhe-count N     codes encrypted, a run each; the decrypted pictures count  (100)
  --style NAME      green_orange or purple_violet                              (green_orange)
  --version V       1: 21×21 modules; 6: 41×41                                 (1)
  --bits N          the float network with weights of 2 to 8 bits, rounded after training
  --seed N          of the codes                                               (2026)
  --only A,B        these rows alone: leaky quadratic 8bit pruned structured collapse unet unet-transposed affine
  --layers          instead: what the study could not run, run encrypted, --fhe-count codes each
  --pairs DIR       write --count codes, plain and styled, as PNG, and nothing else
  --networks DIR    the networks' folder                                       (training/study/networks)
  --state DIR       what is kept between runs                                  (.cache/study)
  --fresh           make all of it anew
  --backend NAME    simd or seal: encrypted; clear: the same plan simulated    (simd)
  --workers N       evaluators of the service                                  (number of processors, at most 4)
  --json            print one JSON object instead of the tables`,
  ],
  [
    'model',
    `sealed-qr model plan FILE [options]
  Says what a trained network (.pt, .pth, .safetensors, .onnx) will cost and how precise it will be; encrypts nothing.
sealed-qr model run FILE --input FILE [options]
  Runs it encrypted and reports how far the outputs are from the float network's.

  --input FILE      inputs: .npy, .json or .png; several along the first axis
  --input-shape S   shape of one input, as 1x28x28 or 1,28,28, where neither the model nor --input says
  --state-dict-layers FILE   the layers of a state_dict: JSON, the text that print(model) shows, or the network as .onnx
  --output NAME     which output of the network                                (its first)
  --calibrate FILE  sample inputs of the model's owner, that ranges are taken from; --input is a person's, and no plan is
                    made of it                                                 (random values in --input-range)
  --input-range A,B least and largest value of an input, where no samples are given; negative: --input-range=-1,1  (0,1)
  --count N         the first N inputs only
  --layers A-B      only these layers of the file
  --refresh A,B     layers after which the client decrypts and encrypts again
  --prefer WHAT     latency: the fastest run; small-keys: the cheapest first run, keys made and sent; balanced (balanced)
  --client-ops      the client computes what the scheme cannot, in rounds of its own; it holds the values of skips
  --tolerance T     largest error of a fitted activation, of half its range    (0.02)
  --max-memory SIZE most memory of an evaluator, as 700MB or 1.5GB             (a quarter of the machine's, at most 4GB)
  --max-keys SIZE, --max-time TIME, --max-rounds N, --max-error E
                    the most that a plan may take: another is made, or what would do is said
  --compare         plan: by each preference, what a plan takes
  --batch N         inputs to run at once: as many as pay share a ciphertext   (all)
  --backend NAME    simd or seal: encrypted; clear: the same plan simulated    (simd)
  --workers N       evaluators of the service                                  (number of processors, at most 4)
  --print           plan: the plan itself, stage by stage, as text
  --fresh-keys      run: with keys of its own, used for nothing else
  --allow-error X   run: largest error of an output that is accepted           (twice the prediction)
  --layers-report   run: decrypts after each layer, for the errors of each
  --save FILE       run: writes the decrypted outputs to FILE.npy or FILE.json
  --force           run: replace a file that is there
  --warm            run: once before the run that is reported
  --json            print one JSON object instead of the table`,
  ],
  [
    'params',
    `sealed-qr params test CONFIG.json [--model FILE] [--input FILE] [options]
  Runs a network under many parameter sets: errors, levels or noise budget, time and bytes of each, or why it cannot run and
  the nearest set that does.
  CONFIG.json: model, input, sets of {polyModulusDegree, coeffModulusBits}, and layers, refresh, clientOps, backend, threads,
  and calibrate, a file of the model owner's inputs that ranges are taken from, or inputRange: [0, 1];
  or PyCrCNN's file: model_path, encryption_parameters of {m, p, sec, base, intDigits, fracDigits, flagBatching}, layers,
  rencrypt_positions, max_threads. Such sets run as PyCrCNN runs them, one value in each ciphertext, which takes minutes:
    {"model_path": "model.pt", "input": "picture.npy", "layers": [0, 1, 2, 3],
     "encryption_parameters": [{"m": 2048, "p": 13513511, "sec": 128, "base": 2}]}
  docs/parameter-tester.md has every field, and what the report says.

  --model FILE      what the file does not name, or instead of it; so do the next three
  --input FILE      .npy, .json or .png
  --input-shape S   shape of one input, as 1x28x28 or 1,28,28
  --layers A-B      only these layers, or each of them: 0,1,2,3; what the model has not is left out
  --results FILE    writes PyCrCNN's results.json, with mean, bound and time beside its fields
  --threads N       sets tried at the same time (the file's, or 2)
  --json            prints one JSON object instead of the table`,
  ],
  [
    'bench',
    `sealed-qr bench kernel|client|pool
  kernel: node-seal and the SIMD kernel in turn, with equal work: every operation and whole plans.
  client: node-seal and the client's kernel in turn: set-up, keys, encryption, decryption.
  pool: one and two evaluators.

  --pairs N         pairs of runs: medians and least times are shown           (9)
  --only LIST       parts of bench kernel: operations,transform,plans          (all)
  --json            print one JSON object instead of the table`,
  ],
]);

const EXIT_CODES =
  "Exit code 0: done; a style's code was read back exactly by every decoder. 1: something failed. 2: bad arguments or files.";

/** The help for `command`, or for all of them where it is none. */
export function usageOf(command: string | undefined): string {
  const part = command === undefined ? undefined : PARTS.get(command);
  return [...(part === undefined ? PARTS.values() : [part]), EXIT_CODES].join('\n\n');
}

/** The lines of the help that show how `command` is called. */
export function synopsisOf(command: string): string[] {
  return (PARTS.get(command) ?? '').split('\n').filter((line) => line.startsWith(`sealed-qr ${command} `));
}

/** Bad arguments: the text says which; how the command is called stands before it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
