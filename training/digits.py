"""Trains the example network of the lab page: handwritten-looking digits of 12x12 pixels, drawn by this script alone.

Every sample is a digit's strokes, bent, slanted, scaled, shifted and drawn with a pen of some width, then blurred by the
pixel grid and given some noise. No data set of others is used. Writes public/models/digits.onnx, digits.pt, their card, and an input
(ten digits, one of each) beside it. Two squares and three layers: shallow enough to run encrypted at once.
"""

import hashlib
import io
import json
import pathlib
import time

import numpy as np
import torch

MODELS = pathlib.Path(__file__).resolve().parent.parent / "public" / "models"
SIDE = 12
SEED = 20240612
TEST_SEED = 977
STEPS, BATCH = 5000, 128
TESTED = 10_000


def arc(cx, cy, rx, ry, start, end, points=14):
    """Points on an ellipse, angles in turns, clockwise from the right."""
    t = 2 * np.pi * np.linspace(start, end, points)
    return np.stack([cx + rx * np.cos(t), cy + ry * np.sin(t)], 1)


def line(*points):
    return np.array(points, dtype=float)


# Each digit as one or more ways to write it; a way is a list of strokes in the unit square, y downwards.
DIGITS = [
    [[arc(0.5, 0.5, 0.3, 0.42, 0, 1, 24)]],
    [[line((0.5, 0.08), (0.5, 0.92))], [line((0.3, 0.28), (0.52, 0.08), (0.52, 0.92))]],
    [[np.concatenate([arc(0.5, 0.33, 0.28, 0.25, 0.5, 1.08), line((0.2, 0.92), (0.82, 0.92))])]],
    [[np.concatenate([arc(0.46, 0.3, 0.27, 0.22, 0.58, 1.2), arc(0.46, 0.7, 0.3, 0.22, 0.8, 1.42)])]],
    [[line((0.62, 0.08), (0.18, 0.62), (0.85, 0.62)), line((0.64, 0.35), (0.64, 0.92))]],
    [[line((0.78, 0.08), (0.28, 0.08), (0.26, 0.45)), arc(0.47, 0.65, 0.3, 0.27, 0.62, 1.4)]],
    [[np.concatenate([line((0.68, 0.08), (0.36, 0.35)), arc(0.5, 0.67, 0.27, 0.25, 0.5, 1.5, 20)])]],
    [[line((0.18, 0.1), (0.82, 0.1), (0.4, 0.92))], [line((0.18, 0.1), (0.82, 0.1), (0.4, 0.92)), line((0.38, 0.5), (0.74, 0.5))]],
    [[arc(0.5, 0.29, 0.22, 0.21, 0, 1, 20), arc(0.5, 0.7, 0.27, 0.22, 0, 1, 20)]],
    [[arc(0.5, 0.32, 0.25, 0.24, 0, 1, 20), line((0.75, 0.32), (0.66, 0.92))]],
]


def segments(all_digits=DIGITS):
    """All strokes of every way as [way, 42, 2, 2] segments, the unused ones repeated, and each way's digit."""
    ways, digits = [], []
    for digit, variants in enumerate(all_digits):
        for strokes in variants:
            pairs = np.concatenate([np.stack([s[:-1], s[1:]], 1) for s in strokes])
            ways.append(pairs[np.arange(42) % len(pairs)])
            digits.append(digit)
    return np.stack(ways), np.array(digits)


WAYS = segments()


def draw(count, random, chunk=500, **how):
    """`count` pictures and the digits they show, some at a time: distances to all strokes take memory."""
    parts = [draw_some(min(chunk, count - at), random, **how) for at in range(0, count, chunk)]
    return tuple(np.concatenate(arrays) for arrays in zip(*parts))


