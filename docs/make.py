"""Makes what is in the guide and is not written by hand.

Run:  python docs/make.py text                 the differences in the pages, the sheet of exercises
                                               and the notebook
      python docs/make.py pictures [softmax …] what is drawn in docs/drawing/
      python docs/make.py stages [1.0 …]       the finished dashboards: trains those that have
                                               changed, all six in ten minutes on two cores
      python docs/make.py views [1.0 3.0 NaN]  the window's views, in a minute
      python docs/make.py film                 README's moving picture, in half a minute

Pictures go to docs/pictures/, and for dark pages into its folder dark/.
"""

import importlib
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))  # has common/ and docs/

MAKERS = {"text": "docs.written", "pictures": "docs.drawing.pictures", "film": "docs.drawing.film",
          "stages": "docs.drawing.stages", "views": "docs.drawing.views"}


def main(arguments):
    if not arguments or arguments[0] not in MAKERS:
        sys.exit(f"Say what to make: {', '.join(MAKERS)}\n\n{__doc__}")
    importlib.import_module(MAKERS[arguments[0]]).main(arguments[1:])


if __name__ == "__main__":
    main(sys.argv[1:])
