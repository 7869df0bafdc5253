"""Trains the networks of the public harness (bench/harness): 784 -> 128 -> 64 -> 10 with ReLU and with squares.

They learn from digits that digits.py draws, put into 28x28 pixels as MNIST has them: the longer side 20 pixels, the centre of
mass in the middle, normalised by MNIST's mean and deviation, which are public numbers. No picture of MNIST is looked at:
it is what bench/harness tests with. Writes public/models/digits-relu.onnx and digits-square.onnx, and one card.

The ReLU network is trained to give the same answer with its ReLUs as with the polynomials of degree 15 that take their place
on a server which cannot compare: the loss has both, and their difference. Values before an activation are kept in a range.
"""

import hashlib
import io
import json
import pathlib
import sys
import time

import numpy as np
import torch

import digits
from digits import arc, line

MODELS = pathlib.Path(__file__).resolve().parent.parent / "public" / "models"
SIDE = 28
MEAN, DEVIATION = 0.1307, 0.3081
SEED, TEST_SEED = 20261127, 977
POOL, TESTED = 20_000, 2_000
# The ReLU network takes more of a step, and fewer of them.
EPOCHS, BATCH = {"square": 16, "relu": 8}, 128
# Values before an activation are kept within this; the polynomials stand for ReLU on a range a little wider.
BOUND, RANGE = 4.0, 6.0
DEGREE = 15
SAMPLES = 64

# More ways to write digits than a small example needs.
MORE_WAYS = [
    [[arc(0.5, 0.5, 0.22, 0.42, -0.2, 0.86, 24)], [arc(0.5, 0.5, 0.36, 0.4, 0.8, 1.75, 24)]],
    [[line((0.5, 0.08), (0.5, 0.92)), line((0.28, 0.92), (0.72, 0.92))], [line((0.3, 0.28), (0.52, 0.08), (0.52, 0.92)), line((0.28, 0.92), (0.76, 0.92))]],
    [
        [np.concatenate([arc(0.5, 0.3, 0.3, 0.22, 0.55, 1.1), line((0.3, 0.8)), arc(0.3, 0.82, 0.1, 0.09, 0.25, 1.1, 8), line((0.82, 0.9))])],
        [np.concatenate([arc(0.48, 0.35, 0.3, 0.27, 0.6, 1.1), line((0.2, 0.9), (0.5, 0.84), (0.84, 0.92))])],
    ],
    [
        [np.concatenate([line((0.2, 0.1), (0.75, 0.1), (0.45, 0.42)), arc(0.46, 0.67, 0.3, 0.25, 0.75, 1.42)])],
        [np.concatenate([arc(0.45, 0.29, 0.3, 0.21, 0.55, 1.25), arc(0.45, 0.71, 0.34, 0.21, 0.75, 1.45)])],
    ],
    [
        [line((0.25, 0.1), (0.22, 0.5), (0.78, 0.5)), line((0.75, 0.1), (0.72, 0.92))],
        [line((0.68, 0.08), (0.16, 0.6), (0.84, 0.6)), line((0.68, 0.08), (0.66, 0.92))],
        [np.concatenate([arc(0.5, 0.3, 0.27, 0.25, 0.55, 0.2, 12), line((0.76, 0.1), (0.72, 0.92))])],
    ],
    [
        [np.concatenate([line((0.8, 0.1), (0.35, 0.12), (0.3, 0.46)), arc(0.46, 0.66, 0.31, 0.25, 0.62, 1.42)])],
        [np.concatenate([line((0.75, 0.08), (0.34, 0.1), (0.3, 0.42), (0.6, 0.5)), arc(0.52, 0.7, 0.22, 0.2, 0.8, 1.4)])],
    ],
    [
        [np.concatenate([arc(0.9, 0.62, 0.66, 0.56, 0.72, 0.5, 14), arc(0.5, 0.7, 0.25, 0.21, 0.5, 1.5, 20)])],
        [np.concatenate([line((0.45, 0.08), (0.3, 0.6)), arc(0.52, 0.7, 0.22, 0.22, 0.5, 1.45, 20)])],
    ],
    [
        [np.concatenate([line((0.16, 0.24), (0.2, 0.1), (0.8, 0.12)), line((0.5, 0.5), (0.42, 0.92))])],
        [np.concatenate([arc(0.3, 0.2, 0.14, 0.08, 0.5, 0.75, 5), line((0.8, 0.14), (0.6, 0.5), (0.5, 0.92))])],
    ],
    [
        [np.concatenate([arc(0.5, 0.29, 0.24, 0.2, -0.1, -0.75, 16), arc(0.5, 0.7, 0.25, 0.22, -0.25, 0.85, 18)])],
        [np.concatenate([line((0.74, 0.14)), arc(0.48, 0.28, 0.24, 0.2, 0.9, 0.4, 10), line((0.74, 0.66)), arc(0.5, 0.74, 0.25, 0.18, 0.0, 0.6, 12), line((0.76, 0.14))])],
    ],
    [
        [np.concatenate([arc(0.5, 0.3, 0.26, 0.22, 0, 1, 20), line((0.76, 0.3), (0.74, 0.6)), arc(0.5, 0.66, 0.25, 0.26, 0.02, 0.4, 8)])],
        [np.concatenate([arc(0.5, 0.3, 0.25, 0.22, -0.1, -1.0, 20), line((0.76, 0.2), (0.72, 0.92))])],
    ],
]
WAYS = digits.segments([few + more for few, more in zip(digits.DIGITS, MORE_WAYS)])


