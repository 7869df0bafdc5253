"""
Trains the study's networks: `python3 train.py all`, or names of runs. A run whose files are there is passed over.
Each writes networks/NAME.onnx and NAME.json: recipe, seed, loss curve, quality on 600 codes that no network saw.
Those too large to commit go to build/networks.
"""

import sys
import time
import traceback

import torch

import files
from fitting import (ROUND_VALUES, bake, differences, fit, hold, keep_largest, outputs_of, quality, round_weights,
                     weighted)
from networks import Picture, QuantAE, UNet, folded
from solving import GAIN, ridge, solve_dense, solve_sparse, start

SEED = 7
TESTED = 600
# Our recipe, where the study's is not named: the dense layers start in closed form, and few steps of larger batches follow.
OURS = dict(batch=32, rate=1e-4, decay=0.7, seed=SEED)
EPOCHS = 2
# Where least squares leaves more to do: LeakyReLU, which is nowhere straight, and liquid, which needs what is not.
LONGER = dict(OURS, rate=2e-4)


def recipe(**more):
    return {"seed": SEED, "loss": "mean absolute difference × 255", "start": "drawn convolutions, dense layers by least squares", "optimiser": "Adam 1e-4, × 0.7 an epoch",
            "trainedWith": f"PyTorch {torch.__version__}, CPU, one thread", "measuredOn": f"{TESTED} test codes", **more}


def save(name, net, side, scales=None, committed=True, **card):
    folder = files.NETWORKS if committed else files.BUILD / "networks"
    files.write_onnx(net, side, folder / f"{name}.onnx", scales)
    parameters = sum(p.numel() for p in net.parameters())
    files.write_card(files.NETWORKS / f"{name}.onnx", id=name, side=side, parameters=parameters, **card)
    print(f"{name}: {card.get('quality')}", flush=True)


def trained(kind, target="green_orange", epochs=EPOCHS, how=OURS, gain=GAIN, **shape):
    """A Quant AE by our recipe, batch norms folded: its loss, its data, and its quality in closed form."""
    side = shape.get("side", 21)
    version = 6 if side == 41 else 1
    data = files.pairs("train", target, version)
    net = solve_dense(start(kind, data, SEED, gain=gain, **shape), data)
    solved = quality(net, files.pairs("test", target, version))
    print(f"  in closed form: {solved}", flush=True)
    return net, fit(net, data, epochs=epochs, **how), data, solved


def quadratic():
    """The float network with squares, folded, from its run: others go on from it."""
    net = folded(QuantAE("quadratic"))
    net.load_state_dict(torch.load(files.BUILD / "quadratic.pt"))
    return net


