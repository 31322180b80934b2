"""Sends digits to a prediction server, and prints what it reads.

    python -m cloud.predict                                   to the server on this machine
    python -m cloud.predict --url http://127.0.0.1:8501/v1/models/mnist:predict
                                                              to TensorFlow Serving

The file is a request as the protocol has it; the right labels are in its `parameters`, which
servers pass over.
"""

import argparse
import http.client
import json
import pathlib
import urllib.error
import urllib.parse
import urllib.request

from common.terminal import UserError, end_clearly, reason

DIGITS = str(pathlib.Path(__file__).with_name("digits.json"))
URL = "http://127.0.0.1:8080/predict"
SECONDS = 30  # for an answer
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def ask(url, body):
    """Send a request.

    Args:
      url: str, the address of the predictions.
      body: bytes, the request in JSON.

    Returns:
      A list with a dictionary to each instance, of `classes` (int) and `predictions` (ten floats).

    Raises:
      UserError: there is no server, or it refuses the request.
    """
    try:
        # A proxy is on another machine, to which this one's own addresses mean something else.
        is_here = urllib.parse.urlsplit(url).hostname in LOOPBACK
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({} if is_here else None))
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        with opener.open(request, timeout=SECONDS) as answer:
            text = answer.read()
    except urllib.error.HTTPError as error:
        raise UserError(f"{url} refuses the request ({error.code}): {_reason(error)}") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        why = reason(getattr(error, "reason", error))
        raise UserError(f"{url!r} cannot be asked ({why}): start the server with python -m "
                        f"cloud.server --model-dir DIR, or name its address, such as {URL}, by "
                        f"--url") from None
    try:
        predictions = json.loads(text)["predictions"]
        if isinstance(predictions, list) and all(map(_is_prediction, predictions)):
            return predictions
    except (ValueError, KeyError, TypeError):
        pass
    raise UserError(f"{url} gives no predictions of digits, but {text[:60]!r} and so on: is it the "
                    f"address of another model?")


def _is_prediction(prediction):
    return (type(prediction["classes"]) is int and len(prediction["predictions"]) == 10
            and all(type(share) in (int, float) for share in prediction["predictions"]))


def _reason(error):
    """The sentence in a server's refusal."""
    text = error.read().decode(errors="replace")
    try:
        return json.loads(text)["error"]
    except (ValueError, KeyError, TypeError):
        return text[:200] or error.reason


def table(labels, predictions):
    """What was read, as text: a line to each digit, and how many are right."""
    lines = ["label  read  probabilities of 0 to 9"]
    for label, prediction in zip(labels, predictions):
        shares = "  ".join(f"{share:.3f}" for share in prediction["predictions"])
        lines.append(f"{label!s:>5}  {prediction['classes']:>4}  {shares}")
    right = sum(label == prediction["classes"] for label, prediction in zip(labels, predictions))
    known = [label for label in labels if label != "?"]
    return "\n".join(lines + [f"{right} of {len(known)} right"] * bool(known))


def main():
    """Send the digits of a file."""
    end_clearly()
    parser = argparse.ArgumentParser(
        prog="python -m cloud.predict",
        description="Send digits to a prediction server, and print what it reads.")
    parser.add_argument("--url", default=URL, help=f"where the predictions are (default: {URL})")
    parser.add_argument("--file", metavar="FILE", default=DIGITS,
                        help="the digits, as a request in JSON (default: cloud/digits.json)")
    options = parser.parse_args()
    try:
        body = pathlib.Path(options.file).read_bytes()
        request = json.loads(body)
        labels = request.get("parameters", {}).get("labels") or ["?"] * len(request["instances"])
        if len(labels) != len(request["instances"]):
            raise UserError(f"{options.file} has {len(labels)} labels for "
                            f"{len(request['instances'])} instances")
    except OSError as error:
        raise UserError(f"{options.file} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError(f'{options.file} is no request in JSON, {{"instances": [...]}}') from None
    predictions = ask(options.url, body)
    if len(predictions) != len(labels):
        raise UserError(f"{options.url} gives {len(predictions)} predictions for {len(labels)} "
                        f"digits: is it the address of another model?")
    print(table(labels, predictions))


if __name__ == "__main__":
    main()
