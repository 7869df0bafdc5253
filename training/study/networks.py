"""The study's networks in PyTorch: Quant AE as its public code describes it, and U-Nets with skips."""

import torch
from torch import nn

# PyTorch's default, which the study uses.
LEAK = 0.01


class Picture(nn.Module):
    """[batch, 3·n·n] as [batch, 3, n, n]."""

    def __init__(self, side):
        super().__init__()
        self.side = side

    def forward(self, x):
        return x.reshape(-1, 3, self.side, self.side)


class Quadratic(nn.Module):
    """a·x² + b·x with trained a and b, one each a layer: a square is all that a multiplication of ciphertexts gives."""

    def __init__(self, a=0.1, b=0.7):
        super().__init__()
        self.a = nn.Parameter(torch.tensor(a))
        self.b = nn.Parameter(torch.tensor(b))

    def forward(self, x):
        return self.a * x * x + self.b * x


def between(kind):
    return nn.LeakyReLU(LEAK) if kind == "leaky" else Quadratic()


class QuantAE(nn.Module):
    """
    [batch, 1, n, n] to [batch, 3, n, n]: three 3×3 convolutions of stride 2 with batch norm, flatten, a bottleneck, and two
    dense layers with batch norm. n = 21: 16, 32, 64 channels, 576, 220, 441, 1323. n = 41: 2304, 882, 1681, 5043.
    `share` of the channels and of the hidden layer is kept: structured pruning. The last LeakyReLU stays in every form.
    """

    def __init__(self, kind="leaky", side=21, share=1.0):
        super().__init__()
        own = lambda width: max(1, round(width * share))
        channels = [1, own(16), own(32), own(64)]
        bottleneck = 220 if side == 21 else 882
        hidden = own(side * side)
        layers = []
        for inputs, outputs in zip(channels, channels[1:]):
            layers += [nn.Conv2d(inputs, outputs, 3, stride=2, padding=1), nn.BatchNorm2d(outputs), between(kind)]
        small = side
        for _ in range(3):
            small = (small + 1) // 2
        layers += [nn.Flatten(), nn.Linear(channels[-1] * small * small, bottleneck)]
        layers += [nn.Linear(bottleneck, hidden), nn.BatchNorm1d(hidden), between(kind)]
        layers += [nn.Linear(hidden, 3 * side * side), nn.BatchNorm1d(3 * side * side), nn.LeakyReLU(LEAK)]
        layers += [Picture(side)]
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(x)


class Position(nn.Module):
    """Adds trained values of the column: a convolution alone cannot know where in a gradient it is."""

    def __init__(self, channels, side):
        super().__init__()
        ramp = torch.linspace(-0.5, 0.5, side).repeat(channels, 1)
        self.columns = nn.Parameter((ramp * torch.randn(channels, 1)).reshape(1, channels, 1, side))

    def forward(self, x):
        return x + self.columns


class UNet(nn.Module):
    """
    [batch, 1, n, n] to [batch, 3, n, n], n = 21 or 105: two levels with skips, average pools, 4 and 8 channels; upwards by
    nearest neighbours or by transposed convolutions.
    """

    def __init__(self, side=21, up="nearest", kind="quadratic"):
        super().__init__()
        self.sizes = [side, side // 2, side // 4]
        conv = lambda inputs, outputs: nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs)
        )
        self.first, self.second, self.third = conv(1, 4), conv(4, 8), conv(8, 8)
        self.fourth, self.fifth = conv(16, 8), conv(12, 4)
        self.last = nn.Conv2d(4, 3, 3, padding=1)
        self.place = Position(4, side)
        self.acts = nn.ModuleList(between(kind) for _ in range(5))
        self.pool = nn.AvgPool2d(2)
        self.up = up
        if up == "transposed":
            pad = [self.sizes[1] - 2 * self.sizes[2], self.sizes[0] - 2 * self.sizes[1]]
            self.ups = nn.ModuleList(
                nn.ConvTranspose2d(8, 8, 2, stride=2, output_padding=pad[level]) for level in range(2)
            )

    def raise_to(self, x, level):
        if self.up == "transposed":
            return self.ups[1 - level](x)
        return nn.functional.interpolate(x, size=(self.sizes[level],) * 2, mode="nearest")

    def forward(self, x):
        top = self.acts[0](self.place(self.first(x)))
        middle = self.acts[1](self.second(self.pool(top)))
        bottom = self.acts[2](self.third(self.pool(middle)))
        joined = torch.cat([self.raise_to(bottom, 1), middle], 1)
        joined = torch.cat([self.raise_to(self.acts[3](self.fourth(joined)), 0), top], 1)
        return self.last(self.acts[4](self.fifth(joined)))


def folded(net):
    """A copy of `net` in which batch norms are part of the layers before them: what is exported, quantised and encrypted."""
    import copy

    net = copy.deepcopy(net).eval()
    for parent in net.modules():
        if not isinstance(parent, nn.Sequential):
            continue
        previous = None
        for name, layer in list(parent._modules.items()):
            if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)):
                factor = layer.weight / torch.sqrt(layer.running_var + layer.eps)
                shape = (-1,) + (1,) * (previous.weight.dim() - 1)
                with torch.no_grad():
                    previous.weight.mul_(factor.reshape(shape))
                    previous.bias.copy_((previous.bias - layer.running_mean) * factor + layer.bias)
                parent._modules[name] = nn.Identity()
            previous = layer
    return net
