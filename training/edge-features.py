"""Trains `features-edge`: 24 and 24 channels that the soft outlines of paint and ink are drawn from.

No picture is learned from: the targets are the coverages of src/style/drawing/blurred-edge.ts for all 512 neighbourhoods
of 3x3 modules, at several thresholds, since edges wander with the place. The last layer is solved in closed form (ridge) in
each step, as src/style/features.ts does when a size is asked for, so the two hidden layers alone are trained: some starts
side by side, and the best is kept. Writes edge-features.json with seed and quality; `node training/feature-networks.ts`
makes the ONNX file of it, and `node scripts/style-cards.ts` the cards anew. About three minutes of one processor.
"""

import json
import pathlib
import re
import time

import numpy as np
import torch

HERE = pathlib.Path(__file__).resolve().parent
WEIGHTS = HERE.parent / "src" / "style" / "pattern-weights.ts"
SEED = 20261127
CHANNELS = 24, 24
STARTS, STEPS = 6, 2500
# Pixels along a module and samples along a pixel, as the styles have them.
PIXELS, SAMPLES = 8, 2
THRESHOLDS = np.linspace(0.37, 0.57, 9)
SOFTNESS = 0.07
# Coordinates that are kept of the targets: what is left out is below 1e-4.
COORDINATES = 64
RIDGE = 3e-7


def integral(u):
    """The integral of (1 - t^2)^4 from 0: the kernel of blurred-edge.ts."""
    s = u * u
    return u * (1 + s * (-4 / 3 + s * (6 / 5 + s * (-4 / 7 + s / 9))))


def beyond(u):
    return 0.5 - integral(u) / (2 * integral(1.0))


def coverages():
    """What every neighbourhood's pixels shall be: [512, thresholds * pixels^2]."""
    at = (np.arange(PIXELS * SAMPLES) + 0.5) / (PIXELS * SAMPLES)
    share = np.stack([beyond(at), 1 - beyond(at) - beyond(1 - at), beyond(1 - at)])
    bits = (np.arange(512)[:, None] >> np.arange(9)) & 1
    blurred = np.einsum("pij,iy,jx->pyx", bits.reshape(512, 3, 3), share, share)
    made = []
    for threshold in THRESHOLDS:
        t = np.clip((blurred - threshold + SOFTNESS) / (2 * SOFTNESS), 0, 1)
        a = t * t * (3 - 2 * t)
        made.append(a.reshape(512, PIXELS, SAMPLES, PIXELS, SAMPLES).mean((2, 4)).reshape(512, -1))
    return bits.astype(float), np.concatenate(made, 1)


def pattern_weights():
    """How often codes have each neighbourhood, as features.ts counts them."""
    text = WEIGHTS.read_text().split("= [")[1]
    weights = np.array([float(number) for number in re.findall(r"\d+", text)])
    assert len(weights) == 512
    return weights / weights.sum()


def solve(features, targets, weights):
    """The least weighted squares from features, and a constant, to targets, for each start: weights and loss."""
    ones = torch.ones_like(features[..., :1])
    a = torch.cat([features, ones], -1) * weights.sqrt()[:, None]
    b = targets * weights.sqrt()[:, None]
    gram = a.transpose(-1, -2) @ a + RIDGE * torch.eye(a.shape[-1])
    solved = torch.cholesky_solve(a.transpose(-1, -2) @ b, torch.linalg.cholesky(gram))
    return solved, ((a @ solved - b) ** 2).sum((-1, -2)) + RIDGE * (solved**2).sum((-1, -2))


def scaled(sums):
    """Sums of a layer with the largest at 2: squares keep their range, whatever the weights' sizes are."""
    return sums * (2 / sums.abs().amax(-2, keepdim=True).clamp_min(1e-6))


def layers_of(parameters, bits):
    """The two layers with the scaling folded into weights and bias, for each start."""
    first, first_bias, second, second_bias = parameters
    sums = bits @ first.transpose(-1, -2) + first_bias[:, None]
    factor = 2 / sums.abs().amax(-2)
    hidden = scaled(sums) ** 2
    sums = hidden @ second.transpose(-1, -2) + second_bias[:, None]
    factor2 = 2 / sums.abs().amax(-2)
    return [
        (first * factor[..., None], first_bias * factor),
        (second * factor2[..., None], second_bias * factor2),
    ]


def forward(parameters, bits):
    first, first_bias, second, second_bias = parameters
    hidden = scaled(bits @ first.transpose(-1, -2) + first_bias[:, None]) ** 2
    return scaled(hidden @ second.transpose(-1, -2) + second_bias[:, None]) ** 2


def train():
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    bits, targets = coverages()
    weights = pattern_weights()
    mean = (weights[:, None] * targets).sum(0)
    u, s, _ = np.linalg.svd(np.sqrt(weights)[:, None] * (targets - mean), full_matrices=False)
    kept = u[:, :COORDINATES] * s[:COORDINATES] / np.sqrt(weights)[:, None]
    # A loss of 1 is a mean square of 1 over pixels and thresholds.
    kept /= np.sqrt(targets.shape[1])
    x, y, w = (torch.tensor(value) for value in (bits, kept, weights))
    one, two = CHANNELS
    shapes = [(STARTS, one, 9), (STARTS, one), (STARTS, two, one), (STARTS, two)]
    spreads = [0.5, 0.5, 0.5 / np.sqrt(one / 4), 0.5]
    parameters = [(spread * torch.randn(shape)).requires_grad_() for shape, spread in zip(shapes, spreads)]
    optimizer = torch.optim.Adam(parameters)
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = 0.015 * (1 + np.cos(np.pi * step / STEPS)) + 3e-4
        optimizer.zero_grad()
        loss = solve(forward(parameters, x), y, w)[1]
        loss.sum().backward()
        optimizer.step()
        if step % 250 == 0:
            print(step, " ".join(f"{value:.4f}" for value in loss.detach().sqrt()), flush=True)
    with torch.no_grad():
        loss = solve(forward(parameters, x), y, w)[1]
        best = int(loss.argmin())
        layers = [(weight[best].numpy(), bias[best].numpy()) for weight, bias in layers_of(parameters, x)]
        features = forward(parameters, x)[best]
        full = torch.tensor(targets)
        drawn = torch.cat([features, torch.ones(512, 1)], -1) @ solve(features, full, w)[0]
        error = (drawn - full).numpy()
    rms = np.sqrt((weights[:, None] * error**2).sum(0).reshape(len(THRESHOLDS), -1).mean(1))
    return layers, rms, np.abs(error).max()


if __name__ == "__main__":
    started = time.process_time()
    layers, rms, largest = train()
    seconds = time.process_time() - started
    quality = {
        "seed": SEED,
        "trainedWith": f"PyTorch {torch.__version__}, CPU, one thread",
        "starts": STARTS,
        "steps": STEPS,
        "rms": {f"{threshold:.3f}": round(float(value), 4) for threshold, value in zip(THRESHOLDS, rms)},
        "largestError": round(float(largest), 3),
    }
    print(json.dumps(quality), f"{seconds:.0f} s")
    number = lambda value: float(f"{value:.7g}")
    rows = [
        {"weight": [[number(v) for v in row] for row in weight], "bias": [number(v) for v in bias]}
        for weight, bias in layers
    ]
    (HERE / "edge-features.json").write_text(json.dumps({"training": quality, "layers": rows}) + "\n")
