"""Settings: from the command line, the environment (`BYLINE_*`) or `byline.toml`, in that order."""

from __future__ import annotations

import os
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal

from platformdirs import user_cache_path, user_data_path
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from corpus.errors import BylineError
from index.sizes import EXACT_PASSAGES, FTS_PASSAGES
from rag.who import Right

ROOT = Path(__file__).resolve().parent.parent
SAMPLE_ARTICLES = ROOT / "corpus" / "articles"

Engine = Literal["auto", "llama.cpp", "transformers", "openai"]
Network = IPv4Network | IPv6Network
API_KEY = "BYLINE_API_KEY"
"""The variable with the key of the server at `base_url`: no setting, so that it is in no file."""


class Settings(BaseSettings):
    """Everything that can be chosen. A name that is not here is an error, so a typo shows."""

    model_config = SettingsConfigDict(
        env_prefix="BYLINE_", toml_file="byline.toml", extra="forbid", frozen=True
    )

    index: Path = ROOT / "index" / "built"
    store: str | None = None  # milvus://HOST:PORT/NAME, where the index is searched then
    keep_versions: int = Field(3, ge=1)  # of the index, with the one in use
    keep_days: float = Field(0, ge=0)  # versions that are younger stay beside them
    lock_wait: float = Field(60, ge=0)  # seconds, while another process writes the index
    exact_passages: int = Field(EXACT_PASSAGES, ge=0)  # of an index whose vectors are all compared
    fts_passages: int = Field(FTS_PASSAGES, ge=0)  # of an index whose words FTS5 ranks
    kept_answers: int = Field(256, ge=0)  # to what was asked before; 0: none
    database: SecretStr | None = None  # postgresql://..., in the place of `chats` and `people`
    chats: Path = Field(default_factory=lambda: user_data_path("byline") / "chats.sqlite")
    feedback: Path = Field(default_factory=lambda: user_data_path("byline") / "feedback.jsonl")
    people: Path = Field(default_factory=lambda: user_data_path("byline") / "people.sqlite")
    audit: Path = Field(default_factory=lambda: user_data_path("byline") / "audit.jsonl")
    log_questions: bool = False  # in the log of the API
    trace: Literal["auto", "on", "off"] = "auto"  # auto: where OpenTelemetry's variables say where
    trace_texts: bool = False  # questions and answers in the spans
    authentication: Literal["auto", "on"] = "auto"  # auto: where others can reach the server
    requests_per_minute: int = Field(120, ge=0)  # of the API, by a key that does not say; 0: any
    proxy_user_header: str | None = None  # in which a reverse proxy says who was let in
    proxy_right: Right = "read"  # of whom it names
    trusted_proxies: tuple[Network, ...] = (ip_network("127.0.0.1"), ip_network("::1"))
    root_path: str = Field("", pattern=r"^(/[\w.\-]+)*$")  # under which a proxy serves it
    models_dir: Path = Field(default_factory=lambda: user_cache_path("byline") / "models")
    engine: Engine = "auto"
    base_url: str | None = None  # of a server with OpenAI's API, which then answers
    server_wait: float = Field(120, gt=0)  # seconds that it may be silent
    model: str = "qwen2.5-coder-1.5b"
    embedder: str = "minilm"
    support: str = "trained"  # or rules, judge, a folder or hub id of a cross-encoder
    context_tokens: int = Field(4096, ge=1024)
    max_new_tokens: int = Field(200, ge=16)
    threads: int | None = Field(None, ge=1)
    retrieved: int = Field(12, ge=1, le=200)
    evidence_characters: int = Field(1200, ge=200)
    question_characters: int = Field(1000, ge=10)
    sure: float = Field(0.55, ge=0, le=1)
    least_confidence: float = Field(0.6, ge=0, le=1)
    eval_data: Path | None = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings(**chosen: object) -> Settings:
    """The settings with `chosen` on top; None means not chosen. BylineError names what is wrong."""
    _check_environment()
    try:
        return Settings(**{key: value for key, value in chosen.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "settings"
        raise BylineError(
            f"The setting {name} is not usable ({first['msg']}): mend it on the command line, in "
            f"BYLINE_{name.upper()} or in byline.toml."
        ) from error
    except ValueError as error:  # byline.toml is not TOML
        raise BylineError(f"byline.toml could not be read ({error}): correct it.") from error


def _check_environment() -> None:
    known = {API_KEY} | {f"BYLINE_{name.upper()}" for name in Settings.model_fields}
    for name in sorted(os.environ):
        if name.upper().startswith("BYLINE_") and name.upper() not in known:
            raise BylineError(
                f"The variable {name} is no setting: unset it, or choose one of "
                f"{', '.join(sorted(known))}."
            )
