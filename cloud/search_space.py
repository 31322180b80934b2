"""The search space of a tuning file for Vertex AI, for an optimiser on this machine.

All kinds of parameters that a StudySpec can have are understood: doubleValueSpec,
integerValueSpec, discreteValueSpec and categoricalValueSpec, with their scales, and
conditionalParameterSpecs.
"""

import collections
import hashlib
import json

import yaml

from common.errors import UserError

LINEAR, LOG, REVERSE_LOG = "UNIT_LINEAR_SCALE", "UNIT_LOG_SCALE", "UNIT_REVERSE_LOG_SCALE"
SCALES = (LINEAR, LOG, REVERSE_LOG, "SCALE_TYPE_UNSPECIFIED")
KINDS = ("doubleValueSpec", "integerValueSpec", "discreteValueSpec", "categoricalValueSpec")
PARENTS = ("parentCategoricalValues", "parentDiscreteValues", "parentIntValues")

Study = collections.namedtuple("Study", [
    "metric",      # str, the name of what is measured
    "direction",   # "maximize" or "minimize"
    "takes_best",  # bool: a trial's best measurement counts rather than its last
    "is_random",   # bool: plain random search is asked for
    "parameters",  # a list of dictionaries, each a ParameterSpec
    "arguments",   # a list of str for the program, of every trial
    "digest"])     # str, another one for another search space


class SearchSpaceError(UserError):
    """A tuning file that cannot be used. The text names the file or the parameter."""


def read(path):
    """Read a tuning file.

    Args:
      path: str, a YAML file with a HyperparameterTuningJob.

    Returns:
      A `Study`.

    Raises:
      SearchSpaceError: it cannot be read, or describes no search with one objective.
    """
    try:
        with open(path, encoding="utf-8") as file:
            job = yaml.safe_load(file)
        spec = job["studySpec"]
        (metric,) = spec["metrics"]
        direction = {"MAXIMIZE": "maximize", "MINIMIZE": "minimize"}[metric["goal"]]
        metric = metric["metricId"]
        pools = (job.get("trialJobSpec") or {}).get("workerPoolSpecs") or [{}]
        arguments = [str(word) for word in pools[0].get("containerSpec", {}).get("args", [])]
        parameters = list(spec["parameters"])
    except OSError as error:
        raise SearchSpaceError(f"{path} cannot be read: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise SearchSpaceError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SearchSpaceError(f"{path} is no tuning job with a studySpec of one metric and "
                               f"parameters ({error!r})") from None

    algorithm = spec.get("algorithm", "ALGORITHM_UNSPECIFIED")
    if algorithm not in ("ALGORITHM_UNSPECIFIED", "RANDOM_SEARCH"):
        raise SearchSpaceError(f"{path}: the algorithm {algorithm} cannot be had on this machine; "
                               f"leave it out, or say RANDOM_SEARCH")
    for parameter in parameters:
        _check(parameter)
    return Study(metric, direction, spec.get("measurementSelectionType") == "BEST_MEASUREMENT",
                 algorithm == "RANDOM_SEARCH", parameters, arguments,
                 hashlib.sha256(json.dumps([parameters, metric, direction],
                                           sort_keys=True).encode()).hexdigest())


def suggest(trial, parameters):
    """Have the optimiser choose a point of the search space.

    Args:
      trial: an optuna Trial.
      parameters: a `Study`'s.

    Returns:
      A dictionary from parameters' names to values: float, int or str.
    """
    chosen = {}
    for parameter in parameters:
        name = parameter["parameterId"]
        chosen[name] = _suggest(trial, parameter)
        for condition in parameter.get("conditionalParameterSpecs", []):
            (kind,) = set(condition) & set(PARENTS)
            if chosen[name] in condition[kind]["values"]:
                chosen |= suggest(trial, [condition["parameterSpec"]])
    return chosen


def names(parameters):
    """The names of all parameters, of the conditional ones, too."""
    for parameter in parameters:
        yield parameter["parameterId"]
        yield from names(condition["parameterSpec"]
                         for condition in parameter.get("conditionalParameterSpecs", []))


def _suggest(trial, parameter):
    name, scale = parameter["parameterId"], parameter.get("scaleType")
    if "categoricalValueSpec" in parameter:
        return trial.suggest_categorical(name, parameter["categoricalValueSpec"]["values"])
    if "discreteValueSpec" in parameter:
        # Values in their order, each as near to the next one: their scale is in their choice.
        values = sorted(parameter["discreteValueSpec"]["values"])
        return values[trial.suggest_int(name, 0, len(values) - 1)]

    whole = "integerValueSpec" in parameter
    spec = parameter["integerValueSpec" if whole else "doubleValueSpec"]
    # Protocol buffers write 64-bit integers as texts.
    low, high = (int(spec[end]) if whole else float(spec[end]) for end in ("minValue", "maxValue"))
    choose = trial.suggest_int if whole else trial.suggest_float
    value = choose(name, low, high, log=scale in (LOG, REVERSE_LOG))
    # The reverse logarithm tells values near the top apart, as the logarithm does near the bottom.
    return low + high - value if scale == REVERSE_LOG else value


def _check(parameter):
    """Raise `SearchSpaceError` unless a dictionary is a ParameterSpec that `suggest` understands.
    """
    try:
        name = parameter["parameterId"]
        (kind,) = set(parameter) - {"parameterId", "scaleType", "conditionalParameterSpecs"}
        if kind not in KINDS or parameter.get("scaleType", LINEAR) not in SCALES:
            raise ValueError(f"{kind} on {parameter.get('scaleType', 'no scale')}")
        spec = parameter[kind]
        if kind in ("categoricalValueSpec", "discreteValueSpec"):
            type_ = str if kind == "categoricalValueSpec" else (int, float)
            if not spec["values"] or not all(isinstance(value, type_) for value in spec["values"]):
                raise ValueError(f"values {spec['values']}")
            bottom = min(spec["values"]) if kind == "discreteValueSpec" else 1
        else:
            bottom, top = float(spec["minValue"]), float(spec["maxValue"])
            if not bottom <= top:
                raise ValueError(f"from {bottom:g} to {top:g}")
        if parameter.get("scaleType") in (LOG, REVERSE_LOG) and not bottom > 0:
            raise ValueError("a logarithmic scale has only values above 0")
        for condition in parameter.get("conditionalParameterSpecs", []):
            (parents,) = set(condition) & set(PARENTS)
            list(condition[parents]["values"])
            _check(condition["parameterSpec"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        name = parameter.get("parameterId", "?") if isinstance(parameter, dict) else parameter
        raise SearchSpaceError(f"the parameter {name} of the search space is not understood: "
                               f"{error if isinstance(error, ValueError) else repr(error)}"
                               ) from None
