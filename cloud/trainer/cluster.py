"""Which processes train together, read from the variables that an engine sets.

An engine starts the same program once on each machine and tells it by its environment who the
others are:

  Vertex AI: TF_CONFIG, a text in JSON such as
      {"cluster": {"chief": ["host-a:2222"], "worker": ["host-b:2222", "host-c:2222"]},
       "task": {"type": "worker", "index": 0}}
    What else it holds ("job", "environment", …) says nothing about the cluster. Where there is no
    chief, worker 0 does the chief's work.

  Kubernetes' indexed jobs: JOB_COMPLETION_INDEX, the number of this process, which Kubernetes
    sets; the job's own file adds
      CLUSTER_SIZE   how many processes there are, for example 2
      CLUSTER_HOSTS  their addresses with {} for the number, for example mnist-{}.mnist:2222

None of these: the process trains alone.
"""

import concurrent.futures
import contextlib
import dataclasses
import json
import re
import socket

from common.terminal import UserError

CONNECT_SECONDS = 3


@dataclasses.dataclass(frozen=True)
class Cluster:
    """The processes that train together, the chief first.

    Attributes:
      addresses: a tuple of str, "host:port" of each process; empty where this process is alone.
      index: int, which of them this process is.
    """

    addresses: tuple = ()
    index: int = 0

    @property
    def is_chief(self):
        """Whether this process tests, saves and exports for all of them."""
        return self.index == 0

    @property
    def size(self):
        """The number of processes, 1 or above."""
        return max(len(self.addresses), 1)

    @property
    def environment(self):
        """The variables (a dictionary of str) from which `read` makes this cluster again."""
        return {"TF_CONFIG": json.dumps({"cluster": {"worker": self.addresses},
                                         "task": {"type": "worker", "index": self.index}})}


def read(environment):
    """The cluster that an engine describes.

    Args:
      environment: a mapping from names of variables to their values, such as os.environ.

    Returns:
      A `Cluster`. One that consists of this process only has no addresses.

    Raises:
      UserError: the variables are broken, or name tasks that have no place in this training.
    """
    if environment.get("TF_CONFIG", "").strip():
        return _from_tf_config(environment["TF_CONFIG"])
    if "JOB_COMPLETION_INDEX" in environment and "CLUSTER_SIZE" in environment:
        return _from_indexed_job(environment)
    return Cluster()


def on_this_machine(size):
    """A list of `Cluster`: for each of `size` processes on this machine, whom it trains with."""
    if size == 1:
        return [Cluster()]
    with contextlib.ExitStack() as listeners:  # all at once, so that no port is given twice
        free = [listeners.enter_context(socket.create_server(("127.0.0.1", 0)))
                for _ in range(size)]
        addresses = tuple(f"127.0.0.1:{listener.getsockname()[1]}" for listener in free)
    return [Cluster(addresses, index) for index in range(size)]


def out_of_reach(cluster):
    """The addresses (a list of str) of the other processes that do not take a connection."""
    def takes_connections(address):
        host, _, port = address.rpartition(":")
        with contextlib.suppress(OSError):
            socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS).close()
            return True

    others = [address for index, address in enumerate(cluster.addresses) if index != cluster.index]
    with concurrent.futures.ThreadPoolExecutor(max(len(others), 1)) as pool:
        found = pool.map(takes_connections, others)
        return [address for address, there in zip(others, found) if not there]


def _from_tf_config(text):
    try:
        config = json.loads(text)
        jobs = {name: hosts for name, hosts in config.get("cluster", {}).items() if hosts}
        if not jobs:
            return Cluster()  # a job of one machine: some engines say so by an empty cluster
        task = config["task"]["type"], str(config["task"]["index"])
        tasks = {(name, str(number)): host for name in ("chief", "worker")
                 for number, host in enumerate(jobs.pop(name, []))}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError(
            f'TF_CONFIG is not understood ({error!r}): it should look like {{"cluster": '
            f'{{"worker": ["host:port", …]}}, "task": {{"type": "worker", "index": 0}}}}') from None
    if jobs:
        raise UserError(f"TF_CONFIG names tasks of the type {' and '.join(jobs)}, which this "
                        f"training has no work for: leave them out of the job")
    if ("chief", "1") in tasks:
        raise UserError("TF_CONFIG names more than one chief: leave one, and make the others "
                        "workers")
    if task not in tasks:
        raise UserError(f"TF_CONFIG says that this process is {' '.join(task)}, which its "
                        f"cluster does not have")
    return _cluster(list(tasks.values()), list(tasks).index(task), "TF_CONFIG")


def _from_indexed_job(environment):
    index, size = environment["JOB_COMPLETION_INDEX"], environment["CLUSTER_SIZE"]
    if not size.isdecimal() or int(size) <= int(index):
        raise UserError(f"CLUSTER_SIZE should be the number of processes, more than {index}, "
                        f"the JOB_COMPLETION_INDEX of this one, not {size!r}")
    hosts = environment.get("CLUSTER_HOSTS", "")
    if int(size) > 1 and "{}" not in hosts:
        raise UserError(f"CLUSTER_HOSTS should have {{}} where the number of a process belongs, "
                        f"such as mnist-{{}}.mnist:2222: {hosts!r} has none")
    addresses = [hosts.replace("{}", str(number)) for number in range(int(size))]
    return _cluster(addresses, int(index), "CLUSTER_HOSTS")


def _cluster(addresses, index, variable):
    """A cluster of these addresses, once they are checked; `variable` is where they come from."""
    if len(addresses) == 1:
        return Cluster()
    for address in addresses:
        port = re.fullmatch(r"(?:[^\s:/]+|\[[0-9a-fA-F:.]+\]):(\d{1,5})", str(address))
        if not port or not 0 < int(port[1]) < 65536:
            raise UserError(f"{variable}: {address!r} is not an address, which has a host and "
                            f"a port from 1 to 65535, such as host:2222")
    if len(set(addresses)) < len(addresses):
        raise UserError(f"{variable} names the same address twice")
    return Cluster(tuple(addresses), index)
