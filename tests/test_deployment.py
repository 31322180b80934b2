"""The files that run the cloud version elsewhere, held to what the engines publish.

No engine is asked: Google's message types and Kubernetes' schemas find an unknown field or a value
of the wrong kind.
"""

import json
import pathlib
import re

import pytest
from conftest import PROJECT

from cloud.trainer import cluster, hyperparameters

yaml = pytest.importorskip("yaml", reason="reading the files needs the package pyyaml")
CLOUD = PROJECT / "cloud"
HOW = "python -m pip install -r cloud/requirements-test.txt"


def documents(name):
    return list(yaml.safe_load_all((CLOUD / name).read_text(encoding="utf-8")))


# Vertex AI

@pytest.fixture(scope="module")
def vertex():
    return pytest.importorskip("google.cloud.aiplatform_v1.types",
                               reason=f"needs google-cloud-aiplatform: {HOW}")


def message(type_, content):
    """A protocol buffer's message from a file's content; a field that it does not have fails."""
    from google.protobuf import json_format
    return type_(json_format.ParseDict(content, type_.pb()()))


def test_vertex_job(vertex):
    (content,) = documents("vertex/job.yaml")
    spec = message(vertex.CustomJobSpec, content)
    assert all(pool.machine_spec.machine_type for pool in spec.worker_pool_specs)
    assert spec.scheduling.restart_job_on_worker_restart and spec.scheduling.timeout
    for pool in spec.worker_pool_specs:
        check_arguments(list(pool.container_spec.args), 2)


def test_vertex_tuning(vertex):
    (content,) = documents("vertex/hptune.yaml")
    job = message(vertex.HyperparameterTuningJob, content)
    (metric,) = job.study_spec.metrics
    assert (metric.metric_id, metric.goal.name) == ("accuracy", "MAXIMIZE")
    assert 1 <= job.parallel_trial_count <= job.max_trial_count
    assert all(parameter.WhichOneof("parameter_value_spec") for parameter in
               vertex.StudySpec.pb(job.study_spec).parameters)
    (pool,) = job.trial_job_spec.worker_pool_specs
    check_arguments(list(pool.container_spec.args), 1)


# Kubernetes

CLAIM = "mnist"
ALL = [("indexed-job", 2), ("server", 2), ("volume", 1)]


@pytest.mark.parametrize("name, number", ALL)
def test_kubernetes_takes_it(name, number):
    """Strictly: an unknown field would be passed over in silence."""
    validate = pytest.importorskip("kubernetes_validate", reason=f"needs it: {HOW}")
    found = documents(f"kubernetes/{name}.yaml")
    assert len(found) == number
    for document in found:
        for version in ("1.31", validate.latest_version()):
            validate.validate(document, version, strict=True)


def pods():
    """The specifications of all pods that the files ask for, by file, and their containers."""
    for name in ("indexed-job", "server"):
        *_, document = documents(f"kubernetes/{name}.yaml")
        pod = document["spec"]["template"]["spec"]
        yield pytest.param(pod, pod["containers"], id=name)
    (kserve,) = documents("kubernetes/kserve.yaml")
    yield pytest.param(kserve["spec"]["predictor"], [kserve["spec"]["predictor"]["model"]],
                       id="kserve")