def draw_some(count, random, side=SIDE, known=WAYS, frame=lambda points, width: points, pen=(0.035, 0.085), wild=1.0):
    """`count` pictures [count, 1, side, side] of 0 (paper) to 1 (ink), and the digits they show.

    `known`: ways to write digits, as `segments` gives them; `frame`: where in the picture the strokes come to lie; `pen`:
    least and largest half width of a stroke, of the picture's side; `wild`: how much further than usual strokes are bent,
    slanted and turned.
    """
    digits = random.integers(10, size=count)
    strokes, written = known
    of_digit = [np.flatnonzero(written == d) for d in range(10)]
    ways = np.array([random.choice(of_digit[d]) for d in digits])
    points = strokes[ways] - 0.5
    # Slowly varying bends, then slant, turn, stretch and shift.
    bend = random.normal(0, 0.035 * wild, (count, 1, 1, 2, 2))
    wave = np.sin(2 * np.pi * (points[..., None, :] * random.uniform(0.4, 0.9, (count, 1, 1, 2, 1)) + random.uniform(0, 1, (count, 1, 1, 2, 1))))
    points = points + (wave[..., ::-1] * bend).sum(-2)
    angle = random.normal(0, 0.13 * wild, count)
    slant = random.normal(0.05, 0.16 * wild, count)
    sx, sy = random.uniform(0.55, 0.9, count), random.uniform(0.68, 0.92, count)
    turn = np.stack([np.stack([np.cos(angle), -np.sin(angle)], 1), np.stack([np.sin(angle), np.cos(angle)], 1)], 1)
    shape = np.stack([np.stack([sx, -slant * sx], 1), np.stack([0 * sx, sy], 1)], 1)
    points = np.einsum("nij,njk,nslk->nsli", turn, shape, points) + random.normal(0.5, 0.035, (count, 1, 1, 2))
    width = random.uniform(*pen, (count, 1))
    points = frame(points, width)
    centres = (np.arange(side) + 0.5) / side
    grid = np.stack(np.meshgrid(centres, centres), -1).reshape(1, 1, -1, 2).astype(points.dtype)
    a, b = points[:, :, None, 0], points[:, :, None, 1]
    along = ((grid - a) * (b - a)).sum(-1) / np.maximum(((b - a) ** 2).sum(-1), 1e-9)
    nearest = a + np.clip(along, 0, 1)[..., None] * (b - a)
    distance = np.sqrt(((grid - nearest) ** 2).sum(-1).min(1))
    ink = np.clip((width - distance) * side + 0.5, 0, 1) * random.uniform(0.75, 1, (count, 1))
    ink = np.clip(ink + random.normal(0, 0.04, ink.shape), 0, 1)
    return ink.reshape(count, 1, side, side).astype(np.float32), digits


class Square(torch.nn.Module):
    """x^2 as x*x, the form that needs no power operator in ONNX."""

    def forward(self, x):
        return x * x


def network():
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 5, 3, stride=2, padding=1),
        Square(),
        torch.nn.Flatten(),
        torch.nn.Linear(5 * 6 * 6, 32),
        Square(),
        torch.nn.Linear(32, 10),
    )


def normalise(net, pictures):
    """Scales hidden values to at most 1 before each square; the next layer takes up the factor, so nothing else changes."""
    with torch.no_grad():
        for layer, following in ((0, 3), (3, 5)):
            x = pictures
            for module in net[: layer + 1]:
                x = module(x)
            factor = 1 / x.abs().max()
            net[layer].weight *= factor
            net[layer].bias *= factor
            net[following].weight /= factor**2


def main():
    started = time.time()
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    random = np.random.default_rng(SEED)
    net = network()
    adam = torch.optim.Adam(net.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, STEPS)
    pool, labels = draw(20_000, random)
    for step in range(STEPS):
        chosen = random.integers(len(pool), size=BATCH)
        adam.zero_grad()
        logits = net(torch.from_numpy(pool[chosen]))
        loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(labels[chosen]))
        # Large values cost precision under encryption: in the outputs, and in whatever leads to them.
        loss = loss + 2e-3 * (logits**2).mean() + 3e-5 * sum((p**2).sum() for p in net.parameters())
        loss.backward()
        adam.step()
        schedule.step()
        if step % 1000 == 999:
            print(f"step {step + 1}: loss {loss.item():.4f}, {time.time() - started:.0f} s", flush=True)
    normalise(net, torch.from_numpy(pool))
    net.eval()

    pictures, digits = draw(TESTED, np.random.default_rng(TEST_SEED))
    with torch.no_grad():
        logits = net(torch.from_numpy(pictures))
    accuracy = float((logits.argmax(1).numpy() == digits).mean())
    file = io.BytesIO()
    torch.onnx.export(net, torch.zeros(1, 1, SIDE, SIDE), file, opset_version=13, input_names=["picture"], output_names=["logits"])
    (MODELS / "digits.onnx").write_bytes(file.getvalue())
    # The same network as PyTorch saves it: the lab page reads both.
    torch.save(net, MODELS / "digits.pt")
    example = np.concatenate([pictures[digits == d][:1] for d in range(10)])
    np.save(MODELS / "digits-input.npy", example)
    card = {
        "id": "digits",
        "sha256": hashlib.sha256(file.getvalue()).hexdigest(),
        "architecture": "conv 3×3 stride 2 1→5 · square · linear 180→32 · square · linear 32→10",
        "parameters": sum(p.numel() for p in net.parameters()),
        "input": "one digit, 12×12 pixels, 0 for paper to 1 for ink",
        "data": "drawn by training/digits.py, no data set of others",
        "training": {
            "seed": SEED,
            "pictures": len(pool),
            "steps": STEPS,
            "batch": BATCH,
            "trainedWith": f"PyTorch {torch.__version__}, CPU, one thread",
        },
        "measuredOn": {"seed": TEST_SEED, "pictures": TESTED},
        "accuracy": accuracy,
        "largestLogit": float(logits.abs().max()),
        "example": "digits-input.npy: ten unseen pictures, one of each digit",
    }
    (MODELS / "digits.card.json").write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n")
    print(f"accuracy {accuracy:.4f}, largest logit {card['largestLogit']:.1f}, {time.time() - started:.0f} s")


if __name__ == "__main__":
    main()
