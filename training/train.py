"""Trains the shape network of each style and writes it as ONNX to public/models/ (see README.md).

A network sees nothing but 3x3 neighbourhoods of bits, so the whole of its input space is 512 patterns: every step
of training runs over all of them, weighted by how often each occurs in real codes.
"""

import argparse
import json
import pathlib
import time

import numpy as np
import torch

HERE = pathlib.Path(__file__).resolve().parent
CACHE = HERE / ".cache"
MODELS = HERE.parent / "public" / "models"

PATTERNS, TILE = 512, 64
SEED = 0
# Hidden channels of the two squared layers; None for a style that is linear in the module itself.
ARCHITECTURES = {"gradient": None, "liquid": (8, 8), "dots": (4, 4)}
RESTARTS = {"liquid": 60, "dots": 8}
# A share of the loss is spread evenly, so that rare neighbourhoods are drawn well too.
EVEN_SHARE = 0.1
# Light modules of dots are empty: there even a small error shows, as a haze, while at the edge of a dot it does not.
LIGHT_WEIGHT = {"dots": 30.0}
# Keeps the last layer's equations solvable; far below the errors that matter.
RIDGE = 1e-7
# Largest magnitude of a hidden value before its square, over all patterns.
HIDDEN_RANGE = 2.0
# Standard deviation of the noise that the loss reckons with in the input and in every hidden value, sixteen times
# the 2^-15 assumed of CKKS: a network that magnifies noise loses against one that does not.
NOISE = 2.0**-11


class Square(torch.nn.Module):
    """x^2 as x*x, the form that needs no power operator in ONNX."""

    def forward(self, x):
        return x * x


def load(style):
    """Patterns [512, 9], reference pixels [512, 64], frequencies [512]."""
    bits = (np.arange(PATTERNS)[:, None] >> np.arange(9)) & 1
    target = np.fromfile(CACHE / f"{style}.f32", dtype=np.float32).reshape(PATTERNS, TILE)
    counts = np.fromfile(CACHE / "counts.f64")
    return torch.tensor(bits, dtype=torch.float64), torch.tensor(target.astype(np.float64)), torch.tensor(counts / counts.sum())


def fit_last_layer(features, target, weights):
    """Weighted ridge regression of target on [features, 1]: the best last layer there is for these features."""
    root = weights.sqrt()[:, None]
    a = torch.cat([features, torch.ones(PATTERNS, 1)], 1) * root
    gram = a.T @ a + RIDGE * torch.eye(a.shape[1])
    solution = torch.linalg.solve(gram, a.T @ (target * root))
    residual = a @ solution - target * root
    return solution, (residual**2).sum() + RIDGE * (solution**2).sum()


def forward(parameters, x):
    """Both pre-activations and the features of the last layer, for patterns [512, 9]."""
    w1, b1, w2, b2 = parameters
    first = x @ w1.T + b1
    second = first**2 @ w2.T + b2
    return first, second, second**2


def noise_variance(parameters, first, second, last, weights):
    """Expected squared error from independent NOISE in the input, before and after each square (first order).

    Hidden values are taken in units in which their largest is HIDDEN_RANGE, as normalise() leaves them.
    """
    w1, _, w2, _ = parameters
    unit1 = first.abs().amax(0) / HIDDEN_RANGE
    unit2 = second.abs().amax(0) / HIDDEN_RANGE
    # Derivatives of the outputs [patterns, channels, outputs] by the values before and after the squares.
    by_square2 = last[None].expand(PATTERNS, -1, -1)
    by_second = 2 * second[:, :, None] * by_square2
    by_square1 = torch.einsum("pko,kj->pjo", by_second, w2)
    by_first = 2 * first[:, :, None] * by_square1
    by_input = torch.einsum("pjo,ji->pio", by_first, w1)
    variance = by_input.pow(2).sum((1, 2))
    for derivative, unit in ((by_first, unit1), (by_square1, unit1**2), (by_second, unit2), (by_square2, unit2**2)):
        variance = variance + (derivative * unit[None, :, None]).pow(2).sum((1, 2))
    return NOISE**2 * (weights * variance).sum()


def objective(parameters, x, target, weights):
    """Loss with the last layer eliminated (variable projection, Golub and Pereyra 1973), plus what noise adds."""
    first, second, features = forward(parameters, x)
    solution, loss = fit_last_layer(features, target, weights)
    return loss + noise_variance(parameters, first, second, solution[:-1], weights)