@pytest.mark.parametrize("pod, containers", list(pods()))
def test_namespaces_that_enforce_the_restricted_profile_take_it(pod, containers):
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/, "Restricted"."""
    assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & set(pod)
    assert all(set(volume) <= {"name", "persistentVolumeClaim"}
               for volume in pod.get("volumes", []))
    for container in containers:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
        assert not any("hostPort" in port for port in container.get("ports", []))


def test_indexed_job():
    service, job = documents("kubernetes/indexed-job.yaml")
    spec, pod = job["spec"], job["spec"]["template"]["spec"]
    assert spec["completionMode"] == "Indexed" and spec["completions"] == spec["parallelism"]
    assert service["spec"]["clusterIP"] == "None"
    assert pod["subdomain"] == service["metadata"]["name"]
    assert service["spec"]["selector"] == {
        "batch.kubernetes.io/job-name": job["metadata"]["name"]}

    (container,) = pod["containers"]
    (mount,), (volume,) = container["volumeMounts"], pod["volumes"]
    (claim,) = documents("kubernetes/volume.yaml")
    assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"] == CLAIM
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    check_arguments(container["args"], spec["completions"])
    options = hyperparameters.read(container["args"][1:])
    assert all(getattr(options, name).startswith(mount["mountPath"] + "/")
               for name in hyperparameters.FOLDERS)

    environment = {variable["name"]: variable["value"] for variable in container["env"]}
    for index in range(spec["completions"]):
        found = cluster.read(environment | {"JOB_COMPLETION_INDEX": str(index)})
        assert found.index == index
        assert list(found.addresses) == [
            f"{job['metadata']['name']}-{number}.{service['metadata']['name']}:2222"
            for number in range(spec["completions"])]


def test_server_deployment():
    service, deployment = documents("kubernetes/server.yaml")
    pod, selector = deployment["spec"]["template"], deployment["spec"]["selector"]["matchLabels"]
    assert service["spec"]["selector"] == pod["metadata"]["labels"] == selector
    (container,), (port,) = pod["spec"]["containers"], service["spec"]["ports"]
    assert port["targetPort"] == container["ports"][0]["name"]
    (volume,), (mount,) = pod["spec"]["volumes"], container["volumeMounts"]
    assert volume["persistentVolumeClaim"]["claimName"] == CLAIM
    server = pytest.importorskip("cloud.server")
    assert container["args"][0] == "cloud.server"
    options = server.parser().parse_args(container["args"][1:])
    assert options.model_dir.startswith(mount["mountPath"])
    assert options.drain_seconds + server.GRACE < pod["spec"]["terminationGracePeriodSeconds"]
    for name in ("startupProbe", "readinessProbe", "livenessProbe"):
        probe = container[name]
        assert probe["httpGet"] == {"path": server.HEALTH_ROUTE, "port": port["targetPort"]}
        assert probe["timeoutSeconds"] >= 2
    ready = container["readinessProbe"]
    noticed = ready["periodSeconds"] * ready["failureThreshold"] + ready["timeoutSeconds"]
    assert noticed < options.drain_seconds
    assert pod["metadata"]["annotations"]["prometheus.io/path"] == server.METRICS_ROUTE


def test_kserve_serves_what_the_job_exports():
    (kserve,) = documents("kubernetes/kserve.yaml")
    *_, job = documents("kubernetes/indexed-job.yaml")
    (container,) = job["spec"]["template"]["spec"]["containers"]
    folder = hyperparameters.read(container["args"][1:]).model_dir.rpartition("/")[2]
    assert kserve["spec"]["predictor"]["model"]["storageUri"] == f"pvc://{CLAIM}/{folder}"


def check_arguments(arguments, processes):
    """A container's arguments are a command of the trainer, with a batch that can be shared."""
    assert arguments[0] == "cloud.trainer"
    options = hyperparameters.read(arguments[1:])
    assert options.batch_size % processes == 0


# The image

def test_dockerfile():
    """Not built here, but what it says is held together: pinned, not root, all files there."""
    text = (CLOUD / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    instructions = [line.split(None, 1) for line in text.splitlines()
                    if line and not line.startswith("#")]
    found = dict(instructions)
    assert re.search(r":\d+\.\d+\.\d+-", found["FROM"]) and found["USER"] == "1000"
    module = json.loads(found["CMD"])[0]
    assert (PROJECT / (module.replace(".", "/") + ".py")).exists()
    for source in (word for name, value in instructions if name == "COPY"
                   for word in value.split()[:-1]):
        assert (PROJECT / source.replace("${DEVICE}", "gpu")).exists(), source
    for kind, tensorflow in (("cpu", "tensorflow-cpu"), ("gpu", "tensorflow")):
        pinned = [line for line in (CLOUD / f"image-{kind}.txt").read_text().splitlines()
                  if line and not line.startswith("#")]
        assert all(re.fullmatch(r"[\w.-]+==[\w.+-]+", line) for line in pinned), pinned
        packages = {line.split("==")[0].lower() for line in pinned}
        assert {tensorflow, "numpy", "uvicorn", "starlette", "orjson"} <= packages


# README

def test_readme_names_what_is_there():
    text = (CLOUD / "README.md").read_text(encoding="utf-8")
    for path in set(re.findall(r"\bcloud/[\w./-]*\w", text)):
        if "_output" not in path and not path.endswith(":1"):
            assert (PROJECT / path).exists(), path
    for module in set(re.findall(r"-m (cloud\.\w+)", text)):
        base = pathlib.Path(PROJECT, *module.split("."))
        assert base.is_dir() or base.with_suffix(".py").exists(), module