def published(name, epochs, batch, decay, stretches=3, keep=lambda epoch: epoch <= 5 or epoch % 5 == 0):
    """
    The study's network and training, inputs 0 to 255, in stretches that each begin at 1e-3 again. The quality after each epoch is
    the curve over training length; the epochs of `keep` are kept as files for it.
    """
    torch.manual_seed(SEED)
    inputs, targets = files.pairs("train", "green_orange")
    test = files.pairs("test", "green_orange")
    net, lengths, losses = QuantAE("leaky"), [], []
    card = files.BUILD / "curve" / f"{name}.onnx"

    def plain():
        copy = folded(net)
        with torch.no_grad():
            copy.layers[0].weight.mul_(255)
        return copy

    for stretch in range(stretches):
        def each(epoch):
            epoch += epochs * stretch
            steps = epoch * -(-len(inputs) // batch)
            lengths.append({"epoch": epoch, "steps": steps, **quality(plain(), test)})
            print(" ", lengths[-1], flush=True)
            files.write_card(card, lengths=lengths)
            if keep(epoch):
                files.write_onnx(plain(), 21, files.BUILD / "curve" / f"{name}-{epoch}.onnx")

        losses += fit(net, (255 * inputs, targets), epochs=epochs, batch=batch, seed=SEED + stretch, decay=decay, each=each)
    return plain(), losses, lengths


def run_leaky():
    """LeakyReLU by our recipe: what the client computes in rounds."""
    net, loss, _, solved = trained("leaky", epochs=4, how=LONGER, gain=1.0)
    save("quant-ae-leaky", net, 21, recipe=recipe(optimiser="Adam 2e-4, × 0.7 an epoch", epochs=4, batch=32), loss=loss, closedForm=solved,
         quality=quality(net, files.pairs("test", "green_orange")))


def run_curve():
    """The beginning of the study's own training: 14 of its 90 epochs."""
    published("published", 14, 5, 0.95, stretches=1, keep=lambda epoch: True)


def run_published():
    """The study's training to the letter: half an hour of a processor that has nothing else to do."""
    net, loss, lengths = published("whole", 30, 5, 0.95)
    save("quant-ae-published", net, 21, committed=False, recipe=recipe(start="drawn", batch=5,
         optimiser="Adam 1e-3, × 0.95 an epoch", epochs="3 × 30, each from 1e-3"), loss=loss, lengths=lengths,
         quality=lengths[-1])


def run_quadratic():
    net, loss, _, solved = trained("quadratic")
    torch.save(net.state_dict(), files.BUILD / "quadratic.pt")
    squares = [[round(float(m.a), 5), round(float(m.b), 5)] for m in net.modules() if type(m).__name__ == "Quadratic"]
    save("quant-ae-quadratic", net, 21, recipe=recipe(epochs=EPOCHS, batch=32, note="ours: the study's batch is 5"),
         loss=loss, squares=squares, closedForm=solved, quality=quality(net, files.pairs("test", "green_orange")))


def run_collapse():
    """
    The affine network nearest to the float one: least squares of its outputs on its inputs, over the training codes. Beside it,
    what is left of the float one when its squares are dropped and nothing else is changed.
    """
    net, test = quadratic(), files.pairs("test", "green_orange")
    inputs, _ = files.pairs("train", "green_orange")
    outputs = outputs_of(net, inputs)
    weights, constants = ridge(inputs.reshape(len(inputs), -1), outputs.reshape(len(inputs), -1))
    affine = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(441, 1323), Picture(21))
    with torch.no_grad():
        affine[1].weight.copy_(weights)
        affine[1].bias.copy_(constants)
        for layer in net.modules():
            if type(layer).__name__ == "Quadratic":
                layer.a.zero_()
    unrounded, dropped = quality(affine, test), quality(net, test)
    scales = round_weights(affine, 8)
    bake(affine)
    save("quant-ae-collapse", affine, 21, scales, recipe={"from": "quant-ae-quadratic", "training": "least squares"},
         squaresDropped=dropped, beforeRounding=unrounded, quality=quality(affine, test))


def rounded(net, data, bits, epochs, rate=3e-4, batch=32, masks=None, best=False, per="output", values=None):
    """Trains a folded network on with rounded weights; its steps, its loss."""
    steps = round_weights(net, bits, per, best, masks, values)
    ROUND_VALUES[0] = values is not None
    loss = fit(net, data, epochs=epochs, batch=batch, seed=SEED, rate=rate) if epochs else []
    return steps, loss


def save_rounded(name, net, steps, loss, target="green_orange", **card):
    test = files.pairs("test", target)
    found = quality(net, test)
    ROUND_VALUES[0] = False
    free = quality(net, test)
    save(name, bake(net), 21, steps, loss=loss, quality=free, qualityWithRoundedValues=found, **card)


def run_8bit():
    net = quadratic()
    steps, loss = rounded(net, files.pairs("train", "green_orange"), 8, 1, rate=1e-4, values=8)
    save_rounded("quant-ae-8bit", net, steps, loss, recipe=recipe(
        optimiser="Adam 1e-4, × 0.95 an epoch", epochs=1, batch=32, start="quant-ae-quadratic",
        bits="weights per output and values between layers 8"))


def pruned(net, masks, data, epochs, rounded_epochs=1):
    """`net` trained on with `masks` held, rounded to 8 bits and trained on."""
    held = [(layer.weight, masks[name]) for name, layer in weighted(net).items() if name in masks]
    apply = hold(held)
    loss = fit(net, data, epochs=epochs, **OURS, after=apply)
    steps, more = rounded(net, data, 8, rounded_epochs, rate=1e-4, masks=masks)
    zeros = {name: round(float(1 - mask.mean()), 4) for name, mask in masks.items()}
    return steps, loss + more, zeros


def run_pruned():
    data = files.pairs("train", "green_orange")
    net = solve_sparse(start("quadratic", data, SEED, kernels=6), data)
    solved = quality(net, files.pairs("test", "green_orange"))
    print(f"  in closed form: {solved}", flush=True)
    layers = weighted(net)
    masks = {name: keep_largest(layer.weight, 6) for i, (name, layer) in enumerate(layers.items()) if i != 3}
    steps, loss, zeros = pruned(net, masks, data, 1)
    save_rounded("quant-ae-pruned", net, steps, loss, zeros=zeros, closedForm=solved, recipe=recipe(
        epochs="1, then 1 with 8-bit weights at 1e-4", batch=32,
        start="drawn convolutions of six weights, dense layers by least squares, in which the bottleneck holds modules",
        pruning="six weights of each output kept, the bottleneck 576→220 whole, as published"))


