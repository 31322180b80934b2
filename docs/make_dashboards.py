"""Trains the stages at full length and keeps their finished dashboards in docs/pictures/.

That of the last stage is the README's picture, too.

Run:  python docs/make_dashboards.py             those whose picture is missing or out of date
      python docs/make_dashboards.py 1.0 2.1     those that are named, in any case

It can be stopped and started again. A picture carries the fingerprint of the code that it shows,
so one of an older script is made anew, and a test can tell. Each run has the seed 0, and prints
what it reaches. All six take ten minutes on two cores.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

PROJECT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))  # has common/

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from benchmarks.accuracy import code_of
from common.errors import whole_file

FOLDER = PROJECT / "docs" / "pictures"
SIZE, COLOURS = (1440, 810), 256  # small print can still be read, in less than 200 kB
README_PICTURE, README_SIZE = PROJECT / "docs" / "dashboard.png", (1920, 1080)
STAGES = {path.name.split("_")[1]: path.name for path in sorted(PROJECT.glob("mnist_*.py"))}


def picture_of(version):
    """Where the picture of a stage is, or will be."""
    return FOLDER / f"stage_{version}.png"


def fingerprint(script):
    """What stays the same as long as a script does the same, and the kind of picture."""
    text = (PROJECT / script).read_text(encoding="utf-8")
    return f"{code_of(text)} {SIZE[0]}x{SIZE[1]} {COLOURS}"


def fingerprint_in(path):
    """The fingerprint that a picture carries; None where there is none."""
    if not path.exists():
        return None
    with Image.open(path) as picture:
        return picture.info.get("code")


def result_in(path):
    """What the run in a picture has reached: the line that it printed, str."""
    with Image.open(path) as picture:
        return picture.info["result"]


def make(version):
    """Train a stage and keep its dashboard, smaller and with fewer colours."""
    script = STAGES[version]
    print(f"{script}: training", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        large = pathlib.Path(folder, "dashboard.png")
        output = subprocess.run(
            [sys.executable, PROJECT / script, "--text", "--seed", "0", "--save-figure", large],
            check=True, stdout=subprocess.PIPE, text=True, encoding="utf-8").stdout
        result = re.search(r"^final test accuracy .*", output, re.MULTILINE)[0]
        print(result, flush=True)
        notes = PngInfo()
        notes.add_text("code", fingerprint(script))
        notes.add_text("result", result)
        _keep(large, picture_of(version), SIZE, notes)
        if version == max(STAGES):
            _keep(large, README_PICTURE, README_SIZE, notes)


def _keep(large, path, size, notes):
    with Image.open(large) as picture:
        small = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    with whole_file(path) as partial:
        small.quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(
            partial, format="PNG", optimize=True, pnginfo=notes)
    print(f"saved {path.relative_to(PROJECT)}, {path.stat().st_size // 1000} kB", flush=True)


def main(versions):
    unknown = sorted(set(versions) - set(STAGES))
    if unknown:
        sys.exit(f"no such stage: {', '.join(unknown)}; there are {', '.join(STAGES)}")
    FOLDER.mkdir(exist_ok=True)
    for version, script in STAGES.items():
        if version in versions or (
                not versions and fingerprint_in(picture_of(version)) != fingerprint(script)):
            make(version)


if __name__ == "__main__":
    main(sys.argv[1:])
