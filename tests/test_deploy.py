"""What `deploy/` says, held against the program: figures, settings, names, and no secret in it.

The tools of each format (docker compose config, hadolint, promtool, kubectl kustomize with
kubernetes-validate, caddy validate) were run by hand: docs/LOG.md.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from counter import counter
from deal import QUESTION
from prometheus_client.parser import text_string_to_metric_families

from rag.settings import API_KEY, Settings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DEPLOY = Path(__file__).parent.parent / "deploy"
MANIFESTS = sorted(DEPLOY.glob("kubernetes/**/*.yaml"))
IMAGE = re.compile(r"[\w./-]+:v?\d[\w.\-]*|[\w./-]+:RELEASE\.[\w\-]+")
NAMES = re.compile(r"\b(?:byline|process)_\w+")
RUN_ONCE = {"fetch", "index", "key", "sync"}


def documents() -> list[dict[str, Any]]:
    return [
        one
        for path in MANIFESTS
        if path.name != "kustomization.yaml"
        for one in yaml.safe_load_all(path.read_text())
    ]


def templates() -> Iterator[tuple[dict[str, str], dict[str, Any]]]:
    """The labels and the spec of each kind of pod."""
    for one in documents():
        spec = one.get("spec", {})
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        if "template" in spec:
            yield spec["template"]["metadata"]["labels"], spec["template"]["spec"]


def containers() -> list[dict[str, Any]]:
    return [
        container
        for _, pod in templates()
        for container in [*pod["containers"], *pod.get("initContainers", [])]
    ]


def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yml").read_text())["services"]
    return found


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of all figures of a server that was asked something."""
    with counter(tmp_path_factory.mktemp("figures")) as one:
        body = {"model": "byline", "messages": [{"role": "user", "content": QUESTION}]}
        one.client.post("/v1/chat/completions", json=body)
        text = one.client.get("/metrics").text
    names = set()
    for family in text_string_to_metric_families(text):
        suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}
        names |= {family.name + end for end in suffixes.get(family.type, [""])}
    return {name for name in names if not name.endswith("_created")}


class TestFigures:
    """Those that the dashboard and the alerts ask for are told."""

    def queries(self) -> dict[str, list[str]]:
        board = json.loads((DEPLOY / "grafana" / "byline.json").read_text())
        rules = yaml.safe_load((DEPLOY / "prometheus" / "rules.yml").read_text())
        return {
            "dashboard": [t["expr"] for panel in board["panels"] for t in panel["targets"]],
            "alerts": [rule["expr"] for group in rules["groups"] for rule in group["rules"]],
        }

    @pytest.mark.parametrize("where", ["dashboard", "alerts"])
    def test_all_that_are_asked_for_are_there(self, told: set[str], where: str) -> None:
        queries = self.queries()[where]
        asked = {name for query in queries for name in NAMES.findall(query)}
        assert len(asked) > 5
        assert asked - told == set()

    def test_all_of_byline_are_in_the_dashboard(self, told: set[str]) -> None:
        asked = " ".join(self.queries()["dashboard"])
        ours = {re.sub("_(bucket|sum|count)$", "", name) for name in told if "byline_" in name}
        assert {name for name in ours if name not in asked} == set()

    def test_queries_are_whole(self) -> None:
        for query in [one for list_ in self.queries().values() for one in list_]:
            for opening, closing in ("()", "{}", "[]"):
                assert query.count(opening) == query.count(closing), query

    def test_panels_do_not_overlap(self) -> None:
        board = json.loads((DEPLOY / "grafana" / "byline.json").read_text())
        taken = [
            (x, y)
            for panel in board["panels"]
            for place in [panel["gridPos"]]
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        ]
        assert len(taken) == len(set(taken))
        assert max(x for x, _ in taken) < 24

    def test_prometheus_asks_replicas_that_there_are(self) -> None:
        config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
        [job] = config["scrape_configs"]
        targets = {one.split(":")[0] for one in job["static_configs"][0]["targets"]}
        assert targets <= set(services())
        assert targets <= {one["metadata"]["name"] for one in documents()}
        assert job["job_name"] == "byline"  # which the alerts name
        assert (DEPLOY / "prometheus" / config["rule_files"][0]).is_file()


def test_every_image_is_of_one_version() -> None:
    build = (DEPLOY / "Dockerfile").read_text()
    images = [one["image"] for one in [*services().values(), *containers()]]
    images += re.findall(r"^FROM (\S+)", build, re.MULTILINE)
    assert len(images) > 15
    assert [one for one in images if not IMAGE.fullmatch(one) and one != "byline"] == []
    kustomized = yaml.safe_load((DEPLOY / "kustomization.yaml").read_text())["images"]
    assert [(one["name"], one["newTag"]) for one in kustomized] == [("byline", "0.1.0")]


def test_every_variable_is_a_setting() -> None:
    known = {f"BYLINE_{name.upper()}" for name in Settings.model_fields} | {API_KEY}
    told = set(re.findall(r"BYLINE_\w+(?==)", (DEPLOY / "Dockerfile").read_text()))
    for name, service in services().items():
        if name.startswith("byline") or name == "once":
            told |= set(service["environment"])
    for one in documents():
        if one["kind"] == "ConfigMap":
            told |= set(one["data"])
    told |= {v["name"] for c in containers() for v in c.get("env", []) if "BYLINE" in v["name"]}
    assert {"BYLINE_INDEX", "BYLINE_STORE", "BYLINE_TRUSTED_PROXIES"} <= told
    assert {name for name in told if name.startswith("BYLINE_")} - known == set()


