"""Who trains together, from every environment that an engine sets, and from broken ones."""

import json
import socket

import pytest

from cloud.trainer.cluster import Cluster, ClusterError, can_listen, read

CHIEF, FIRST, SECOND = "chief-0.mnist.svc:2222", "worker-0.mnist.svc:2222", "10.0.0.3:4000"


def tf_config(cluster, type_="worker", index=0, **more):
    """An environment with this TF_CONFIG."""
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": type_, "index": index},
                                     **more})}


@pytest.mark.parametrize("environment", [
    {},
    {"TF_CONFIG": ""},
    {"TF_CONFIG": "{}"},
    tf_config({}),
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


def test_tf_config_without_a_chief():
    jobs = {"worker": [FIRST, SECOND]}
    assert read(tf_config(jobs, "worker", 0)) == Cluster((FIRST, SECOND), 0)
    assert read(tf_config(jobs, "worker", 1)) == Cluster((FIRST, SECOND), 1)
    assert read(tf_config(jobs, "worker", "1")).index == 1
    assert read(tf_config({"master": [CHIEF], **jobs}, "master", 0)).is_chief


def test_tf_config_comes_before_an_indexed_job():
    environment = {**tf_config({"worker": [FIRST, SECOND]}, "worker", 1),
                   "JOB_COMPLETION_INDEX": "0", "CLUSTER_SIZE": "5"}
    assert read(environment).addresses == (FIRST, SECOND)


def test_indexed_job_of_kubernetes():
    environment = {"JOB_COMPLETION_INDEX": "2", "CLUSTER_SIZE": "3",
                   "CLUSTER_HOSTS": "mnist-{}.mnist"}
    assert read(environment) == Cluster(
        ("mnist-0.mnist:2222", "mnist-1.mnist:2222", "mnist-2.mnist:2222"), 2)
    environment |= {"CLUSTER_PORT": "70", "JOB_COMPLETION_INDEX": "0"}
    assert read(environment).addresses[0] == "mnist-0.mnist:70"
    assert read(environment).is_chief


WORKERS = {"worker": [FIRST, SECOND]}
INDEXED = {"JOB_COMPLETION_INDEX": "0", "CLUSTER_SIZE": "2", "CLUSTER_HOSTS": "mnist-{}"}


@pytest.mark.parametrize("environment, text", [
    ({"TF_CONFIG": "{cluster"}, "not JSON"),
    ({"TF_CONFIG": "[1]"}, "should look like"),
    ({"TF_CONFIG": '{"cluster": ["a:1"]}'}, "should look like"),
    ({"TF_CONFIG": json.dumps({"cluster": WORKERS})}, "does not say which task"),
    ({"TF_CONFIG": json.dumps({"cluster": WORKERS, "task": {"type": "worker"}})},
     "does not say which task"),
    ({"TF_CONFIG": json.dumps({"cluster": WORKERS, "task": "worker"})}, "does not say which task"),
    (tf_config(WORKERS, "worker", 2), '"worker" 2, which its cluster does not have'),
    (tf_config(WORKERS, "worker", -1), "should be a whole number"),
    (tf_config(WORKERS, "worker", 0.5), "should be a whole number"),
    (tf_config(WORKERS, "worker", None), "should be a whole number"),
    (tf_config(WORKERS, "worker", True), "should be a whole number"),
    (tf_config(WORKERS, "chief", 0), '"chief" 0, which its cluster does not have'),
    (tf_config(WORKERS, "evaluator", 0), '"evaluator" 0, which its cluster does not have'),
    (tf_config({**WORKERS, "ps": [CHIEF]}), '"ps", which this training has no work for'),
    (tf_config({**WORKERS, "evaluator": [CHIEF]}), '"evaluator", which this training'),
    (tf_config({"chief": [CHIEF, FIRST]}, "chief"), "2 chiefs"),
    (tf_config({"worker": {"0": FIRST}}), "should list the addresses"),
    (tf_config({"worker": [FIRST, "host"]}), "'host' is not an address"),
    (tf_config({"worker": [FIRST, "host:"]}), "'host:' is not an address"),
    (tf_config({"worker": [FIRST, "host:port"]}), "is not an address"),
    (tf_config({"worker": [FIRST, "host:70000"]}), "is not an address"),
    (tf_config({"worker": [FIRST, 5]}), "5 is not an address"),
    (tf_config({"worker": [FIRST, "grpc://host:1"]}), "is not an address"),
    (tf_config({"worker": [FIRST, FIRST]}), "same address twice"),
    (INDEXED | {"JOB_COMPLETION_INDEX": "2"}, "should be below CLUSTER_SIZE"),
    (INDEXED | {"JOB_COMPLETION_INDEX": "x"}, "JOB_COMPLETION_INDEX should be a whole number"),
    (INDEXED | {"CLUSTER_SIZE": "two"}, "CLUSTER_SIZE should be a whole number"),
    (INDEXED | {"CLUSTER_HOSTS": "mnist"}, "with {} in place of the number"),
    (INDEXED | {"CLUSTER_HOSTS": ""}, "with {} in place of the number"),
    (INDEXED | {"CLUSTER_PORT": "http"}, "is not an address"),
])
def test_broken_environments_get_one_sentence(environment, text):
    with pytest.raises(ClusterError) as raised:
        read(environment)
    assert text in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_taken_port_is_noticed():
    with socket.socket() as other:
        other.bind(("", 0))
        other.listen()
        address = f"127.0.0.1:{other.getsockname()[1]}"
        assert not can_listen(Cluster((address, "127.0.0.1:1"), 0))
    assert can_listen(Cluster((address, "127.0.0.1:1"), 0))