def as_mnist(points, width):
    """Points [n, segments, 2, 2] with the longer side of the ink 20 pixels of 28, and its mass in the middle."""
    low, high = points.min((1, 2)), points.max((1, 2))
    room = 20 / SIDE - 2 * width
    points = points * (room / (high - low).max(1, keepdims=True))[:, None, None]
    lengths = np.linalg.norm(points[:, :, 1] - points[:, :, 0], axis=-1)[..., None]
    mass = (points.mean(2) * lengths).sum(1) / lengths.sum(1)
    # Half the time of double precision: distances to all strokes are most of it.
    return (points - mass[:, None, None] + 0.5).astype(np.float32)


def draw(count, random):
    pictures, labels = digits.draw(count, random, side=SIDE, known=WAYS, frame=as_mnist, pen=(0.022, 0.08), wild=1.8)
    # As a scanner sees them: a soft edge, full ink inside.
    soft = np.pad(pictures[:, 0], ((0, 0), (1, 1), (1, 1)))
    blurred = sum(soft[:, i : i + SIDE, j : j + SIDE] * w for i, j, w in [(0, 1, 1), (1, 0, 1), (1, 2, 1), (2, 1, 1), (1, 1, 4)]) / 8
    ink = np.clip(1.25 * blurred - 0.06, 0, 1).astype(np.float32)
    return (ink.reshape(count, -1) - MEAN) / DEVIATION, labels


class Square(torch.nn.Module):
    """x^2 as x*x, the form that needs no power operator in ONNX."""

    def forward(self, x):
        return x * x


def chebyshev(degree, reach):
    """ReLU's interpolation of `degree` on [-reach, reach], as the compiler makes it."""
    nodes = np.cos(np.pi * (np.arange(degree + 1) + 0.5) / (degree + 1))
    values = np.maximum(nodes * reach, 0)
    series = [(1 if k == 0 else 2) * np.mean(values * np.cos(k * np.arccos(nodes))) for k in range(degree + 1)]

    def at(x):
        u = x / reach
        before, current = torch.ones_like(u), u
        total = series[0] + series[1] * u
        for c in series[2:]:
            before, current = current, 2 * u * current - before
            total = total + c * current
        return total

    return at


class Network(torch.nn.Module):
    """784 -> 128 -> 64 -> 10, as the harness has it; `activation` is ReLU or a square."""

    def __init__(self, activation):
        super().__init__()
        self.fc1 = torch.nn.Linear(784, 128)
        self.act = activation
        self.fc2 = torch.nn.Linear(128, 64)
        self.fc3 = torch.nn.Linear(64, 10)

    def before(self, x, act):
        """Values before each activation, and the logits."""
        return self.after_first(self.fc1(x), act)

    def after_first(self, a, act):
        """The same of the first layer's outputs."""
        b = self.fc2(act(a))
        return a, b, self.fc3(act(b))

    def forward(self, x):
        return self.before(x, self.act)[2]


def shifted(batch, random):
    """A batch, some of it moved by a pixel: MNIST's digits stand where rounding left them."""
    dx, dy = random.integers(-1, 2, 2)
    return torch.roll(batch.view(-1, SIDE, SIDE), (int(dy), int(dx)), (1, 2)).reshape(-1, 784)


