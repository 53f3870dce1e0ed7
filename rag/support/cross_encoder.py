"""A small cross-encoder as torch computes it: to be taught, and where OpenVINO is not used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from transformers import BertConfig, BertModel

if TYPE_CHECKING:
    import numpy as np


class CrossEncoder(torch.nn.Module):
    """BERT, and a linear layer over the means of the text's and the claim's states, their distance
    and their product (as Conneau et al., 2017, compare two sentences): that learns from fewer pairs
    than the first token's state does."""

    def __init__(self, bert: Any) -> None:
        super().__init__()
        self.bert = bert
        self.classifier = torch.nn.Linear(4 * bert.config.hidden_size, 1)

    @classmethod
    def of(cls, tensors: Mapping[str, np.ndarray], layers: int, heads: int) -> CrossEncoder:
        """The one whose weights are `tensors`, in float32."""
        words = tensors["bert.embeddings.word_embeddings.weight"]
        wide = tensors["bert.encoder.layer.0.intermediate.dense.bias"]
        config = BertConfig(
            vocab_size=words.shape[0],
            hidden_size=words.shape[1],
            num_hidden_layers=layers,
            num_attention_heads=heads,
            intermediate_size=wide.shape[0],
            max_position_embeddings=tensors["bert.embeddings.position_embeddings.weight"].shape[0],
        )
        made = cls(BertModel(config, add_pooling_layer=False)).eval()
        made.load_state_dict({name: torch.from_numpy(value) for name, value in tensors.items()})
        return made

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
    ) -> torch.Tensor:
        """Log-odds of support, shape (rows, 1); the tokens of type 0 are the text's, those of type
        1 the claim's."""
        states = self.bert(input_ids, attention_mask, token_type_ids).last_hidden_state
        means = []
        for kind in (0, 1):
            inside = (attention_mask * (token_type_ids == kind))[:, :, None].to(states.dtype)
            means.append((states * inside).sum(1) / inside.sum(1))
        text, claim = means
        told = torch.cat([text, claim, (text - claim).abs(), text * claim], dim=1)
        return self.classifier(told)  # type: ignore[no-any-return]
