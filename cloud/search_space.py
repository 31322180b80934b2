"""The search space of a tuning file for Vertex AI, for Optuna on this machine."""

import collections
import json
import pathlib

import optuna
import yaml

from common.terminal import UserError

Space = collections.namedtuple("Space", [
    "metric",      # str, the name of what is measured
    "direction",   # "maximize" or "minimize"
    "parameters",  # a list of dictionaries, each a ParameterSpec
    "arguments",   # a list of str, in every trial: the program's module, and what it is given
    "text"])       # str, another one for another search space


def read(path):
    """Read a tuning file.

    Args:
      path: str, a YAML file with Vertex AI's HyperparameterTuningJob. Of its kinds of parameters
        those are understood that vertex/hptune.yaml has.

    Returns:
      A `Space`.

    Raises:
      UserError: it cannot be read, or describes no search that can be had here.
    """
    try:
        job = yaml.safe_load(pathlib.Path(path).read_text(encoding="utf-8"))
        spec = job["studySpec"]
        ((metric, goal),) = [(each["metricId"], each["goal"]) for each in spec["metrics"]]
        direction = {"MAXIMIZE": "maximize", "MINIMIZE": "minimize"}[goal]
        (pool,) = job["trialJobSpec"]["workerPoolSpecs"]
        arguments = [str(word) for word in pool["containerSpec"]["args"]]
        trial = optuna.create_study().ask()
        for parameter in flattened(spec["parameters"]):  # each is understood
            _suggest_one(trial, parameter)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise UserError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(f"{path} is no search that this program understands ({error!r}): "
                        f"cloud/vertex/hptune.yaml is one") from None
    return Space(metric, direction, spec["parameters"], arguments,
                 json.dumps([spec, arguments], sort_keys=True))


def flattened(parameters):
    """All parameters (ParameterSpecs), also those that are there on a condition only."""
    for parameter in parameters:
        yield parameter
        yield from flattened(each["parameterSpec"]
                             for each in parameter.get("conditionalParameterSpecs", []))


def suggest(trial, parameters):
    """Have an optuna Trial choose a point of the search space: its `params` afterwards."""
    for parameter in parameters:
        value = _suggest_one(trial, parameter)
        for condition in parameter.get("conditionalParameterSpecs", []):
            if value in condition["parentCategoricalValues"]["values"]:
                suggest(trial, [condition["parameterSpec"]])


def _suggest_one(trial, parameter):
    (kind,) = set(parameter) - {"parameterId", "scaleType", "conditionalParameterSpecs"}
    name, spec = parameter["parameterId"], parameter[kind]
    if kind == "categoricalValueSpec":
        return trial.suggest_categorical(name, spec["values"])
    log = {"UNIT_LINEAR_SCALE": False, "UNIT_LOG_SCALE": True}[parameter["scaleType"]]
    if kind == "integerValueSpec":  # which protocol buffers write as texts
        return trial.suggest_int(name, int(spec["minValue"]), int(spec["maxValue"]), log=log)
    if kind == "doubleValueSpec":
        return trial.suggest_float(name, spec["minValue"], spec["maxValue"], log=log)
    raise KeyError(kind)