def train(net, pool, labels, random, kind):
    adam = torch.optim.Adam(net.parameters(), lr=2e-3)
    steps = EPOCHS[kind] * (len(pool) // BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, steps)
    fitted = chebyshev(DEGREE, RANGE)
    entropy = torch.nn.functional.cross_entropy
    started = time.time()
    for step in range(steps):
        chosen = random.integers(len(pool), size=BATCH)
        x = shifted(torch.from_numpy(pool[chosen]), random)
        y = torch.from_numpy(labels[chosen])
        a, b, logits = net.before(x, net.act)
        outside = sum((torch.relu(z.abs() - (BOUND if kind == "relu" else 1.0)) ** 2).sum(1).mean() for z in (a, b))
        loss = entropy(logits, y, label_smoothing=0.03) + 0.1 * outside + 1e-3 * (logits**2).mean()
        if kind == "relu" and step % 2 == 1:
            # In a range that a polynomial is safe in: outside it grows without end.
            clamp = lambda z: fitted(z.clamp(-RANGE, RANGE))
            approximated = net.after_first(a, clamp)[2]
            loss = loss + 0.5 * entropy(approximated, y, label_smoothing=0.03) + 2 * ((approximated - logits) ** 2).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
        schedule.step()
        if step % 200 == 0:
            print(f"{kind}, step {step} of {steps}: loss {loss.item():.4f}, {time.time() - started:.0f} s", flush=True)
    net.eval()


def file_of(net):
    file = io.BytesIO()
    torch.onnx.export(net, torch.zeros(1, 784), file, opset_version=13, input_names=["pixels"], output_names=["logits"])
    return file.getvalue()


def extreme(net, pool):
    """The drawn pictures that take some value before an activation furthest: what ranges are best taken from."""
    with torch.no_grad():
        a, b, _ = net.before(torch.from_numpy(pool), net.act)
    order = []
    for z in (a, b):
        for far in (z.max(1).values, -z.min(1).values):
            order.append(torch.argsort(far, descending=True)[: SAMPLES // 4].numpy())
    return pool[np.concatenate(order)]


def main():
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    random = np.random.default_rng(SEED)
    started = time.time()
    pool, labels = draw(POOL, random)
    tests, shown = draw(TESTED, np.random.default_rng(TEST_SEED))
    print(f"drawn in {time.time() - started:.0f} s", flush=True)
    # Ten drawn digits that nothing was trained on, one of each: an input for the lab.
    np.save(MODELS / "digits-square-input.npy", np.concatenate([tests[shown == digit][:1] for digit in range(10)]).astype(np.float32))
    # `python3 training/harness-digits.py [square|relu ...] [FOLDER]`: the folder's MNIST pictures are read for the accuracy.
    kinds = [kind for kind in EPOCHS if kind in sys.argv] or list(EPOCHS)
    folders = [word for word in sys.argv[1:] if word not in EPOCHS]
    mnist = pathlib.Path(folders[0]) if folders else None
    card = {
        "architecture": "linear 784→128 · activation · linear 128→64 · activation · linear 64→10",
        "input": f"28×28 pixels of 0 (paper) to 1 (ink), less {MEAN}, over {DEVIATION}",
        "data": "drawn by training/digits.py and harness-digits.py, no data set of others",
        "training": {"seed": SEED, "pictures": POOL, "epochs": EPOCHS, "batch": BATCH, "trainedWith": f"PyTorch {torch.__version__}, CPU, one thread"},
        "measuredOn": {"seed": TEST_SEED, "pictures": TESTED},
        "networks": {},
    }
    path = MODELS / "digits-harness.card.json"
    if path.exists():
        card["networks"] = json.loads(path.read_text())["networks"]
    for kind in kinds:
        torch.manual_seed(SEED)
        net = Network(Square() if kind == "square" else torch.nn.ReLU())
        if kind == "square":
            # A square of large values explodes at the start.
            with torch.no_grad():
                net.fc1.weight *= 0.5
        train(net, pool, labels, np.random.default_rng(SEED), kind)
        with torch.no_grad():
            logits = net(torch.from_numpy(tests))
        accuracy = float((logits.argmax(1).numpy() == shown).mean())
        written = file_of(net)
        (MODELS / f"digits-{kind}.onnx").write_bytes(written)
        np.save(MODELS / f"digits-{kind}-samples.npy", extreme(net, pool).astype(np.float32))
        card["networks"][kind] = {
            "sha256": hashlib.sha256(written).hexdigest(),
            "accuracy": accuracy,
            "largestLogit": float(logits.abs().max()),
        }
        print(f"{kind}: {accuracy:.4f} of drawn digits, largest logit {logits.abs().max():.1f}", flush=True)
        if mnist:
            x = (np.load(mnist / "images_28x28.npy").reshape(-1, 784) - MEAN) / DEVIATION
            y = np.load(mnist / "labels.npy")
            with torch.no_grad():
                a, b, out = net.before(torch.from_numpy(x.astype(np.float32)), net.act)
                print(f"  MNIST: {(out.argmax(1).numpy() == y).mean():.4f}, values to {a.abs().max():.2f} and {b.abs().max():.2f}")
                print(f"  drawn: values to {[float(z.abs().max()) for z in net.before(torch.from_numpy(tests), net.act)]}")
                top = out.topk(2, 1).values
                print("  least margins", (top[:, 0] - top[:, 1]).sort().values[:6].tolist(), flush=True)
                if kind == "relu":
                    same = net.before(torch.from_numpy(x.astype(np.float32)), chebyshev(DEGREE, RANGE))[2]
                    print(f"  fitted: {(same.argmax(1) == out.argmax(1)).sum()} of {len(y)} labels the same, error {(same - out).abs().max():.3f}", flush=True)
        path.write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
