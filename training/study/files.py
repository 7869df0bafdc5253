"""Reads the pairs, writes networks as ONNX: large weights as float16, or as whole numbers with a scale per output."""

import io
import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper

HERE = Path(__file__).parent
PAIRS = HERE / "build" / "pairs"
NETWORKS = HERE / "networks"
BUILD = HERE / "build"

# Smaller arrays stay float32.
SMALL = 512


def pairs(part, target, version=1):
    """Inputs [n, 1, side, side] (1 is light) and targets [n, 3, side, side] of `part`, both 0 to 1."""
    inputs = torch.from_numpy(np.load(PAIRS / f"{part}-{version}-inputs.npy"))
    if version == 6:
        return inputs, gradient(inputs, target)
    return inputs, torch.from_numpy(np.load(PAIRS / f"{part}-{version}-{target}.npy"))


COLOURS = {"green_orange": ((21, 137, 6), (247, 105, 9)), "purple_violet": ((128, 0, 128), (138, 43, 226))}


def gradient(inputs, style):
    """The styled pictures of `inputs`: written by the TypeScript source at 21×21, made here at 41×41, where they are large."""
    start, end = (torch.tensor(colour, dtype=torch.float32) for colour in COLOURS[style])
    ramp = torch.linspace(0, 1, inputs.shape[-1])
    dark = torch.round(start[:, None] + ramp * (end - start)[:, None]) / 255
    return inputs + (1 - inputs) * dark[None, :, None, :]


def write_onnx(net, side, path, scales=None):
    """
    `net`, batch norms folded, for one picture of side × side. `scales` by parameter name, shaped to multiply it: those weights
    are whole multiples of them, and are stored as int8.
    """
    stream = io.BytesIO()
    names = dict(input_names=["code"], output_names=["picture"])
    torch.onnx.export(net.eval(), torch.zeros(1, 1, side, side), stream, opset_version=13, **names)
    model = onnx.load_from_string(stream.getvalue())
    graph = model.graph
    before = []
    for weights in list(graph.initializer):
        values = numpy_helper.to_array(weights)
        if values.size < SMALL or values.dtype != np.float32:
            continue
        graph.initializer.remove(weights)
        if scales is not None and weights.name in scales:
            scale = scales[weights.name].reshape(-1).numpy().astype(np.float32)
            # Clipped for outputs that are constant: their step is next to nothing, and a rest of rounding many steps.
            whole = np.rint(values / scale.reshape((-1,) + (1,) * (values.ndim - 1))).clip(-127, 127)
            assert np.abs(whole * scale.reshape((-1,) + (1,) * (values.ndim - 1)) - values).max() < 1e-5
            stored = [(whole.astype(np.int8), "whole"), (scale, "scale"), (np.zeros(len(scale), np.int8), "zero")]
            inputs = [f"{weights.name}.{kind}" for _, kind in stored]
            before.append(helper.make_node("DequantizeLinear", inputs, [weights.name], axis=0))
        else:
            stored = [(values.astype(np.float16), "half")]
            before.append(helper.make_node("Cast", [f"{weights.name}.half"], [weights.name], to=onnx.TensorProto.FLOAT))
        for array, kind in stored:
            graph.initializer.append(numpy_helper.from_array(array, f"{weights.name}.{kind}"))
    nodes = before + list(graph.node)
    del graph.node[:]
    graph.node.extend(nodes)
    graph.name = path.stem
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())


def write_card(path, **card):
    """What is to be known of the network at `path`, beside it."""
    path = path.with_suffix(".json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n")