class TestImage:
    def test_it_is_of_nobody_and_says_how_it_is(self) -> None:
        text = (DEPLOY / "Dockerfile").read_text()
        assert re.search(r"^USER 10001:10001$", text, re.MULTILINE)
        assert "HEALTHCHECK" in text
        assert text.index("USER 10001") > text.rindex("RUN ")

    def test_it_holds_all_packages(self) -> None:
        text = (DEPLOY / "Dockerfile").read_text()
        copied = set(re.findall(r"^COPY (\S+)", text, re.MULTILINE))
        project = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text())
        packages = {name.split(".")[0] for name in project["tool"]["setuptools"]["packages"]}
        assert packages <= copied
        let_in = (DEPLOY.parent / ".dockerignore").read_text().splitlines()
        assert {f"!{name}" for name in packages} <= set(let_in)


class TestCompose:
    def test_what_must_be_chosen_stands_in_the_example(self) -> None:
        text = (DEPLOY / "compose.yml").read_text()
        needed = set(re.findall(r"\$\{(\w+):\?", text))
        example = (DEPLOY / "example.env").read_text()
        assert needed == set(re.findall(r"^(\w+)=", example, re.MULTILINE))
        assert not re.search(r"PASSWORD=\S", example)

    def test_byline_reaches_nothing_outside(self) -> None:
        file = yaml.safe_load((DEPLOY / "compose.yml").read_text())
        for name in ("byline-1", "byline-2"):
            nets = file["services"][name]["networks"]
            assert nets
            assert all(file["networks"][net].get("internal") for net in nets)

    def test_only_caddy_is_reached_from_outside(self) -> None:
        ports = {name: one["ports"] for name, one in services().items() if "ports" in one}
        assert ports.pop("caddy") == ["80:80", "443:443"]
        assert all(port.startswith("127.0.0.1:") for list_ in ports.values() for port in list_)


class TestKubernetes:
    def test_no_secret_is_written_down(self) -> None:
        assert "Secret" not in {one["kind"] for one in documents()}
        for container in containers():
            for variable in container.get("env", []):
                secret = re.search("PASSWORD|KEY$|DATABASE", variable["name"])
                assert not secret or "secretKeyRef" in variable["valueFrom"], variable

    def test_every_container_is_bounded(self) -> None:
        for container in containers():
            name = container["name"]
            assert container["resources"]["requests"].keys() >= {"cpu", "memory"}, name
            assert "memory" in container["resources"]["limits"], name
            assert container["securityContext"]["allowPrivilegeEscalation"] is False, name
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}, name
            if name not in RUN_ONCE:
                assert {"readinessProbe", "livenessProbe"} <= container.keys(), name

    def test_byline_is_looked_at_where_it_tells_how_it_is(self) -> None:
        [byline] = [one for one in containers() if one["name"] == "byline"]
        assert byline["livenessProbe"]["httpGet"]["path"] == "/health"
        assert byline["readinessProbe"]["httpGet"]["path"] == "/ready"

    def test_services_are_no_variables_of_byline(self) -> None:
        """A service named byline-1 would set BYLINE_1_PORT, which is no setting."""
        ours = [pod for labels, pod in templates() if labels["app"].startswith("byline")]
        assert len(ours) == 3
        assert all(pod["enableServiceLinks"] is False for pod in ours)

    def test_selectors_find_pods(self) -> None:
        apps = {labels["app"] for labels, _ in templates()}
        for one in documents():
            spec = one.get("spec", {})
            kind = one["kind"]
            if kind == "Service":
                assert spec["selector"]["app"] in apps
            elif kind in ("PodDisruptionBudget", "StatefulSet", "Deployment"):
                assert spec["selector"]["matchLabels"]["app"] in apps
            elif kind == "NetworkPolicy" and spec["podSelector"]:
                assert spec["podSelector"]["matchLabels"]["app"] in apps

    def test_nobody_is_left_without_a_policy(self) -> None:
        policies = [one["spec"] for one in documents() if one["kind"] == "NetworkPolicy"]
        assert any(one["podSelector"] == {} and "ingress" not in one for one in policies)
        told = {one["podSelector"]["matchLabels"]["app"] for one in policies if one["podSelector"]}
        assert told == {labels["app"] for labels, _ in templates()}

    def test_what_is_mounted_is_there(self) -> None:
        kustomization = yaml.safe_load((DEPLOY / "kustomization.yaml").read_text())
        maps = {one["name"] for one in kustomization["configMapGenerator"]}
        claims = {
            one["metadata"]["name"] for one in documents() if one["kind"] == "PersistentVolumeClaim"
        }
        for _, pod in templates():
            for volume in pod.get("volumes", []):
                if "configMap" in volume:
                    assert volume["configMap"]["name"] in maps
                elif "persistentVolumeClaim" in volume:
                    assert volume["persistentVolumeClaim"]["claimName"] in claims
        for one in kustomization["configMapGenerator"]:
            assert all((DEPLOY / file).is_file() for file in one["files"])
        listed = {DEPLOY / file for file in kustomization["resources"]}
        beside = {DEPLOY / "kubernetes" / "first.yaml", *DEPLOY.glob("kubernetes/gpu/*")}
        assert listed | beside == set(MANIFESTS)
