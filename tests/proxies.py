"""Real reverse proxies in front of a server of the tests, with the configurations of `deploy/`."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

ROOT = Path(__file__).parent.parent
_NGINX = """
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxied;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/byline.conf;
}}
"""


def program(name: str) -> str | None:
    """Where a proxy is, on the machine or as tools/test.sh has unpacked it."""
    unpacked = ROOT / "build" / name / "usr" / "sbin" / name
    return shutil.which(name) or shutil.which(unpacked)


def certificate(folder: Path) -> tuple[Path, Path]:
    """One of 127.0.0.1 that is its own authority, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, SHA256())
    )
    crt, pem = folder / "tls.crt", folder / "tls.key"
    crt.write_bytes(made.public_bytes(Encoding.PEM))
    pem.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    )
    return crt, pem


def _with(text: str, changes: Mapping[str, str]) -> str:
    for old, new in changes.items():
        assert old in text, f"the configuration has no {old!r} any more"
        text = text.replace(old, new)
    return text


def nginx(folder: Path, port: int, target: int, crt: Path, key: Path) -> list[str]:
    """The command that runs it with deploy/nginx/byline.conf, names and addresses changed."""
    text = (ROOT / "deploy" / "nginx" / "byline.conf").read_text()
    changes = {
        "    server byline-1:7860 max_fails=3 fail_timeout=10s;\n": "",
        "server byline-2:7860": f"server 127.0.0.1:{target}",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "server_name news.example": "server_name 127.0.0.1",
        "/etc/nginx/tls/tls.crt": str(crt),
        "/etc/nginx/tls/tls.key": str(key),
    }
    (folder / "byline.conf").write_text(_with(text, changes))
    main = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    main.write_text(_NGINX.format(user=user, folder=folder))
    return [str(program("nginx")), "-p", str(folder), "-c", str(main), "-e", "stderr"]


def caddy(folder: Path, port: int, target: int, crt: Path, key: Path) -> list[str]:
    """The command that runs it with deploy/caddy/Caddyfile, the certificate added."""
    text = (ROOT / "deploy" / "caddy" / "Caddyfile").read_text()
    changes = {
        "{$BYLINE_SITE:news.example} {": f"https://127.0.0.1:{port} {{\n\ttls {crt} {key}",
        "{$BYLINE_REPLICAS:byline-1:7860 byline-2:7860}": f"127.0.0.1:{target}",
        "admin off": "admin off\n\tauto_https disable_redirects\n\tskip_install_trust",
    }
    (folder / "Caddyfile").write_text(_with(text, changes))
    config = str(folder / "Caddyfile")
    return [str(program("caddy")), "run", "--config", config, "--adapter", "caddyfile"]


@contextmanager
def proxied(name: str, folder: Path, target: int) -> Iterator[httpx.Client]:
    """A client of https://127.0.0.1:PORT/byline/, which a proxy passes on to the port `target`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    crt, key = certificate(folder)
    command = {"nginx": nginx, "caddy": caddy}[name](folder, port, target, crt, key)
    log = folder / "proxy.log"
    with log.open("wb") as told:
        home = os.environ | {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        running = subprocess.Popen(command, stdout=told, stderr=told, env=home)
    trusted = ssl.create_default_context(cafile=str(crt))
    client = httpx.Client(
        base_url=f"https://127.0.0.1:{port}/byline", verify=trusted, trust_env=False, timeout=60
    )
    try:
        for _ in range(300):
            with socket.socket() as tried:
                tried.settimeout(0.1)
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if running.poll() is not None:
                raise AssertionError(f"{name} ended: {log.read_text()}")
            time.sleep(0.1)
        yield client
    finally:
        client.close()
        running.terminate()
        running.wait(30)
