# SPDX-License-Identifier: Apache-2.0
"""The Helm chart: what it renders is what Kubernetes takes, premura takes the
configuration in it, and what an operations team counts on is there."""
import copy
import pathlib
import re
import subprocess

import kubernetes
import npm
import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "deploy/helm/premura"
CERTIFICATE = ROOT / "tests/daemon/testdata/certificate.pem"

RULE = """version: 1
rules:
  - id: three-failures
    title: Fails again and again
    detect:
      event_count: {event: action_failed, gte: 3, within: 10m}
    actions:
      - ticket: {template: help}
"""
TEMPLATE = """ticket:
  subject: "{{customer.id}} fails again and again"
  text: |
    Seen: {{count}}
"""
IMAGE = {"image": {"repository": "premura"}}
RULES = {"rules": {"failures.yaml": RULE},
         "templates": {"help.en.yaml": TEMPLATE}}
MINIMAL = {**IMAGE, **RULES}
FULL = {
    **RULES,
    "image": {"repository": "mirror/premura", "tag": "9.9.9",
              "pullSecrets": ["pull"]},
    "replicas": 5,
    "env": [{"name": "SMTP_PASSWORD", "valueFrom": {
        "secretKeyRef": {"name": "mail", "key": "password"}}}],
    "extraVolumes": [{"name": "profiles", "configMap": {"name": "profiles"}}],
    "extraVolumeMounts": [{"name": "profiles", "mountPath": "/profiles"}],
    "persistence": {"size": "50Gi", "storageClass": "fast"},
    "podAnnotations": {"note": "x"}, "podLabels": {"team": "care"},
    "nodeSelector": {"disk": "ssd"},
    "tolerations": [{"key": "care", "operator": "Exists"}],
    "priorityClassName": "high",
    "spread": {"whenUnsatisfiable": "DoNotSchedule"},
    "serviceAccount": {"annotations": {"a": "b"}},
    "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "prometheusRule": {"enabled": True,
                       "runbooks": "https://wiki.example.com/premura/"},
    "networkPolicy": {"enabled": True, "egress": [
        {"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]},
}
SINGLE = {**MINIMAL, "replicas": 1, "secret": {"keys": ["admin.token"]},
          "serviceAccount": {"name": "existing"},
          "config": {"ledger": "sqlite:/var/lib/premura/ledger.db",
                     "tickets": {"desk": None, "files": {
                         "type": "file", "directory": "/var/lib/premura/out"}}}}
VALUES = {"minimal": MINIMAL, "full": FULL, "single": SINGLE}


def helm(tmp_path, command, values):
    path = tmp_path / "values.yaml"
    path.write_text(yaml.safe_dump(values))
    return subprocess.run(
        [npm.helm(), *command, CHART, "-f", path], capture_output=True,
        text=True, timeout=60, env={"HOME": str(tmp_path)})


def render(tmp_path, values):
    run = helm(tmp_path, ["template", "care"], values)
    assert run.returncode == 0, run.stderr
    return [one for one in yaml.safe_load_all(run.stdout) if one]


def only(objects, kind):
    found, = [one for one in objects if one["kind"] == kind]
    return found


@pytest.fixture(params=VALUES, name="objects")
def fixture_objects(request, tmp_path):
    return render(tmp_path, VALUES[request.param])


@pytest.mark.parametrize("name", VALUES)
def test_helm_lint_is_content(tmp_path, name):
    run = helm(tmp_path, ["lint", "--strict"], VALUES[name])
    assert run.returncode == 0, run.stdout + run.stderr


def test_kubernetes_knows_every_field(objects):
    assert len(objects) >= 5
    assert kubernetes.mistakes(objects) == []


def test_the_check_sees_a_field_that_there_is_not(tmp_path):
    objects = render(tmp_path, MINIMAL)
    container = only(objects, "StatefulSet")["spec"]["template"]["spec"][
        "containers"][0]
    container["livenesProbe"] = container.pop("livenessProbe")
    container["ports"][0]["containerPort"] = "9464"
    del container["name"]
    found = "\n".join(kubernetes.mistakes(objects))
    for words in ("livenesProbe: Container has no such field",
                  "containerPort is '9464', no number", "name is missing"):
        assert words in found


def laid_out(objects, folder):
    """The files of the pod, where its volume puts them."""
    maps = {one["metadata"]["name"]: one["data"] or {} for one in objects
            if one["kind"] == "ConfigMap"}
    pod = only(objects, "StatefulSet")["spec"]["template"]["spec"]
    volume, = [one for one in pod["volumes"] if one["name"] == "config"]
    for source in volume["projected"]["sources"]:
        kind, what = next(iter(source.items()))
        data = maps[what["name"]] if kind == "configMap" else None
        items = what.get("items") or [
            {"key": key, "path": key} for key in data]
        for item in items:
            path = folder / item["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            if data is not None:
                path.write_text(data[item["key"]])
            elif item["key"].endswith(".pem"):
                path.write_text(CERTIFICATE.read_text())
            else:
                path.write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n")


def test_premura_takes_the_configuration_as_the_pod_sees_it(
        objects, tmp_path, premura, monkeypatch):
    laid_out(objects, tmp_path)
    monkeypatch.setenv("PREMURA_INSTANCE", "care-premura-0")
    run = premura("check", "-c", tmp_path / "premura.yaml")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "warning" not in run.stdout + run.stderr
    told = premura("config", "-c", tmp_path / "premura.yaml").stdout
    assert "instance_id: care-premura-0" in told


def test_a_pod_has_no_rights_and_its_own_place(objects):
    pod = only(objects, "StatefulSet")["spec"]["template"]["spec"]
    container, = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    context = container["securityContext"]
    assert context["readOnlyRootFilesystem"] is True
    assert context["allowPrivilegeEscalation"] is False
    assert context["capabilities"] == {"drop": ["ALL"]}
    # The image's own user.
    dockerfile = (ROOT / "deploy/container/Dockerfile").read_text()
    user = re.search(r"^USER (\d+):(\d+)$", dockerfile, re.M)
    assert int(user[1]) == pod["securityContext"]["runAsUser"]
    assert int(user[2]) == pod["securityContext"]["fsGroup"]
    claims = only(objects, "StatefulSet")["spec"]["volumeClaimTemplates"]
    assert [one["metadata"]["name"] for one in claims] == ["state"]
    mounts = {one["name"]: one for one in container["volumeMounts"]}
    assert mounts["state"]["mountPath"] == "/var/lib/premura"
    volumes = {one["name"] for one in pod["volumes"]} | {"state"}
    assert set(mounts) <= volumes


def test_probes_ask_what_the_daemon_answers(objects):
    container = only(objects, "StatefulSet")["spec"]["template"]["spec"][
        "containers"][0]
    source = (ROOT / "daemon/admin/admin_server.cc").read_text()
    ports = {one["name"]: one["containerPort"] for one in container["ports"]}
    for name, path in (("startupProbe", "/livez"), ("livenessProbe", "/livez"),
                       ("readinessProbe", "/readyz")):
        probe = container[name]["httpGet"]
        assert probe["path"] == path and '"%s"' % path in source
        assert ports[probe["port"]] == 9464
    grace = only(objects, "StatefulSet")["spec"]["template"]["spec"][
        "terminationGracePeriodSeconds"]
    drain = container["args"][container["args"].index("--drain") + 1]
    assert grace > int(drain.rstrip("s"))


def test_selectors_find_the_pods(objects):
    workload = only(objects, "StatefulSet")
    labels = workload["metadata"]["labels"]
    pod_labels = workload["spec"]["template"]["metadata"]["labels"]
    service = only(objects, "Service")
    assert workload["spec"]["serviceName"] == service["metadata"]["name"]
    selectors = [workload["spec"]["selector"]["matchLabels"],
                 service["spec"]["selector"]]
    for one in objects:
        spec = one.get("spec", {})
        if one["kind"] == "PodDisruptionBudget":
            selectors.append(spec["selector"]["matchLabels"])
        if one["kind"] == "NetworkPolicy":
            selectors.append(spec["podSelector"]["matchLabels"])
    for selector in selectors:
        assert selector.items() <= pod_labels.items()
    assert labels["app.kubernetes.io/name"] == "premura"


def test_several_keep_apart_and_one_at_a_time_may_go(tmp_path):
    objects = render(tmp_path, FULL)
    assert only(objects, "PodDisruptionBudget")["spec"]["maxUnavailable"] == 1
    pod = only(objects, "StatefulSet")["spec"]["template"]["spec"]
    assert [one["topologyKey"] for one in pod["topologySpreadConstraints"]] == [
        "kubernetes.io/hostname", "topology.kubernetes.io/zone"]
    assert pod["affinity"]["podAntiAffinity"]
    alone = render(tmp_path, SINGLE)
    kinds = [one["kind"] for one in alone]
    assert "PodDisruptionBudget" not in kinds, "it would hold up every drain"
    assert "ServiceAccount" not in kinds
    assert "Secret" not in kinds + [one["kind"] for one in objects]


def test_the_alerts_are_ours_and_name_runbooks_that_can_be_read(tmp_path):
    objects = render(tmp_path, FULL)
    rules = copy.deepcopy(only(objects, "PrometheusRule")["spec"])
    ours = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yaml").read_text())
    for group in rules["groups"]:
        for rule in group["rules"]:
            rule["annotations"]["runbook"] = rule["annotations"][
                "runbook"].replace("https://wiki.example.com/premura",
                                   "deploy/runbooks")
    assert rules == ours
    monitor = only(objects, "ServiceMonitor")["spec"]
    labels = only(objects, "Service")["metadata"]["labels"]
    assert labels[monitor["jobLabel"]] == "premura", "alerts look for that job"
    endpoint, = monitor["endpoints"]
    assert endpoint["authorization"]["credentials"] == {
        "name": "premura", "key": "admin.token"}


def test_who_scrapes_is_let_in_and_nobody_else(tmp_path):
    policy = only(render(tmp_path, FULL), "NetworkPolicy")["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    rule, = policy["ingress"]
    assert rule["from"] and rule["ports"] == [
        {"port": "admin", "protocol": "TCP"}]
    assert {"port": 53, "protocol": "UDP"} in policy["egress"][0]["ports"]


def test_a_change_of_rules_restarts_nobody_one_of_the_configuration_does(
        tmp_path):
    def pod(values):
        return only(render(tmp_path, values), "StatefulSet")["spec"]["template"]
    before = pod(MINIMAL)
    more = RULE.replace("gte: 3", "gte: 4")
    assert pod({**MINIMAL, "rules": {"failures.yaml": more}}) == before
    assert pod({**MINIMAL, "config": {"customer": "user"}})["metadata"][
        "annotations"] != before["metadata"]["annotations"]


@pytest.mark.parametrize("values,words", [
    (RULES, "image.repository"),
    ({**MINIMAL, "config": {"ledger": "sqlite:/x"}},
     "more than one replica need a ledger that they share"),
    ({**MINIMAL, "config": {"http": {"admin": {"listen": "127.0.0.1:9464"}}}},
     "probes and Prometheus come from outside the pod"),
    ({**MINIMAL, "config": {"state": {"dir": "/data"}}}, "config.state.dir"),
    ({**MINIMAL, "drain": "60s"}, "terminationGracePeriodSeconds: must be more"),
    ({**MINIMAL, "config": {"sources": [{"kafka": {"instance_id": "a"}}]}},
     "must differ between pods"),
    ({**MINIMAL, "replica": 4}, "replica"),
    ({**MINIMAL, "replicas": 0}, "replicas"),
    ({**MINIMAL, "rules": {"a.txt": "x"}}, "rules"),
])
def test_what_cannot_work_is_said_before_it_is_tried(tmp_path, values, words):
    run = helm(tmp_path, ["template", "care"], values)
    assert run.returncode != 0 and words in run.stderr, run.stderr


def test_the_chart_is_of_this_version():
    version = re.search(r"project\(premura VERSION ([\d.]+)",
                        (ROOT / "CMakeLists.txt").read_text())[1]
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["appVersion"] == version
