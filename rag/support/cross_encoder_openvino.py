"""A small cross-encoder out of its tensors and OpenVINO's operations: it loads without torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from index.openvino_module import openvino

if TYPE_CHECKING:
    import numpy as np

_EPSILON = 1e-12  # BERT's, of its layer norms


def compiled_bert(tensors: Mapping[str, np.ndarray], layers: int, heads: int) -> Any:
    """The cross-encoder of rag/support/cross_encoder.py, BERT (Devlin et al., 2019) and a linear
    layer, compiled for this processor.

    `tensors` are float32, under its names. The model goes from `input_ids`, `attention_mask` and
    `token_type_ids`, int64 of shape (rows, tokens), to log-odds of shape (rows, 1); in bfloat16
    where the processor computes in it.
    """
    core = openvino().Core()
    can_bf16 = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    options = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "bf16" if can_bf16 else "f32",
        "ENABLE_CPU_PINNING": False,  # other programs, and torch in this one, want the cores too
    }
    return core.compile_model(_Graph(tensors, layers, heads).model(), "CPU", options)


class _Graph:
    """The operations, from the inputs to the output."""

    def __init__(self, tensors: Mapping[str, np.ndarray], layers: int, heads: int) -> None:
        self._ops, self._tensors = openvino().opset13, tensors
        self._layers, self._heads = layers, heads

    def model(self) -> Any:
        ops = self._ops
        names = ("input_ids", "attention_mask", "token_type_ids")
        ids, mask, types = (self._input(name) for name in names)
        hidden = self._embedded(ids, types)
        seen = ops.unsqueeze(ops.convert(mask, "f32"), self._whole([1, 2]))
        hidden_from = ops.multiply(ops.subtract(self._float(1.0), seen), self._float(-1e9))
        for layer in range(self._layers):
            hidden = self._layer(hidden, hidden_from, f"bert.encoder.layer.{layer}")
        claim = ops.multiply(ops.convert(mask, "f32"), ops.convert(types, "f32"))
        text = ops.subtract(ops.convert(mask, "f32"), claim)
        means = [self._mean(hidden, inside) for inside in (text, claim)]
        apart = ops.absolute(ops.subtract(*means))
        told = ops.concat([*means, apart, ops.multiply(*means)], 1)
        return openvino().Model([self._linear(told, "classifier")], [ids, mask, types])

    def _mean(self, hidden: Any, inside: Any) -> Any:
        """Over the tokens that are 1 in `inside`, shape (rows, width)."""
        ops = self._ops
        kept = ops.multiply(hidden, ops.unsqueeze(inside, self._whole(2)))
        count = ops.reduce_sum(inside, self._whole(1), True)
        return ops.divide(ops.reduce_sum(kept, self._whole(1), False), count)

    def _input(self, name: str) -> Any:
        import numpy as np

        parameter = self._ops.parameter([-1, -1], np.int64, name)
        parameter.output(0).set_names({name})
        return parameter

    def _embedded(self, ids: Any, types: Any) -> Any:
        ops, path = self._ops, "bert.embeddings"

        def rows(name: str, places: Any) -> Any:
            table = self._constant(f"{path}.{name}_embeddings.weight")
            return ops.gather(table, places, self._whole(0))

        length = ops.gather(ops.shape_of(ids), self._whole(1), self._whole(0))
        places = ops.range(self._whole(0), length, self._whole(1), "i64")
        words = ops.add(rows("word", ids), rows("token_type", types))
        return self._normed(ops.add(words, rows("position", places)), f"{path}.LayerNorm")

    def _layer(self, hidden: Any, hidden_from: Any, path: str) -> Any:
        ops = self._ops
        query, key, value = (
            self._headed(self._linear(hidden, f"{path}.attention.self.{part}"))
            for part in ("query", "key", "value")
        )
        seen = ops.scaled_dot_product_attention(query, key, value, hidden_from)
        joined = ops.reshape(
            ops.transpose(seen, self._whole([0, 2, 1, 3])), self._whole([0, 0, -1]), True
        )
        told = self._linear(joined, f"{path}.attention.output.dense")
        hidden = self._normed(ops.add(hidden, told), f"{path}.attention.output.LayerNorm")
        wide = ops.gelu(self._linear(hidden, f"{path}.intermediate.dense"), "erf")
        narrow = self._linear(wide, f"{path}.output.dense")
        return self._normed(ops.add(hidden, narrow), f"{path}.output.LayerNorm")

    def _headed(self, rows: Any) -> Any:
        """(rows, tokens, width) to (rows, heads, tokens, width of a head)."""
        parted = self._ops.reshape(rows, self._whole([0, 0, self._heads, -1]), True)
        return self._ops.transpose(parted, self._whole([0, 2, 1, 3]))

    def _linear(self, rows: Any, path: str) -> Any:
        product = self._ops.matmul(rows, self._constant(f"{path}.weight"), False, True)
        return self._ops.add(product, self._constant(f"{path}.bias"))

    def _normed(self, rows: Any, path: str) -> Any:
        normed = self._ops.mvn(rows, self._whole([-1]), True, _EPSILON, "inside_sqrt")
        scaled = self._ops.multiply(normed, self._constant(f"{path}.weight"))
        return self._ops.add(scaled, self._constant(f"{path}.bias"))

    def _constant(self, name: str) -> Any:
        return self._ops.constant(self._tensors[name])

    def _float(self, value: float) -> Any:
        import numpy as np

        return self._ops.constant(np.float32(value))

    def _whole(self, value: int | list[int]) -> Any:
        import numpy as np

        return self._ops.constant(np.array(value, dtype=np.int64))
