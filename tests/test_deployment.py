"""The files that run the cloud version elsewhere, held to what the engines publish.

No engine is asked: the files are read into the message types of the client libraries that Google,
Kubernetes and Kubeflow publish, so that an unknown field or a value of the wrong kind is found.
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
    assert vertex.CustomJob(display_name="mnist", job_spec=spec).job_spec == spec
    assert [pool.replica_count for pool in spec.worker_pool_specs] == [1, 1]
    assert all(pool.machine_spec.machine_type for pool in spec.worker_pool_specs)
    assert spec.scheduling.restart_job_on_worker_restart
    assert spec.scheduling.timeout.total_seconds() == 7200
    assert spec.base_output_directory.output_uri_prefix.startswith("gs://")
    for pool in spec.worker_pool_specs:
        check_arguments(list(pool.container_spec.args), 2)
    with pytest.raises(Exception, match="replicas"):  # the check itself would tell
        message(vertex.CustomJobSpec, {"workerPoolSpecs": [{"replicas": 1}]})


def test_vertex_tuning(vertex):
    (content,) = documents("vertex/hptune.yaml")
    job = message(vertex.HyperparameterTuningJob, content)
    (metric,) = job.study_spec.metrics
    assert (metric.metric_id, metric.goal.name) == ("accuracy", "MAXIMIZE")
    assert job.max_trial_count == 20 and 1 <= job.parallel_trial_count <= job.max_trial_count
    assert len(job.study_spec.parameters) == 9
    assert all(parameter.WhichOneof("parameter_value_spec") for parameter in
               vertex.StudySpec.pb(job.study_spec).parameters)
    (pool,) = job.trial_job_spec.worker_pool_specs
    check_arguments(list(pool.container_spec.args), 1)


# Kubernetes

def pythonic(client, content, type_):
    """An object of one of a client library's models, all the way down.

    The libraries' own readers pass over fields that they do not know, so these are looked for.
    """
    if content is None or type_ in ("str", "int", "bool", "object", "datetime", "float"):
        kinds = {"str": str, "int": int, "bool": bool, "float": (int, float)}
        assert content is None or isinstance(content, kinds.get(type_, object)), (content, type_)
        return content
    if of_list := re.fullmatch(r"list\[(.+)\]", type_):
        assert isinstance(content, list), (content, type_)
        return [pythonic(client, item, of_list[1]) for item in content]
    if of_dict := re.fullmatch(r"dict\(str, (.+)\)", type_) or re.fullmatch(
            r"dict\[str, (.+)\]", type_):
        assert isinstance(content, dict), (content, type_)
        return {name: pythonic(client, item, of_dict[1]) for name, item in content.items()}
    model = client(type_)
    fields = {name: field for field, name in model.attribute_map.items()}
    unknown = set(content) - set(fields)
    assert not unknown, f"{type_} has no {', '.join(unknown)}"
    # Making the object checks what is required and which values are allowed.
    return model(**{fields[name]: pythonic(client, item, model.openapi_types[fields[name]])
                    for name, item in content.items()})


def kubernetes_model(name):
    client = pytest.importorskip("kubernetes.client", reason=f"needs kubernetes: {HOW}")
    return getattr(client, name)


def test_indexed_job():
    service, job = documents("kubernetes/indexed-job.yaml")
    assert (service["apiVersion"], job["apiVersion"]) == ("v1", "batch/v1")
    service = pythonic(kubernetes_model, service, "V1Service")
    job = pythonic(kubernetes_model, job, "V1Job")
    spec, pod = job.spec, job.spec.template.spec
    assert spec.completion_mode == "Indexed" and spec.completions == spec.parallelism
    assert service.spec.cluster_ip == "None" and pod.subdomain == service.metadata.name
    assert service.spec.selector == {"batch.kubernetes.io/job-name": job.metadata.name}
    assert pod.restart_policy == "Never"  # which podFailurePolicy asks for
    check_pod(pod, spec.completions)

    environment = {variable.name: variable.value for variable in pod.containers[0].env}
    for index in range(spec.completions):
        found = cluster.read(environment | {"JOB_COMPLETION_INDEX": str(index)})
        assert found.index == index
        assert list(found.addresses) == [
            f"{job.metadata.name}-{number}.{service.metadata.name}:2222"
            for number in range(spec.completions)]


CLAIM = "mnist"


def test_volume_claim():
    """The claim that all pods name, which several machines can write to."""
    (claim,) = documents("kubernetes/volume.yaml")
    claim = pythonic(kubernetes_model, claim, "V1PersistentVolumeClaim")
    assert claim.metadata.name == CLAIM and claim.spec.access_modes == ["ReadWriteMany"]


def test_server_deployment():
    service, deployment = documents("kubernetes/server.yaml")
    service = pythonic(kubernetes_model, service, "V1Service")
    deployment = pythonic(kubernetes_model, deployment, "V1Deployment")
    pod = deployment.spec.template
    assert service.spec.selector == pod.metadata.labels == deployment.spec.selector.match_labels
    (container,), (port,) = pod.spec.containers, service.spec.ports
    assert port.target_port == container.ports[0].name
    (volume,) = pod.spec.volumes
    assert volume.persistent_volume_claim.claim_name == CLAIM
    server = pytest.importorskip("cloud.server")
    assert container.args[0] == "cloud.server"
    options = server.parser().parse_args(container.args[1:])
    assert options.model_dir.startswith(container.volume_mounts[0].mount_path)
    assert options.drain_seconds + server.GRACE < pod.spec.termination_grace_period_seconds
    for probe in (container.startup_probe, container.readiness_probe, container.liveness_probe):
        assert (probe.http_get.path, probe.http_get.port) == (options.health_route, port.name)
    noticed = container.readiness_probe.period_seconds * container.readiness_probe.failure_threshold
    assert noticed < options.drain_seconds
    assert pod.metadata.annotations["prometheus.io/path"] == server.METRICS_ROUTE


def test_tfjob():
    training = pytest.importorskip("kubeflow.training.models",
                                   reason=f"needs kubeflow-training: {HOW}")

    def model(name):
        return getattr(training, name, None) or kubernetes_model(name)

    (content,) = documents("kubernetes/tfjob.yaml")
    assert (content["apiVersion"], content["kind"]) == ("kubeflow.org/v1", "TFJob")
    job = pythonic(model, content, "KubeflowOrgV1TFJob")
    replicas = job.spec.tf_replica_specs
    assert set(replicas) == {"Chief", "Worker"} and replicas["Chief"].replicas == 1
    for replica in replicas.values():
        assert replica.restart_policy == "ExitCode"
        assert replica.template.spec.containers[0].name == "tensorflow"
        check_pod(replica.template.spec, sum(one.replicas for one in replicas.values()))


def check_pod(pod, processes):
    """What holds for the pods of both kinds of jobs."""
    assert pod.security_context.run_as_non_root and pod.security_context.run_as_user == 1000
    (container,) = pod.containers
    mounted = {mount.name: mount.mount_path for mount in container.volume_mounts}
    assert set(mounted) == {volume.name for volume in pod.volumes}
    assert {volume.persistent_volume_claim.claim_name for volume in pod.volumes} == {CLAIM}
    check_arguments(container.args, processes)
    kept = [word for word in container.args if word.split("=")[0] in (
        "--model-dir", "--checkpoint-dir", "--log-dir")]
    assert len(kept) == 3
    assert all(word.split("=")[1].startswith(tuple(mounted.values())) for word in kept)


def check_arguments(arguments, processes):
    """A container's arguments are a command of the trainer, with a batch that can be shared."""
    assert arguments[0] == "cloud.trainer"
    options = hyperparameters.read(arguments[1:])
    assert options.batch_size % processes == 0