def share_of(share):
    """Masks that leave the smallest `share` of all weights away."""

    def masks(layers):
        every = torch.cat([layer.weight.detach().abs().reshape(-1) for layer in layers.values()])
        least = every.kthvalue(max(1, int(share * len(every)))).values
        return {name: (layer.weight.detach().abs() > least).float() for name, layer in layers.items()}

    return masks


def run_shares():
    """50 to 90 % of all weights pruned by size: their quality alone is kept."""
    found = {}
    data = tuple(part[:1600] for part in files.pairs("train", "green_orange"))
    for percent in (50, 70, 80, 90):
        net = quadratic()
        masks = share_of(percent / 100)(weighted(net))
        _, _, zeros = pruned(net, masks, data, 2)
        ROUND_VALUES[0] = False
        found[percent] = {**quality(net, files.pairs("test", "green_orange")), "zeros": zeros}
        print(percent, found[percent], flush=True)
    files.write_card(files.NETWORKS / "pruning-shares.onnx", recipe=recipe(
        epochs="2 of 1,600 codes, then 1 with 8-bit weights at 1e-4", batch=32, start="quant-ae-quadratic"), percent=found)


def run_structured():
    """Of half the size in another form: whole channels and hidden units are left out."""
    net, loss, data, solved = trained("quadratic", share=0.5)
    steps, more = rounded(net, data, 8, 1, rate=1e-4, values=8)
    save_rounded("quant-ae-structured", net, steps, loss + more, share=0.5, closedForm=solved, recipe=recipe(
        epochs=f"{EPOCHS}, then 1 with 8 bits at 1e-4", batch=32, pruning="half of the channels and of the hidden units"))


def run_bits():
    """2 to 8 bits: rounded after training, per tensor, per output and with the best step; and trained on at two rates."""
    data = tuple(part[:1600] for part in files.pairs("train", "green_orange"))
    test = files.pairs("test", "green_orange")
    ways = {
        "after, one step a tensor": dict(per="tensor", epochs=0),
        "after, one step an output": dict(epochs=0),
        "after, best step an output": dict(best=True, epochs=0),
        "trained on, 1e-4, best step an output": dict(best=True, epochs=1, rate=1e-4),
        "trained on, 1e-3, one step a tensor, values rounded too": dict(per="tensor", epochs=1, rate=1e-3, values=True),
    }
    found = {}
    for way, options in ways.items():
        for bits in range(2, 9):
            net = quadratic()
            chosen = {**options, "values": bits if options.get("values") else None}
            rounded(net, data, bits, **chosen)
            found.setdefault(way, {})[bits] = quality(net, test)["clamped"]
        print(way, found[way], flush=True)
        files.write_card(files.NETWORKS / "bits.onnx", recipe=recipe(
            epochs="1 of 1,600 codes", batch=32, start="quant-ae-quadratic"), clampedDifference=found)
    ROUND_VALUES[0] = False


def run_liquid():
    """The same network on a task that needs its squares."""
    net, loss, data, solved = trained("quadratic", "liquid", epochs=10, how=LONGER, gain=1.0)
    before = quality(net, files.pairs("test", "liquid"))
    steps, more = rounded(net, data, 8, 1, rate=1e-4)
    save_rounded("liquid-8bit", net, steps, loss + more, target="liquid", committed=False, closedForm=solved, beforeRounding=before,
                 recipe=recipe(optimiser="Adam 2e-4, × 0.7 an epoch", epochs="10, then 1 with 8-bit weights at 1e-4", batch=32))


def run_liquid_affine():
    """The best affine network for liquid in the least-squares sense: what is left is what needs a nonlinearity."""
    inputs, targets = files.pairs("train", "liquid")
    flat = torch.cat([inputs.reshape(len(inputs), -1), torch.ones(len(inputs), 1)], 1).double()
    ridge = 1e-3 * torch.eye(flat.shape[1]).double()
    weights = torch.linalg.solve(flat.T @ flat + ridge, flat.T @ targets.reshape(len(inputs), -1).double())
    found = {}
    for part in ("train", "test"):
        x, y = files.pairs(part, "liquid")
        x = torch.cat([x.reshape(len(x), -1), torch.ones(len(x), 1)], 1).double()
        found[part] = differences((x @ weights).float().reshape(y.shape), y)
    files.write_card(files.NETWORKS / "liquid-affine.onnx", recipe={"training": "least squares over 3,200 codes"},
                     quality=found["test"], trainingCodes=found["train"])
    print("liquid affine", found, flush=True)