def train_once(sizes, x, target, weights, seed):
    """One run from a random start: Adam to leave it, L-BFGS to finish."""
    c1, c2 = sizes
    generator = torch.Generator().manual_seed(seed)
    spread = [0.5, 0.5, 0.5 / np.sqrt(c1 / 4), 0.5]
    shapes = [(c1, 9), (c1,), (c2, c1), (c2,)]
    parameters = [torch.randn(s, generator=generator) * k for s, k in zip(shapes, spread)]
    for p in parameters:
        p.requires_grad_(True)
    adam = torch.optim.Adam(parameters, lr=0.03)
    for _ in range(400):
        adam.zero_grad()
        objective(parameters, x, target, weights).backward()
        adam.step()
    lbfgs = torch.optim.LBFGS(
        parameters, max_iter=1500, history_size=50, line_search_fn="strong_wolfe", tolerance_grad=1e-10, tolerance_change=1e-13
    )

    def closure():
        lbfgs.zero_grad()
        loss = objective(parameters, x, target, weights)
        loss.backward()
        return loss

    lbfgs.step(closure)
    with torch.no_grad():
        return [p.detach() for p in parameters], objective(parameters, x, target, weights).item()


def normalise(parameters, x):
    """Rescales every hidden channel to HIDDEN_RANGE; the next layer takes up the factor, so nothing else changes."""
    w1, b1, w2, b2 = parameters
    first, _, _ = forward(parameters, x)
    scale1 = HIDDEN_RANGE / first.abs().amax(0)
    w1, b1, w2 = w1 * scale1[:, None], b1 * scale1, w2 / scale1**2
    _, second, _ = forward([w1, b1, w2, b2], x)
    scale2 = HIDDEN_RANGE / second.abs().amax(0)
    return [w1, b1, w2 * scale2[:, None], b2 * scale2]


def conv(weight, bias):
    """A convolution of the given weights, zero padded so that it keeps the size."""
    out, inside, height, width = weight.shape
    layer = torch.nn.Conv2d(inside, out, (height, width), padding=(height // 2, width // 2))
    layer.weight.data = weight.float()
    layer.bias.data = bias.float()
    return layer


def train(style, restarts):
    """The trained network of `style` and what its card should say about the training."""
    x, target, frequency = load(style)
    weights = (1 - EVEN_SHARE) * frequency + EVEN_SHARE / PATTERNS
    weights = torch.where(x[:, 4] > 0, weights, weights * LIGHT_WEIGHT.get(style, 1.0))
    weights = weights / weights.sum()
    sizes = ARCHITECTURES[style]
    if sizes is None:
        solution, loss = fit_last_layer(x[:, 4:5], target, weights)
        network = torch.nn.Sequential(conv(solution[:1].T.reshape(TILE, 1, 1, 1), solution[1]))
        return network, {"seed": SEED, "restarts": 0, "loss": loss.item()}
    # The reference pixels span few dimensions; training on those coordinates is the same problem, and faster.
    _, singular, basis = torch.linalg.svd(weights.sqrt()[:, None] * target, full_matrices=False)
    coordinates = target @ basis[singular > 1e-6].T
    best, best_loss, best_seed = None, float("inf"), None
    for seed in range(SEED, SEED + restarts):
        parameters, loss = train_once(sizes, x, coordinates, weights, seed)
        if loss < best_loss:
            best, best_loss, best_seed = parameters, loss, seed
            print(f"{style}: start {seed}, loss {loss:.3e}", flush=True)
    best = normalise(best, x)
    solution, loss = fit_last_layer(forward(best, x)[2], target, weights)
    w1, b1, w2, b2 = best
    c1, c2 = sizes
    network = torch.nn.Sequential(
        conv(w1.reshape(c1, 1, 3, 3), b1),
        Square(),
        conv(w2.reshape(c2, c1, 1, 1), b2),
        Square(),
        conv(solution[:c2].T.reshape(TILE, c2, 1, 1), solution[c2]),
    )
    return network, {"seed": best_seed, "restarts": restarts, "loss": loss.item()}


def export(network, path):
    """Writes ONNX (opset 13) of input [1, 1, height, width], both free, and output [1, 64, height, width]."""
    free = {2: "height", 3: "width"}
    torch.onnx.export(
        network.eval(),
        torch.zeros(1, 1, 21, 21, dtype=torch.float32),
        str(path),
        opset_version=13,
        input_names=["modules"],
        output_names=["coverage"],
        dynamic_axes={"modules": free, "coverage": free},
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("styles", nargs="*", help="gradient, liquid, dots (default: all)")
    parser.add_argument("--restarts", type=int, help="random starts (default: as committed)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    MODELS.mkdir(parents=True, exist_ok=True)
    for style in arguments.styles or ARCHITECTURES:
        started = time.time()
        network, record = train(style, arguments.restarts or RESTARTS.get(style, 0))
        export(network, MODELS / f"{style}.onnx")
        record["trainedWith"] = f"PyTorch {torch.__version__.split('+')[0]}, CPU, float64, one thread"
        (CACHE / f"{style}.training.json").write_text(json.dumps(record, indent=2) + "\n")
        print(f"{style}: loss {record['loss']:.3e} from start {record['seed']}, {time.time() - started:.0f} s")


if __name__ == "__main__":
    main()
