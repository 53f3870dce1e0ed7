#!/bin/sh
# Lints, checks the types, runs every test and holds the gate: a small set of questions, answered no
# worse than eval/baseline.json says. The browser tests need Chromium, and those of several processes
# PostgreSQL: where one is missing it is installed with apt-get if that needs no password, and
# otherwise its tests are left out (in CI, where the variable CI is `true`, that is a failure).
#   PYTEST_ARGS=...  more arguments for pytest; with them the gate is left out
set -eu
cd "$(dirname "$0")/.."

has_chromium() {
    for name in chromium chromium-browser google-chrome; do
        command -v "$name" >/dev/null 2>&1 && return 0
    done
    return 1
}

has_postgres() {
    command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1
}

install() {
    command -v apt-get >/dev/null 2>&1 || return 1
    as_root=
    if [ "$(id -u)" != 0 ]; then
        sudo -n true 2>/dev/null || return 1
        as_root=sudo
    fi
    echo "Installing $1 for the tests."
    $as_root apt-get update -qq && $as_root apt-get install -qq -y --no-install-recommends "$1"
}

# nginx is unpacked beside the environment, and not installed, which would begin a server.
unpack_nginx() {
    command -v nginx >/dev/null 2>&1 || [ -x build/nginx/usr/sbin/nginx ] && return 0
    command -v apt-get >/dev/null 2>&1 && mkdir -p build/nginx || return 1
    echo "Unpacking nginx for the tests of reverse proxies."
    (cd build/nginx && { apt-get download -qq nginx 2>/dev/null || { apt-get update -qq && apt-get download -qq nginx; }; } &&
        dpkg-deb -x nginx_*.deb .)
}

tools/lint.sh
unpack_nginx || echo "nginx cannot be had here: its tests are left out." >&2

left_out=
if ! has_chromium && ! install chromium; then
    echo "Chromium is missing and cannot be installed from here: THE BROWSER TESTS ARE NOT RUN." >&2
    left_out="not browser"
fi
if ! has_postgres && ! install postgresql; then
    echo "PostgreSQL is missing and cannot be installed from here: ITS TESTS ARE NOT RUN." >&2
    left_out="${left_out:+$left_out and }not postgres"
fi
if [ -n "$left_out" ]; then
    [ "${CI:-}" = true ] && exit 1
    exec .venv/bin/python -m pytest -m "$left_out" ${PYTEST_ARGS:-}
fi
.venv/bin/python -m pytest ${PYTEST_ARGS:-}
[ -n "${PYTEST_ARGS:-}" ] || exec .venv/bin/byline eval gate