def unet(name, side, epochs, batch, up="nearest", codes=3200, target="green_orange", kind="quadratic"):
    torch.manual_seed(SEED)
    enlarge = side // 21
    larger = lambda part: sized(*files.pairs(part, target), enlarge)
    inputs, targets = larger("train")
    net, some = UNet(side, up, kind), (inputs[:codes], targets[:codes])
    loss = fit(net, some, epochs=2, batch=batch, seed=SEED, rate=1e-2, decay=0.7)
    plain = folded(net)
    loss += fit(plain, some, epochs=epochs - 2, batch=batch, seed=SEED, rate=3e-3, decay=0.7)
    save(name, plain, side, recipe=recipe(start="drawn", optimiser="Adam 1e-2 and, with batch norms folded, 3e-3, × 0.7 an epoch",
         epochs=f"2, then {epochs - 2} with batch norms folded", batch=batch, codes=codes), loss=loss,
         quality=quality(plain, larger("test")))


def sized(inputs, targets, factor):
    """Pictures of `factor` pixels a module, the gradient over all their columns."""
    if factor == 1:
        return inputs, targets
    large = inputs.repeat_interleave(factor, 2).repeat_interleave(factor, 3)
    return large, files.gradient(large, "green_orange")


def run_unet():
    unet("unet-21", 21, 10, 16)


def run_unet_transposed():
    unet("unet-21-transposed", 21, 10, 16, up="transposed")


def run_unet_liquid():
    """Liquid by a network without a bottleneck: against the affine one, what squares are worth."""
    unet("unet-21-liquid", 21, 10, 16, target="liquid")


def run_unet105():
    """Skips at 105×105, LeakyReLU at the client: with squares the planner gives up on it."""
    unet("unet-105", 105, 7, 8, codes=600, kind="leaky")


def run_purple():
    """The second style."""
    net, loss, data, solved = trained("quadratic", "purple_violet", epochs=1)
    steps, more = rounded(net, data, 8, 1, rate=1e-4, values=8)
    save_rounded("quant-ae-purple-8bit", net, steps, loss + more, target="purple_violet", closedForm=solved,
                 recipe=recipe(epochs="1, then 1 with 8 bits at 1e-4", batch=32))


def run_41():
    net, loss, data, solved = trained("quadratic", epochs=1, side=41)
    steps, more = rounded(net, data, 8, 0)
    found = quality(net, files.pairs("test", "green_orange", 6))
    save("quant-ae-41-8bit", bake(net), 41, steps, committed=False, loss=loss + more, quality=found, closedForm=solved,
         recipe=recipe(epochs="1, then rounded to 8 bits", batch=32, note="12 MB: built by run.sh"))


RUNS = {
    "quadratic": run_quadratic, "8bit": run_8bit, "pruned": run_pruned, "structured": run_structured,
    "collapse": run_collapse, "leaky": run_leaky, "unet": run_unet, "liquid-affine": run_liquid_affine,
    "curve": run_curve, "unet-105": run_unet105, "bits": run_bits, "unet-transposed": run_unet_transposed, "unet-liquid": run_unet_liquid,
    "purple": run_purple, "liquid": run_liquid, "shares": run_shares, "41": run_41, "published": run_published,
}


def main():
    torch.set_num_threads(1)
    # Gradients of modules that never change die out, and numbers below 1e-38 are slow.
    torch.set_flush_denormal(True)
    wanted = [name for arg in sys.argv[1:] for name in (RUNS if arg == "all" else [arg])]
    done = files.BUILD / "done"
    done.mkdir(parents=True, exist_ok=True)
    failed = []
    for name in wanted:
        if (done / name).exists():
            continue
        started = time.time()
        print(f"{name} …", flush=True)
        try:
            RUNS[name]()
        except Exception:
            traceback.print_exc()
            failed.append(name)
            continue
        (done / name).write_text(f"{time.time() - started:.0f} s\n")
        print(f"{name}: {time.time() - started:.0f} s", flush=True)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
