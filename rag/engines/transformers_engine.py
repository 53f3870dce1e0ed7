"""The transformers engine: any hub id, local folder or GGUF file; on a GPU if there is one."""

from __future__ import annotations

import math
import re
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from corpus.errors import BylineError
from rag.engines.adapter import Adapter, as_passage, as_question
from rag.engines.packing import Packed, can_be_packed
from rag.engines.prompt_cache import PromptCache, shared_length
from rag.fetching.hub import ask_hub
from rag.types import Message, Reading, Usage

_GUESSED = 3
"""Tokens checked with the one before them: up to four rows take little more time than one."""

_TOGETHER = 8
"""Chats that are read at once: each takes memory for its probabilities over the vocabulary."""


class TransformersGenerator:
    """Chats with a causal language model of the transformers library.

    What a prompt begins with is not read again if one of the last prompts began so, too.
    """

    engine = "transformers"

    def __init__(
        self,
        model: str | Path,
        name: str,
        *,
        max_new_tokens: int = 256,
        offline: bool = True,
        adapter: Path | None = None,
    ) -> None:
        """Load `model`: a GGUF file, a folder with safetensors, or a hub id (not when `offline`).

        `adapter` is a file of what it was taught (rag/engines/adapter.py). Takes seconds to
        minutes. Raises BylineError when it cannot be loaded.
        """
        import torch

        self.name = name
        self.usage = Usage()
        self._max_new_tokens = max_new_tokens
        self._one_at_a_time = threading.Lock()
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._tokenizer, self._model = _load(model, offline, self._device)
        if self._device == "cpu":
            from rag.engines.int8 import use_int8

            use_int8(self._model)
        self._together = _TOGETHER if can_be_packed(self._model) else 1
        self._adapter = Adapter(self._model, adapter) if adapter is not None else None
        self._tokens = _template_tokens(self._tokenizer)
        self._context_tokens = _context_tokens(self._model)
        self._prompts = PromptCache()

    @property
    def taught(self) -> bool:
        return self._adapter is not None

    def generate(self, messages: Sequence[Message]) -> Iterator[str]:
        """Pieces of the reply, greedily decoded. Closing the iterator stops after one token."""
        with self._one_at_a_time:
            tokens = self._prompt(messages)
            self.usage = Usage(prompt_tokens=len(tokens), new_tokens=0)
            yield from self._decode(tokens)

    def read(
        self, chats: Sequence[Sequence[Message]], word: str, told: str | None = None
    ) -> list[Reading]:
        """How likely each reply begins with `word`, and how likely `told` is after what is before.

        Chats are read together, `_TOGETHER` at a time, where the model can.
        """
        with self._one_at_a_time:
            return [
                reading
                for start in range(0, len(chats), self._together)
                for reading in self._read(chats[start : start + self._together], word, told)
            ]

    def states_answer(
        self, question: str, passages: Sequence[tuple[str, str]]
    ) -> list[float] | None:
        """As the adapter tells; passages are read together, `_TOGETHER` at a time."""
        if self._adapter is None:
            return None
        asked = self._tokens_of(as_question(question))
        prompts = [self._tokens_of(as_passage(*passage)) + asked for passage in passages]
        with self._one_at_a_time:
            return [
                1 / (1 + math.exp(-odds))
                for start in range(0, len(prompts), self._together)
                for odds in self._adapter.log_odds(prompts[start : start + self._together])
            ]

    def _read(
        self, chats: Sequence[Sequence[Message]], word: str, told: str | None
    ) -> Iterator[Reading]:
        prompts = [self._prompt(chat) for chat in chats]
        packed = Packed(prompts)
        # A token is foretold by the one before it, and the reply's first by the last of all.
        spans = [self._span(chat, told) if told else range(0) for chat in chats]
        places = [[packed.place(n, i - 1) for i in span] for n, span in enumerate(spans)]
        ends = [packed.place(n, len(prompt) - 1) for n, prompt in enumerate(prompts)]
        kept = sorted({*ends}.union(*places))
        rows = dict(zip(kept, self._log_probabilities(packed, kept), strict=True))
        for prompt, span, before, end in zip(prompts, spans, places, ends, strict=True):
            likely = [float(rows[p][prompt[i]]) for i, p in zip(span, before, strict=True)]
            yield Reading(
                probability=self._begins_with(word, rows[end]),
                likelihood=sum(likely) / len(likely) if likely else None,
            )

    def _log_probabilities(self, packed: Packed, kept: Sequence[int]) -> Any:
        """Of the token after each place in `kept`, shape (kept, vocabulary)."""
        import torch

        with torch.inference_mode():
            output = self._model(
                input_ids=torch.tensor([packed.ids], device=self._device),
                attention_mask=packed.mask(self._model.dtype, self._device),
                position_ids=torch.tensor([packed.positions], device=self._device),
                use_cache=False,
                logits_to_keep=torch.tensor(kept, device=self._device),
            )
            return output.logits[0].float().log_softmax(-1)

    def _begins_with(self, word: str, log_probabilities: Any) -> float:
        top = log_probabilities.topk(20)
        return sum(
            math.exp(float(value))
            for value, id_ in zip(top.values, top.indices, strict=True)
            if self._tokenizer.decode([int(id_)]).strip().lower() == word.lower()
        )

    def _span(self, messages: Sequence[Message], told: str) -> range:
        """The tokens, by their places in the prompt, that hold `told` where it stands last."""
        text, told = self._text(messages), self._plain(told)
        start = text.rindex(told)
        offsets = self._tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        held = [
            i
            for i, (first, last) in enumerate(offsets["offset_mapping"])
            if last > start and first < start + len(told)
        ]
        return range(max(held[0], 1), held[-1] + 1)

    def _text(self, messages: Sequence[Message]) -> str:
        chat = [{"role": m.role, "content": self._plain(m.content)} for m in messages]
        text = self._tokenizer.apply_chat_template(chat, add_generation_prompt=True, tokenize=False)
        return str(text)

    def _plain(self, content: str) -> str:
        """What is said, without anything that this model's tokenizer takes for a token of its own:
        those are the chat template's."""
        while (cut := self._tokens.sub("", content)) != content:
            content = cut  # what stood around one may be another
        return content

    def _prompt(self, messages: Sequence[Message]) -> list[int]:
        tokens = list(self._tokenizer(self._text(messages), add_special_tokens=False)["input_ids"])
        if len(tokens) >= self._context_tokens:
            raise BylineError(
                f"The prompt takes {len(tokens):,} tokens and the context of {self.name} holds "
                f"{self._context_tokens:,}: ask a shorter question, or lower evidence_characters."
            )
        return tokens

    def _tokens_of(self, content: str) -> list[int]:
        return list(self._tokenizer(self._plain(content), add_special_tokens=False)["input_ids"])

    def _decode(self, tokens: list[int]) -> Iterator[str]:
        ends = _end_tokens(self._model, self._tokenizer)
        most = min(self._max_new_tokens, self._context_tokens - len(tokens))
        spoken: list[int] = []
        said = ""
        while len(spoken) < most:
            for token in self._next(tokens + spoken, min(_GUESSED, most - len(spoken) - 1)):
                if token in ends:
                    return
                spoken.append(token)
                self.usage.new_tokens = len(spoken)
                text = self._tokenizer.decode(spoken, skip_special_tokens=True)
                if not text.endswith("\ufffd"):  # half a character: wait for the rest
                    yield text[len(said) :]
                    said = text

    def _next(self, tokens: list[int], most_guessed: int) -> list[int]:
        """The next tokens, one at least: as many of those guessed as the model says too, and its
        own after them."""
        guess = continuation(tokens, most_guessed)
        own = self._logits(tokens + guess, 1 + len(guess)).argmax(-1).tolist()
        right = shared_length(own, guess)
        return own[: right + 1]  # type: ignore[no-any-return]

    def _logits(self, tokens: list[int], count: int) -> Any:
        """Logits of what follows each of the last `count` tokens, shape (count, vocabulary)."""
        import torch

        shared, cache = self._prompts.take(tokens, len(tokens) - count)
        with torch.inference_mode():
            output = self._model(
                input_ids=torch.tensor([tokens[shared:]], device=self._device),
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=count,
            )
        self._prompts.keep(tokens, output.past_key_values)
        return output.logits[0, -count:].float()


