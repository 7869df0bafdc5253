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

SEED = 7
TESTED = 600
# Our recipe, where the study's is not named: larger batches, a higher rate that falls faster, and far fewer steps.
OURS = dict(batch=32, rate=3e-3, decay=0.75, seed=SEED)
EPOCHS = 12


def recipe(**more):
    return {"seed": SEED, "loss": "mean absolute difference × 255", "optimiser": "Adam 3e-3, × 0.75 an epoch",
            "trainedWith": f"PyTorch {torch.__version__}, CPU, one thread", "measuredOn": f"{TESTED} test codes", **more}


def save(name, net, side, scales=None, committed=True, **card):
    folder = files.NETWORKS if committed else files.BUILD / "networks"
    files.write_onnx(net, side, folder / f"{name}.onnx", scales)
    parameters = sum(p.numel() for p in net.parameters())
    files.write_card(files.NETWORKS / f"{name}.onnx", id=name, side=side, parameters=parameters, **card)
    print(f"{name}: {card.get('quality')}", flush=True)


def trained(kind, epochs=EPOCHS, target="green_orange", **more):
    """A Quant AE trained by our recipe, folded, with its curve and data."""
    torch.manual_seed(SEED)
    side = more.get("side", 21)
    data = files.pairs("train", target, 6 if side == 41 else 1)
    net = QuantAE(kind, **more)
    curve = fit(net, data, epochs=epochs, **OURS)
    return folded(net), curve, data


def quadratic_file():
    return files.BUILD / "quadratic.pt"


def quadratic():
    """The float network with squares, from its run: others go on from it."""
    net = QuantAE("quadratic")
    net.load_state_dict(torch.load(quadratic_file()))
    return net


# After which epochs the network is kept as a file of the curve over training length.
KEPT = (1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 15, 20, 30, 31, 45, 60, 61, 75, 90)


