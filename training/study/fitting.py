"""Training loops: the study's recipe and ours, pruning masks, and weights rounded to few bits while they are trained."""

import time

import torch
from torch import nn
from torch.nn.utils import parametrize


def l1(outputs, targets):
    """The study's loss: mean absolute difference × 255."""
    return 255 * (outputs - targets).abs().mean()


def fit(net, data, *, epochs, batch, seed, rate=1e-3, decay=0.95, after=None, each=None):
    """
    Adam from `rate`, × `decay` each epoch. `after` runs after each step (to hold a mask), `each` after each epoch with its
    number. Returns the mean loss of each epoch.
    """
    inputs, targets = data
    order = torch.Generator().manual_seed(seed)
    adam = torch.optim.Adam([p for p in net.parameters() if p.requires_grad], lr=rate, foreach=True)
    schedule = torch.optim.lr_scheduler.ExponentialLR(adam, decay)
    curve, started = [], time.process_time()
    for epoch in range(epochs):
        net.train()
        total, steps = 0.0, 0
        for chosen in torch.randperm(len(inputs), generator=order).split(batch):
            if len(chosen) < 2:
                continue
            adam.zero_grad(set_to_none=True)
            loss = l1(net(inputs[chosen]), targets[chosen])
            loss.backward()
            adam.step()
            if after is not None:
                after()
            total, steps = total + loss.item(), steps + 1
        schedule.step()
        curve.append(round(total / steps, 4))
        if each is not None:
            each(epoch + 1)
        if epoch % 5 == 4 or epoch == 0:
            print(f"  epoch {epoch + 1}: loss {curve[-1]}, {time.process_time() - started:.0f} s of CPU", flush=True)
    return curve


@torch.no_grad()
def outputs_of(net, inputs):
    return torch.cat([net.eval()(part) for part in inputs.split(100)])


def differences(outputs, targets):
    """Mean absolute difference of the pictures' bytes, of 1: raw, bytes clamped, bytes wrapped as an unchecked cast has them."""
    bytes_of = {
        "clamped": (outputs * 255).clamp(0, 255).trunc(),
        "wrapped": torch.remainder((outputs * 255).trunc(), 256),
    }
    truth = (targets * 255).round()
    found = {name: float((pixels - truth).abs().mean() / 255) for name, pixels in bytes_of.items()}
    return {"raw": float((outputs - targets).abs().mean()), **found}


def quality(net, data):
    inputs, targets = data
    return {name: round(value, 6) for name, value in differences(outputs_of(net, inputs), targets).items()}


def weighted(net):
    """The layers with weights, by name."""
    return {n: m for n, m in net.named_modules() if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear))}


def keep_largest(weight, kept):
    """A mask that keeps the `kept` largest weights of each output."""
    flat = weight.detach().abs().reshape(len(weight), -1)
    mask = torch.zeros_like(flat).scatter(1, flat.topk(min(kept, flat.shape[1]), 1).indices, 1.0)
    return mask.reshape(weight.shape)


def hold(masks):
    """Sets masked weights to 0: a function to call after each step."""

    def apply():
        with torch.no_grad():
            for parameter, mask in masks:
                parameter.mul_(mask)

    apply()
    return apply


def scale_of(weight, bits, per="output", best=False):
    """
    The step that a weight is a whole multiple of, shaped to multiply it. `per` output or tensor; `best` searches the step of
    least squared error instead of taking the largest weight's.
    """
    most = 2 ** (bits - 1) - 1
    flat = weight.detach().reshape(len(weight), -1) if per == "output" else weight.detach().reshape(1, -1)
    largest = flat.abs().amax(1).clamp_min(1e-12)
    steps = largest / most
    if best:
        errors = []
        shares = torch.linspace(0.2, 1.0, 33)
        for share in shares:
            step = (share * largest / most)[:, None]
            errors.append((((flat / step).round().clamp(-most, most) * step - flat) ** 2).sum(1))
        steps = shares[torch.stack(errors).argmin(0)] * largest / most
    shape = (len(weight),) if per == "output" else (1,)
    return steps.reshape(shape + (1,) * (weight.dim() - 1))


class Rounded(nn.Module):
    """A weight rounded to whole multiples of a fixed step; gradients pass as if it were not."""

    def __init__(self, step, bits, mask=None):
        super().__init__()
        self.register_buffer("step", step)
        self.most = 2 ** (bits - 1) - 1
        self.mask = mask

    def forward(self, weight):
        rounded = (weight / self.step).round().clamp(-self.most, self.most) * self.step
        if self.mask is not None:
            rounded = rounded * self.mask
        return weight + (rounded - weight).detach()


class RoundedValues(nn.Module):
    """Values between layers rounded to 2^bits steps over the range that was seen; gradients pass."""

    def __init__(self, bits):
        super().__init__()
        self.bits = bits
        self.low, self.high = 0.0, 0.0

    def forward(self, x):
        if self.training:
            low, high = float(x.detach().min()), float(x.detach().max())
            fresh = self.low == self.high
            self.low = low if fresh else 0.99 * self.low + 0.01 * low
            self.high = high if fresh else 0.99 * self.high + 0.01 * high
        step = max(self.high - self.low, 1e-9) / (2**self.bits - 1)
        rounded = ((x.clamp(self.low, self.high) - self.low) / step).round() * step + self.low
        return x + (rounded - x).detach()


def round_weights(net, bits, per="output", best=False, masks=None, values=None):
    """
    Makes every weight of `net` (batch norms folded) a whole multiple of a step while it is trained on. `values` bits for what
    activations give, while training and when measured; None leaves them. Returns the steps by parameter name.
    """
    steps = {}
    for name, layer in weighted(net).items():
        step = scale_of(layer.weight, bits, per, best)
        mask = None if masks is None else masks.get(name)
        parametrize.register_parametrization(layer, "weight", Rounded(step, bits, mask))
        steps[f"{name}.weight"] = step.expand((len(layer.weight),) + step.shape[1:]).contiguous()
    if values is not None:
        kinds = ("Quadratic", "LeakyReLU")
        chosen = [m for m in net.modules() if type(m).__name__ in kinds][:-1]
        for layer in chosen:
            rounding = RoundedValues(values)
            layer.rounding = rounding
            layer.register_forward_hook(lambda layer, _, output: layer.rounding(output) if ROUND_VALUES[0] else output)
    return steps


# Whether values between layers are rounded: switched off for what is exported, since nothing rounds a ciphertext's values.
ROUND_VALUES = [True]


def bake(net):
    """Leaves the rounded weights as plain parameters."""
    for layer in weighted(net).values():
        if parametrize.is_parametrized(layer, "weight"):
            parametrize.remove_parametrizations(layer, "weight", leave_parametrized=True)
    return net
