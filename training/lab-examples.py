"""Trains the lab's examples that give pictures: a small autoencoder and a small U-Net, both of 24x24 modules in two colours.

They are of the shapes that the study of styled codes tries (an autoencoder with squares; a U-Net with ReLU, maximum pools and
skips), far smaller, and learn a style as plain as its first: dark modules run from one colour to another the
more of their neighbours are dark, light ones take a third. Codes
are random modules with the three corner patterns. Writes public/models/autoencoder.onnx, unet.onnx and code-input.npy.
"""

import io
import pathlib
import time

import numpy as np
import torch

MODELS = pathlib.Path(__file__).resolve().parent.parent / "public" / "models"
SIDE, SEED, STEPS, BATCH = 24, 7, 800, 16
START, END, LIGHT = np.array([0.16, 0.1, 0.5]), np.array([0.75, 0.15, 0.3]), np.array([1.0, 0.97, 0.9])


def codes(count, random):
    """Codes [count, 1, SIDE, SIDE]: 21 modules of 0 (light) or 1 (dark), and light around them."""
    inner = random.integers(0, 2, (count, 21, 21))
    finder = np.pad(np.pad(np.ones((3, 3), int), 1), 1, constant_values=1)
    corner = np.pad(finder, ((0, 1), (0, 1)))
    inner[:, :8, :8], inner[:, :8, 13:], inner[:, 13:, :8] = corner, corner[:, ::-1], corner[::-1]
    return np.pad(inner, ((0, 0), (1, 2), (1, 2)))[:, None].astype(np.float32)


def styled(modules):
    """Their pictures [count, 3, SIDE, SIDE]."""
    around = np.pad(modules, ((0, 0), (0, 0), (1, 1), (1, 1)))
    share = sum(around[:, :, i : i + SIDE, j : j + SIDE] for i in range(3) for j in range(3)) / 9
    start, end, light = (colour[None, :, None, None] for colour in (START, END, LIGHT))
    return (modules * (start * (1 - share) + end * share) + (1 - modules) * light).astype(np.float32)


class Square(torch.nn.Module):
    def forward(self, x):
        return x * x


def autoencoder():
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 8, 4, stride=2, padding=1),
        Square(),
        torch.nn.Conv2d(8, 20, 4, stride=2, padding=1),
        torch.nn.ConvTranspose2d(20, 8, 4, stride=2, padding=1),
        Square(),
        torch.nn.ConvTranspose2d(8, 3, 4, stride=2, padding=1),
    )


class UNet(torch.nn.Module):
    """One step down, one up, one skip."""

    def __init__(self):
        super().__init__()
        self.down = torch.nn.Conv2d(1, 6, 3, padding=1)
        self.bottom = torch.nn.Conv2d(6, 12, 3, padding=1)
        self.up = torch.nn.Upsample(scale_factor=2, mode="nearest")
        self.joined = torch.nn.Conv2d(18, 6, 3, padding=1)
        self.last = torch.nn.Conv2d(6, 3, 1)
        self.pool = torch.nn.MaxPool2d(2)
        self.relu = torch.nn.ReLU()

    def forward(self, x):
        skip = self.relu(self.down(x))
        low = self.relu(self.bottom(self.pool(skip)))
        return self.last(self.relu(self.joined(torch.cat([skip, self.up(low)], 1))))


def train(net, random):
    adam = torch.optim.Adam(net.parameters(), lr=4e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, STEPS)
    started = time.time()
    for step in range(STEPS):
        x = codes(BATCH, random)
        loss = ((net(torch.from_numpy(x)) - torch.from_numpy(styled(x))) ** 2).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
        schedule.step()
        if step % 250 == 249:
            print(f"step {step + 1}: root mean square error {loss.item() ** 0.5:.3f}, {time.time() - started:.0f} s", flush=True)
    net.eval()


def main():
    torch.set_num_threads(1)
    for name, made in (("autoencoder", autoencoder), ("unet", UNet)):
        torch.manual_seed(SEED)
        net = made()
        print(name, sum(p.numel() for p in net.parameters()), "numbers", flush=True)
        train(net, np.random.default_rng(SEED))
        file = io.BytesIO()
        torch.onnx.export(net, torch.zeros(1, 1, SIDE, SIDE), file, opset_version=13, input_names=["code"], output_names=["picture"])
        (MODELS / f"{name}.onnx").write_bytes(file.getvalue())
    np.save(MODELS / "code-input.npy", codes(2, np.random.default_rng(977)))


if __name__ == "__main__":
    main()
