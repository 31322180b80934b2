"""Who trains together, from every environment that an engine sets, and from broken ones."""

import json

import pytest

from cloud.trainer.cluster import Cluster, read
from common.terminal import UserError

CHIEF, FIRST, SECOND = "chief-0.mnist.svc:2222", "worker-0.mnist.svc:2222", "10.0.0.3:4000"


def tf_config(cluster, type_="worker", index=0, **more):
    """An environment with this TF_CONFIG."""
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": type_, "index": index},
                                     **more})}


@pytest.mark.parametrize("environment", [
    {},
    {"TF_CONFIG": ""},
    {"TF_CONFIG": "{}"},
    tf_config({"worker": []}),
    tf_config({"chief": [CHIEF]}, "chief"),  # Vertex AI: a job with one pool of one machine
    tf_config({"worker": [FIRST], "ps": []}),
    {"JOB_COMPLETION_INDEX": "0"},  # an indexed job that is not one of a cluster
    {"JOB_COMPLETION_INDEX": "0", "CLUSTER_SIZE": "1"},
    {"CLUSTER_SIZE": "2", "CLUSTER_HOSTS": "mnist-{}"},
])
def test_one_process_trains_alone(environment):
    cluster = read(environment)
    assert cluster == Cluster()
    assert cluster.is_chief and cluster.size == 1


@pytest.mark.parametrize("type_, index, expected", [
    ("chief", 0, 0), ("worker", 0, 1), ("worker", 1, 2)])
def test_tf_config_of_vertex_ai(type_, index, expected):
    cluster = read(tf_config({"chief": [CHIEF], "worker": [FIRST, SECOND]}, type_, index,
                             environment="cloud", job='{"worker_pool_specs": []}'))
    assert cluster == Cluster((CHIEF, FIRST, SECOND), expected)
    assert cluster.is_chief == (type_ == "chief")
    assert cluster.size == 3


def test_tf_config_without_a_chief_comes_before_an_indexed_job():
    jobs = {"worker": [FIRST, SECOND]}
    indexed = {"JOB_COMPLETION_INDEX": "0", "CLUSTER_SIZE": "5"}
    for index, expected in ((0, 0), (1, 1), ("1", 1)):
        assert read(tf_config(jobs, "worker", index) | indexed) == Cluster(
            (FIRST, SECOND), expected)


def test_indexed_job_of_kubernetes():
    environment = {"JOB_COMPLETION_INDEX": "2", "CLUSTER_SIZE": "3",
                   "CLUSTER_HOSTS": "mnist-{}.mnist:2222"}
    assert read(environment) == Cluster(
        ("mnist-0.mnist:2222", "mnist-1.mnist:2222", "mnist-2.mnist:2222"), 2)
    assert read(environment | {"JOB_COMPLETION_INDEX": "0"}).is_chief


WORKERS = {"worker": [FIRST, SECOND]}
INDEXED = {"JOB_COMPLETION_INDEX": "0", "CLUSTER_SIZE": "2", "CLUSTER_HOSTS": "mnist-{}:2222"}


@pytest.mark.parametrize("environment, text", [
    ({"TF_CONFIG": "{cluster"}, "TF_CONFIG is not understood"),
    ({"TF_CONFIG": '{"cluster": ["a:1"]}'}, "TF_CONFIG is not understood"),
    ({"TF_CONFIG": json.dumps({"cluster": WORKERS})}, "KeyError('task')"),
    ({"TF_CONFIG": json.dumps({"cluster": WORKERS, "task": {"type": "worker"}})},
     "KeyError('index')"),
    ({"TF_CONFIG": json.dumps({"cluster": WORKERS, "task": "worker"})}, "not understood"),
    (tf_config({"worker": 5}), "not understood"),
    (tf_config(WORKERS, "worker", 2), "worker 2, which its cluster does not have"),
    (tf_config(WORKERS, "worker", 0.5), "worker 0.5, which its cluster does not have"),
    (tf_config(WORKERS, "evaluator", 0), "evaluator 0, which its cluster does not have"),
    (tf_config({**WORKERS, "ps": [CHIEF]}), "type ps, which this training has no work for"),
    (tf_config({"worker": [FIRST, "host"]}), "'host' is not an address"),
    (tf_config({"worker": [FIRST, 5]}), "5 is not an address"),
    (tf_config({"worker": [FIRST, "grpc://host:1"]}), "is not an address"),
    (tf_config({"worker": [FIRST, FIRST]}), "same address twice"),
    (tf_config({"chief": [FIRST, SECOND]}, "chief"), "TF_CONFIG names more than one chief"),
    (INDEXED | {"JOB_COMPLETION_INDEX": "2"}, "CLUSTER_SIZE should be the number of processes"),
    (INDEXED | {"CLUSTER_SIZE": "two"}, "CLUSTER_SIZE should be the number of processes"),
    (INDEXED | {"CLUSTER_HOSTS": "mnist:2222"}, "CLUSTER_HOSTS should have {} where"),
    (INDEXED | {"CLUSTER_HOSTS": "mnist-{}"}, "'mnist-0' is not an address"),
])
def test_broken_environments_get_one_sentence(environment, text):
    with pytest.raises(UserError) as raised:
        read(environment)
    assert text in str(raised.value)
    assert "\n" not in str(raised.value)
