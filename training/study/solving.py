"""
The dense layers of a Quant AE in closed form. The task is affine and the convolutions lose nothing of a code, so least squares
finds in seconds what steps of descent approach in hours; training goes on from there.
"""

import torch
from torch import nn

from fitting import keep_largest, outputs_of
from networks import QuantAE, folded


# Values between layers begin this large: near 0 an activation of degree 2 is nearly straight, and least squares finds more.
GAIN = 0.15


def ridge(features, targets, strength=1e-4):
    """Least squares of `targets` on `features` and a constant, with a penalty on the weights; weights [out, in] and constants."""
    features, targets = features.double(), targets.double()
    mean, middle = features.mean(0), targets.mean(0)
    x, y = features - mean, targets - middle
    gram = x.T @ x + strength * len(x) * torch.eye(x.shape[1]).double()
    weights = torch.linalg.solve(gram, x.T @ y).T
    return weights.float(), (middle - weights @ mean).float()


def hidden_values(inputs, width):
    """What the hidden layer is to give: the modules where it is as wide, else their main components."""
    flat = inputs.reshape(len(inputs), -1)
    if width == flat.shape[1]:
        return flat
    _, _, axes = torch.linalg.svd((flat - flat.mean(0)).double(), full_matrices=False)
    return (flat - flat.mean(0)) @ axes[:width].float().T


def start(kind, data, seed, kernels=None, gain=GAIN, **shape):
    """A Quant AE with drawn convolutions, its batch norms set by 300 codes, folded. `kernels` prunes each convolution's outputs."""
    torch.manual_seed(seed)
    net = QuantAE(kind, **shape)
    if kernels is not None:
        with torch.no_grad():
            for layer in net.modules():
                if isinstance(layer, nn.Conv2d):
                    layer.weight.mul_(keep_largest(layer.weight, kernels))
    for layer in net.modules():
        if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)):
            layer.momentum = 1.0
            layer.weight.data.fill_(gain)
    with torch.no_grad():
        net.train()(data[0][:300])
    return folded(net)


def dense_layers(net):
    return [i for i, m in enumerate(net.layers) if isinstance(m, nn.Linear)]


@torch.no_grad()
def solve_dense(net, data):
    """
    The first two dense layers give the hidden layer its values by reduced-rank regression on what the convolutions give (Izenman
    1975), the last gives the pictures by regression on what the activation makes of them.
    """
    inputs, targets = data
    first, second, last = dense_layers(net)
    features = outputs_of(net.layers[:first], inputs)
    weights, constants = ridge(features, hidden_values(inputs, net.layers[second].out_features))
    found = features @ weights.T
    middle = found.mean(0)
    _, _, axes = torch.linalg.svd((found - middle).double(), full_matrices=False)
    axes = axes[: net.layers[first].out_features].float()
    net.layers[first].weight.copy_(axes @ weights)
    net.layers[first].bias.zero_()
    net.layers[second].weight.copy_(axes.T)
    net.layers[second].bias.copy_(constants + middle - axes.T @ (axes @ middle))
    solve_last(net, data)
    return net


@torch.no_grad()
def solve_last(net, data):
    inputs, targets = data
    last = dense_layers(net)[2]
    weights, constants = ridge(outputs_of(net.layers[:last], inputs), targets.reshape(len(targets), -1))
    net.layers[last].weight.copy_(weights)
    net.layers[last].bias.copy_(constants)


def independent(flat, count):
    """`count` modules from which the others follow as nearly as may be: each the one that those before say least about."""
    rest = (flat - flat.mean(0)).double()
    chosen = []
    for _ in range(count):
        sizes = (rest**2).sum(0)
        sizes[chosen] = -1
        best = int(sizes.argmax())
        chosen.append(best)
        axis = rest[:, best] / rest[:, best].norm().clamp_min(1e-9)
        rest = rest - axis[:, None] * (axis @ rest)
    return chosen


@torch.no_grad()
def solve_sparse(net, data, kept=6):
    """
    As solve_dense, with at most `kept` weights for each hidden value and each output: the bottleneck holds modules
    themselves, a hidden value is its module or follows from `kept` of them, an output from its own module.
    """
    inputs, targets = data
    first, second, last = dense_layers(net)
    flat = inputs.reshape(len(inputs), -1)
    modules = independent(flat, net.layers[first].out_features)
    weights, constants = ridge(outputs_of(net.layers[:first], inputs), flat[:, modules])
    net.layers[first].weight.copy_(weights)
    net.layers[first].bias.copy_(constants)
    held = flat[:, modules]
    spread = held - held.mean(0)
    matrix, bias = torch.zeros_like(net.layers[second].weight), flat.mean(0).clone()
    for module in range(flat.shape[1]):
        if module in modules:
            near = torch.tensor([modules.index(module)])
        elif flat[:, module].std() < 1e-6:
            continue
        else:
            near = (spread.T @ (flat[:, module] - flat[:, module].mean())).abs().topk(kept).indices
        row, constant = ridge(held[:, near], flat[:, [module]], 1e-6)
        matrix[module, near], bias[module] = row[0], constant[0]
    net.layers[second].weight.copy_(matrix)
    net.layers[second].bias.copy_(bias)
    shown = outputs_of(net.layers[:last], inputs)
    wanted = targets.reshape(len(targets), -1)
    matrix = torch.zeros_like(net.layers[last].weight)
    bias = wanted.mean(0).clone()
    for output in range(wanted.shape[1]):
        module = output % flat.shape[1]
        x = shown[:, module] - shown[:, module].mean()
        if x.var() > 1e-6:
            slope = (x @ (wanted[:, output] - bias[output])) / (x @ x)
            matrix[output, module] = slope
            bias[output] -= slope * shown[:, module].mean()
    net.layers[last].weight.copy_(matrix)
    net.layers[last].bias.copy_(bias)
    return net