def continuation(tokens: Sequence[int], most: int) -> list[int]:
    """What followed when the last tokens stood together before, `most` tokens at most.

    An answer repeats its passages, so this is often what the model says next, and several tokens
    are checked in about the time of one (Saxena, "Prompt Lookup Decoding", 2023).
    """
    for length in (3, 2):
        last = list(tokens[-length:])
        for start in range(len(tokens) - length - 1, -1, -1):
            if tokens[start] == last[0] and list(tokens[start : start + length]) == last:
                return list(tokens[start + length : start + length + max(most, 0)])
    return []


def _load(model: str | Path, offline: bool, device: str) -> tuple[Any, Any]:
    """Tokenizer and model: from this machine if they are here, else from the hub."""
    from huggingface_hub import constants

    constants.HF_HUB_DISABLE_TELEMETRY = True  # it asks the hub, even about files that are here
    try:
        return read_weights(model, device, local_only=True)
    except BylineError:
        if offline or Path(model).exists():
            raise
    return read_weights(model, device, local_only=False)


def read_weights(model: str | Path, device: str = "cpu", *, local_only: bool) -> tuple[Any, Any]:
    """The tokenizer and the model, in bfloat16 and ready to infer. Raises BylineError."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    path = Path(model)
    is_gguf = path.suffix == ".gguf"
    source: str | Path = path.parent if is_gguf else model
    options: dict[str, Any] = {"local_files_only": local_only}
    if is_gguf:
        options["gguf_file"] = path.name
    try:
        if not local_only and not is_gguf:
            ask_hub(str(model))
        tokenizer = AutoTokenizer.from_pretrained(source, **options)
        loaded = AutoModelForCausalLM.from_pretrained(
            source, dtype=torch.bfloat16, use_safetensors=None if is_gguf else True, **options
        )
    except Exception as error:  # each format's reader has errors of its own for a damaged file
        reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise BylineError(
            f"transformers could not load the model {model} ({reason}); name a GGUF file, a folder "
            "with safetensors weights, or a model of the hub."
        ) from error
    if tokenizer.chat_template is None:
        raise BylineError(f"The model {model} has no chat template: choose an instruct model.")
    return tokenizer, loaded.to(device).eval()


def _template_tokens(tokenizer: Any) -> re.Pattern[str]:
    """Whatever is told apart from text by the tokenizer: control tokens and those added to it."""
    added = {str(token) for token in tokenizer.added_tokens_decoder.values()}
    tokens = {token for token in added | set(tokenizer.all_special_tokens) if token.strip()}
    ordered = sorted(tokens, key=lambda token: (-len(token), token))
    return re.compile("|".join(map(re.escape, ordered)) or r"(?!)")


def _context_tokens(model: Any) -> int:
    """How many tokens it was made for; beyond them it would run on, and talk nonsense."""
    stated = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    return stated or sys.maxsize


def _end_tokens(model: Any, tokenizer: Any) -> set[int]:
    configured = model.generation_config.eos_token_id
    ends = set(configured if isinstance(configured, list) else [configured])
    return ends | {tokenizer.eos_token_id}