# The image

def test_dockerfile():
    """Not built here, but what it says is held together: pinned, not root, all files there."""
    text = (CLOUD / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = text.splitlines()
    instructions = [line.split(None, 1) for line in lines if line and not line.startswith("#")]
    names = [name for name, _ in instructions]
    assert re.search(r":\d+\.\d+\.\d+-", dict(instructions)["FROM"])
    users = [value for name, value in instructions if name == "USER"]
    assert users == ["1000"] and names.index("USER") < names.index("ENTRYPOINT")
    assert json.loads(dict(instructions)["ENTRYPOINT"]) == ["tini", "--", "python", "-m"]
    assert " tini" in text and "/health" in dict(instructions)["HEALTHCHECK"]
    module = json.loads(dict(instructions)["CMD"])[0]
    assert (PROJECT / (module.replace(".", "/") + ".py")).exists()
    for name, value in instructions:
        if name == "COPY":
            for source in value.split()[:-1]:
                assert (PROJECT / source.replace("${DEVICE}", "gpu")).exists(), source
    for kind in ("cpu", "gpu"):
        pinned = (CLOUD / f"image-{kind}.txt").read_text(encoding="utf-8").splitlines()
        pinned = [line for line in pinned if line and not line.startswith("#")]
        assert all(re.fullmatch(r"[\w.-]+==[\w.+-]+", line) for line in pinned), pinned
        packages = {line.split("==")[0].lower() for line in pinned}
        assert {"numpy", "uvicorn", "starlette", "orjson", "prometheus-client"} <= packages
        assert "tensorflow" + ("-cpu" if kind == "cpu" else "") in packages
    ignored = (CLOUD / "Dockerfile.dockerignore").read_text(encoding="utf-8").split()
    assert ignored[0] == "*"
    assert {"!cloud", "!common", "!data"} <= set(ignored)


# README

def test_readme_names_what_is_there():
    text = (CLOUD / "README.md").read_text(encoding="utf-8")
    for path in set(re.findall(r"\bcloud/[\w./-]*\w", text)):
        if "_output" not in path and not path.endswith(":1"):
            assert (PROJECT / path).exists(), path
    for module in set(re.findall(r"-m (cloud\.\w+)", text)):
        base = pathlib.Path(PROJECT, *module.split("."))
        assert base.is_dir() or base.with_suffix(".py").exists(), module
