"""The large products of a traced encoder in int8, half the arithmetic of bfloat16.

What goes into a product is rounded to one of 256 values between the least and the largest that it
was on sample articles; its widest channels are narrowed first and their weights widened by as much
(Xiao et al., "SmoothQuant", ICML 2023). OpenVINO computes in int8 what is marked as rounded so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from index.openvino_module import openvino

_NARROWED = 0.75
"""How much of a channel's width goes over to its weights: 0 is none of it, 1 all."""

_LEAST = 1e-4
"""Below it a channel or a weight counts as this, so that nothing is divided by zero."""

Ranges = dict[str, np.ndarray]
"""For each tensor that goes into products, by name, the least and largest of each channel: shape
(2, channels)."""


def measure_ranges(model: Any, batches: Iterable[Mapping[str, np.ndarray]]) -> Ranges:
    """The ranges over `batches`, each with `input_ids` and `attention_mask`."""
    products = _products(model)
    known = len(model.outputs)
    model.add_outputs([found[0].input_value(0) for found in products.values()])
    request = (
        openvino()
        .Core()
        .compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        .create_infer_request()
    )
    ranges: Ranges = {}
    for batch in batches:
        found = request.infer(dict(batch))
        is_text = batch["attention_mask"].astype(bool)
        for place, name in enumerate(products, start=known):
            values = found[place][is_text]
            least, largest = ranges.get(name, np.array([[np.inf], [-np.inf]]))
            ranges[name] = np.stack(
                [np.minimum(least, values.min(axis=0)), np.maximum(largest, values.max(axis=0))]
            )
    return ranges


def use_int8(model: Any, ranges: Mapping[str, np.ndarray]) -> None:
    """Mark the products of `model` whose ranges are known."""
    for name, products in _products(model).items():
        if name not in ranges:
            continue
        weights = [product.input_value(1).get_node().data for product in products]
        wide = np.maximum(np.abs(ranges[name]).max(axis=0), _LEAST)
        heavy = np.maximum(np.abs(np.concatenate(weights)).max(axis=0), _LEAST)
        factor = wide**_NARROWED / heavy ** (1 - _NARROWED)
        narrowed = openvino().opset13.multiply(products[0].input_value(0), _constant(1 / factor))
        least, largest = ranges[name] / factor
        rounded = _rounded(narrowed, least.min(), largest.max(), 256)
        for product, weight in zip(products, weights, strict=True):
            widened = weight * factor
            most = np.maximum(np.abs(widened).max(axis=1, keepdims=True), _LEAST)
            product.input(0).replace_source_output(rounded)
            product.input(1).replace_source_output(_rounded(_constant(widened), -most, most, 255))


def _products(model: Any) -> dict[str, list[Any]]:
    """The multiplications of tokens by weights, by the name of what they multiply.

    Not those of attention's reshaped heads: to round these takes a pass of its own, while elsewhere
    it comes with the step before.
    """
    found: dict[str, list[Any]] = {}
    for node in model.get_ordered_ops():
        if node.get_type_name() != "MatMul" or not node.get_attributes()["transpose_b"]:
            continue
        source, weights = node.input_value(0), node.input_value(1)
        is_dense = weights.get_node().get_type_name() == "Constant"
        has_tokens = source.get_partial_shape().rank.get_length() == 3
        if is_dense and has_tokens and source.get_node().get_type_name() != "Reshape":
            name = f"{source.get_node().get_friendly_name()}:{source.get_index()}"
            found.setdefault(name, []).append(node)
    return found


def _rounded(value: Any, least: Any, largest: Any, levels: int) -> Any:
    bounds = [_constant(least), _constant(largest)]
    return openvino().opset13.fake_quantize(value, *bounds, *bounds, levels).output(0)


def _constant(value: Any) -> Any:
    return openvino().opset13.constant(np.asarray(value, dtype=np.float32))
