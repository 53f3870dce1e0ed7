#!/bin/sh
# Makes .venv and installs Byline into it; `tools/setup.sh test` adds what the tests need.
# A second run does nothing unless pyproject.toml or constraints.txt changed.
#   PYTHON=...       the interpreter to use (default: the first of python3, python3.14 ... 3.10)
#   TORCH_INDEX=...  one more package index for torch, such as that of its CPU builds
set -eu
cd "$(dirname "$0")/.."

extra=${1:-}
needed_mb=4000

say() { printf '%s\n' "$1"; }
fail() {
    printf '%s\n' "$1" >&2
    exit 1
}

suits() {
    "$1" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        suits "$PYTHON" || fail "$PYTHON is not a Python from 3.10 to 3.14; set PYTHON to one that is."
        say "$PYTHON"
        return
    fi
    for candidate in python3 python3.14 python3.13 python3.12 python3.11 python3.10; do
        if suits "$candidate"; then
            say "$candidate"
            return
        fi
    done
    fail "No Python from 3.10 to 3.14 was found; install one, or name it: make setup PYTHON=/path/to/python3."
}

check_room() {
    free_mb=$(df -Pk . | awk 'NR == 2 { print int($4 / 1024) }')
    [ "$free_mb" -ge "$needed_mb" ] ||
        fail "The disk of $PWD has $free_mb MB free and the environment needs $needed_mb MB; make room and run make again."
}

make_environment() {
    .venv/bin/python -m pip --version >/dev/null 2>&1 && suits .venv/bin/python && return
    python=$(find_python)
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "$python lacks the venv module; install it (Debian and Ubuntu: apt-get install python3-venv) and run make again."
    say "Making .venv with $("$python" --version)."
    "$python" -m venv --clear .venv || fail "The environment .venv could not be made with $python; see the message above."
}

pip_install() {
    .venv/bin/python -m pip install --disable-pip-version-check -c constraints.txt "$@" ||
        fail "pip could not install everything (its message is above); check the network and the disk and run make again: what is installed stays."
}

# The stamp says what was installed, from what, and where: a folder that was moved installs anew.
stamp=.venv/installed${extra:+-$extra}
state="$PWD $(cat pyproject.toml constraints.txt | cksum)"
[ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$state" ] && exit 0

check_room
make_environment
if ! .venv/bin/python -c 'import torch' 2>/dev/null; then
    torch=$(grep '^torch==' constraints.txt)
    say "Installing $torch. Where pip finds only the build for CUDA, this takes several GB; TORCH_INDEX can name an index with a smaller one."
    pip_install "$torch" ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"}
fi
say "Installing Byline and the libraries of constraints.txt."
pip_install --editable ".${extra:+[$extra]}"
printf '%s' "$state" >"$stamp"
printf '%s' "$state" >.venv/installed