def leaky(name, epochs, batch, decay):
    """
    The study's network, inputs 0 to 255, in three stretches that each begin at 1e-3 again. The quality after each epoch is the
    curve over training length.
    """
    torch.manual_seed(SEED)
    inputs, targets = files.pairs("train", "green_orange")
    test = files.pairs("test", "green_orange")
    net, lengths, losses = QuantAE("leaky"), [], []

    def plain():
        copy = folded(net)
        with torch.no_grad():
            copy.layers[0].weight.mul_(255)
        return copy

    for stretch in range(3):
        def each(epoch):
            epoch += epochs * stretch
            steps = epoch * -(-len(inputs) // batch)
            lengths.append({"epoch": epoch, "steps": steps, **quality(plain(), test)})
            if epoch in KEPT:
                files.write_onnx(plain(), 21, files.BUILD / "curve" / f"{name}-{epoch}.onnx")

        losses += fit(net, (255 * inputs, targets), epochs=epochs, batch=batch, seed=SEED + stretch, decay=decay, each=each)
    save(name, plain(), 21, recipe=recipe(optimiser=f"Adam 1e-3, × {decay} an epoch", batch=batch,
         epochs=f"3 × {epochs}, each from 1e-3"), loss=losses, lengths=lengths, quality=lengths[-1])


def run_leaky():
    """A twentieth of the study's training: 1,500 steps of 32 codes for its 57,600 of 5."""
    leaky("quant-ae-leaky", 5, 32, 0.7)


def run_published():
    """The study's recipe to the letter: half an hour of a processor that has nothing else to do."""
    leaky("quant-ae-published", 30, 5, 0.95)


def run_quadratic():
    torch.manual_seed(SEED)
    net = QuantAE("quadratic")
    loss = fit(net, files.pairs("train", "green_orange"), epochs=EPOCHS, **OURS)
    torch.save(net.state_dict(), quadratic_file())
    plain = folded(net)
    squares = [[round(float(m.a), 5), round(float(m.b), 5)] for m in net.modules() if type(m).__name__ == "Quadratic"]
    save("quant-ae-quadratic", plain, 21, recipe=recipe(epochs=EPOCHS, batch=32, note="ours: the study's batch is 5"),
         loss=loss, squares=squares, quality=quality(plain, files.pairs("test", "green_orange")))


def run_collapse():
    """The affine network that is left when the trained squares are dropped, its constant set by the training codes' mean."""
    net = folded(quadratic())
    test = files.pairs("test", "green_orange")
    inputs, _ = files.pairs("train", "green_orange")
    whole = outputs_of(net, inputs).mean(0)
    with torch.no_grad():
        for layer in net.modules():
            if type(layer).__name__ == "Quadratic":
                layer.a.zero_()
    dropped = quality(net, test)
    straight = torch.nn.Sequential(*list(net.layers)[:-2], net.layers[-1])
    zero = outputs_of(straight, torch.zeros(1, 1, 21, 21)).reshape(-1)
    unit = torch.eye(441).reshape(441, 1, 21, 21)
    matrix = (outputs_of(straight, unit).reshape(441, -1) - zero).T.contiguous()
    affine = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(441, 1323), Picture(21))
    with torch.no_grad():
        affine[1].weight.copy_(matrix)
        affine[1].bias.copy_(zero + whole.reshape(-1) - outputs_of(straight, inputs).mean(0).reshape(-1))
    unrounded = quality(affine, test)
    scales = round_weights(affine, 8)
    bake(affine)
    save("quant-ae-collapse", affine, 21, scales, recipe={"from": "quant-ae-quadratic", "training": "none"},
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
    net = folded(quadratic())
    steps, loss = rounded(net, files.pairs("train", "green_orange"), 8, 2, values=8)
    save_rounded("quant-ae-8bit", net, steps, loss, recipe=recipe(
        optimiser="Adam 3e-4, × 0.95 an epoch", epochs=2, batch=32, start="quant-ae-quadratic",
        bits="weights per output and values between layers 8"))


def pruned(masks_of, epochs, bits=8, codes=3200):
    """The float network pruned, trained on, rounded to 8 bits and trained on."""
    net = folded(quadratic())
    data = tuple(part[:codes] for part in files.pairs("train", "green_orange"))
    masks = masks_of(weighted(net))
    held = [(layer.weight, masks[name]) for name, layer in weighted(net).items() if name in masks]
    loss = fit(net, data, epochs=epochs, **{**OURS, "rate": 1e-3}, after=hold(held))
    steps, more = rounded(net, data, bits, max(1, epochs // 4), masks=masks)
    zeros = {name: round(float(1 - mask.mean()), 4) for name, mask in masks.items()}
    return net, steps, loss + more, zeros


def six_each(layers):
    names = list(layers)
    return {name: keep_largest(layers[name].weight, 6) for i, name in enumerate(names) if i != 3}


def run_pruned():
    net, steps, loss, zeros = pruned(six_each, 8)
    save_rounded("quant-ae-pruned", net, steps, loss, zeros=zeros, recipe=recipe(
        epochs="8 from 1e-3, then 2 with 8-bit weights at 3e-4", batch=32, start="quant-ae-quadratic",
        pruning="six weights of each output kept, the bottleneck 576→220 whole, as published"))


def share_of(share):
    """Masks that leave the smallest `share` of all weights away."""

    def masks(layers):
        every = torch.cat([layer.weight.detach().abs().reshape(-1) for layer in layers.values()])
        least = every.kthvalue(max(1, int(share * len(every)))).values
        return {name: (layer.weight.detach().abs() > least).float() for name, layer in layers.items()}

    return masks


def run_shares():
    """50 to 90 % of all weights pruned: their quality alone is kept."""
    found = {}
    for percent in (50, 70, 80, 90):
        net, _, _, zeros = pruned(share_of(percent / 100), 3, codes=1600)
        ROUND_VALUES[0] = False
        found[percent] = {**quality(net, files.pairs("test", "green_orange")), "zeros": zeros}
        print(percent, found[percent], flush=True)
    files.write_card(files.NETWORKS / "pruning-shares.onnx", recipe=recipe(
        epochs="3 of 1,600 codes from 1e-3, then 1 with 8-bit weights at 3e-4", batch=32, start="quant-ae-quadratic"), percent=found)


def run_structured():
    """Of the size of the published pruning in another form: whole channels and units are left out."""
    net, loss, data = trained("quadratic", share=0.45)
    steps, more = rounded(net, data, 8, 2, values=8)
    save_rounded("quant-ae-structured", net, steps, loss + more, share=0.45, recipe=recipe(
        epochs="12, then 2 with 8 bits at 3e-4", batch=32, pruning="45 % of the channels and of the inner widths"))


def run_bits():
    """2 to 8 bits: rounded after training, per tensor, per output and with the best step; and trained on at two rates."""
    data = tuple(part[:1600] for part in files.pairs("train", "green_orange"))
    test = files.pairs("test", "green_orange")
    ways = {
        "after, one step a tensor": dict(per="tensor", epochs=0),
        "after, one step an output": dict(epochs=0),
        "after, best step an output": dict(best=True, epochs=0),
        "trained on, 3e-4, best step an output": dict(best=True, epochs=1),
        "trained on, 1e-3, one step a tensor, values rounded too": dict(per="tensor", epochs=1, rate=1e-3, values=True),
    }
    found = {}
    for way, options in ways.items():
        for bits in range(2, 9):
            net = folded(quadratic())
            chosen = {**options, "values": bits if options.get("values") else None}
            rounded(net, data, bits, **chosen)
            found.setdefault(way, {})[bits] = quality(net, test)["clamped"]
        print(way, found[way], flush=True)
        files.write_card(files.NETWORKS / "bits.onnx", recipe=recipe(
            epochs="1 of 1,600 codes", batch=32, start="quant-ae-quadratic"), clampedDifference=found)
    ROUND_VALUES[0] = False


def run_liquid():
    net, loss, data = trained("quadratic", target="liquid")
    before = quality(net, files.pairs("test", "liquid"))
    steps, more = rounded(net, data, 8, 2)
    save_rounded("liquid-8bit", net, steps, loss + more, target="liquid", beforeRounding=before,
                 recipe=recipe(epochs="12, then 2 with 8-bit weights at 3e-4", batch=32))


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


def unet(name, side, epochs, batch, up="nearest", codes=3200):
    torch.manual_seed(SEED)
    enlarge = side // 21
    larger = lambda part: tuple(t for t in sized(*files.pairs(part, "green_orange"), enlarge))
    inputs, targets = larger("train")
    net = UNet(side, up)
    loss = fit(net, (inputs[:codes], targets[:codes]), epochs=epochs, batch=batch, seed=SEED, rate=1e-2, decay=0.7)
    plain = folded(net)
    save(name, plain, side, recipe=recipe(optimiser="Adam 1e-2, × 0.7 an epoch", epochs=epochs, batch=batch,
         codes=codes), loss=loss, quality=quality(plain, larger("test")))


def sized(inputs, targets, factor):
    """Pictures of `factor` pixels a module, the gradient over all their columns."""
    if factor == 1:
        return inputs, targets
    large = inputs.repeat_interleave(factor, 2).repeat_interleave(factor, 3)
    return large, files.gradient(large, "green_orange")


def run_unet():
    unet("unet-21", 21, 8, 16)


def run_unet_transposed():
    unet("unet-21-transposed", 21, 8, 16, up="transposed")


def run_unet105():
    unet("unet-105", 105, 6, 8, codes=600)


def run_purple():
    """The second style: the first one's network, trained on."""
    torch.manual_seed(SEED)
    net, data = quadratic(), files.pairs("train", "purple_violet")
    loss = fit(net, data, epochs=5, **{**OURS, "rate": 1e-3})
    net = folded(net)
    steps, more = rounded(net, data, 8, 1, values=8)
    save_rounded("quant-ae-purple-8bit", net, steps, loss + more, target="purple_violet", recipe=recipe(
        optimiser="Adam 1e-3, × 0.75 an epoch", epochs="5, then 1 with 8 bits at 3e-4", batch=32,
        start="quant-ae-quadratic"))


def run_41():
    net, loss, data = trained("quadratic", 5, side=41)
    steps, more = rounded(net, data, 8, 1)
    test = files.pairs("test", "green_orange", 6)
    found = quality(net, test)
    save("quant-ae-41-8bit", bake(net), 41, steps, committed=False, loss=loss + more, quality=found,
         recipe=recipe(epochs="5, then 1 with 8-bit weights at 3e-4", batch=32, note="12 MB: built by run.sh"))


RUNS = {
    "quadratic": run_quadratic, "8bit": run_8bit, "structured": run_structured, "unet": run_unet, "pruned": run_pruned,
    "collapse": run_collapse, "leaky": run_leaky, "liquid-affine": run_liquid_affine, "liquid": run_liquid,
    "unet-105": run_unet105, "bits": run_bits, "unet-transposed": run_unet_transposed, "purple": run_purple,
    "shares": run_shares, "published": run_published, "41": run_41,
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
