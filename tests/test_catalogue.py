"""The catalogue of weights: what it holds, and what it refuses."""

from pathlib import Path

import pytest

from rag.fetching.catalogue import CatalogueError, UnknownModel, find_model, load_catalogue

GOOD = """
[small]
title = "A small model"
role = "answers"
licence = "Apache-2.0"
member = "*/data/part*.bin"
files = [{ path = "small.gguf", size = 3, sha256 = "%s" }]
wheels = [{ name = "small-part1", version = "1.0", size = 9 }]
""" % ("a" * 64)


def write(folder: Path, text: str) -> Path:
    path = folder / "models.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_catalogue_names_models_for_answers_and_for_embeddings() -> None:
    roles = {name: model.role for name, model in load_catalogue().items()}
    assert roles["qwen2.5-coder-1.5b"] == "answers"
    assert roles["minilm"] == "embeddings"


def test_only_safetensors_and_gguf_carry_weights() -> None:
    for model in load_catalogue().values():
        large = [file.path for file in model.files if file.size > 1_000_000]
        assert len(large) == 1
        assert large[0].endswith((".safetensors", ".gguf"))


def test_one_file_is_its_own_weights_hash() -> None:
    model = find_model("smollm2-135m")
    assert model.weights_hash == model.files[0].sha256


def test_the_weights_hash_of_a_folder_does_not_hang_on_the_order_of_files() -> None:
    model = find_model("minilm")
    same = {name: getattr(model, name) for name in ("name", "title", "role", "licence")}
    turned = type(model)(**same, files=model.files[::-1], wheels=model.wheels, member=model.member)
    assert turned.weights_hash == model.weights_hash


def test_a_model_of_one_file_is_found_as_that_file() -> None:
    model = find_model("smollm2-135m")
    expected = Path("cache/smollm2-135m/SmolLM2-135M-Instruct.Q4_1.gguf")
    assert model.location(Path("cache")) == expected


def test_a_model_of_many_files_is_found_as_its_folder() -> None:
    assert find_model("minilm").location(Path("cache")) == Path("cache/minilm")


def test_an_unknown_name_lists_the_names_there_are() -> None:
    with pytest.raises(UnknownModel, match=r"'gpt-9'.*minilm, qwen"):
        find_model("gpt-9")


def test_a_good_table_is_read(tmp_path: Path) -> None:
    assert load_catalogue(write(tmp_path, GOOD))["small"].size == 3


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('licence = "Apache-2.0"', 'license = "Apache-2.0"', "unknown key 'license'"),
        ('licence = "Apache-2.0"', "", "key 'licence' is missing"),
        ('role = "answers"', 'role = "rerank"', "`role` must be answers or embeddings"),
        ("size = 3", 'size = "3"', "`size` must be of type int"),
        ('"small.gguf"', '"../small.gguf"', "leaves the model's folder"),
        ('"small.gguf"', '"/small.gguf"', "leaves the model's folder"),
        ("a" * 64, "a" * 63, "must be 64 hex digits"),
        ("size = 9 }", "size = 9, sha = 1 }", "unknown key 'sha'"),
        ("[{ name", "[] #", "`wheels` must be a list with at least one entry"),
        ("[small]", "[small", "is not TOML"),
    ],
)
def test_a_bad_table_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(CatalogueError, match=message):
        load_catalogue(write(tmp_path, GOOD.replace(old, new)))


def test_several_wheels_cannot_make_several_files(tmp_path: Path) -> None:
    file = '{ path = "b", size = 1, sha256 = "%s" }' % ("b" * 64)
    wheel = '{ name = "small-part2", version = "1.0", size = 9 }'
    text = GOOD.replace("}]\nwheels", f"}}, {file}]\nwheels").replace("9 }]", f"9 }}, {wheel}]")
    with pytest.raises(CatalogueError, match="joined into one file"):
        load_catalogue(write(tmp_path, text))
