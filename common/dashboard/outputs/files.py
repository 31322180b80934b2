"""The dashboard as pictures: of its end, a movie of the whole run, one below a notebook's cell.

Files are drawn when the training is over, so they cost it next to nothing, and the same run gives
the same movie. matplotlib is imported only then.
"""

import argparse
import contextlib
import io
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import numpy as np

from common.dashboard.drawing.scene import Sample
from common.dashboard.link.messages import Finished, Progress, Started, Tested, Trained
from common.dashboard.link.run import NotOftener, Outbox, Run
from common.dashboard.outputs.output import Output
from common.options import PICTURE_ENDINGS, Option, file_to_write
from common.terminal import UserError, whole_file

MOVIE_ENDINGS = (".mp4", ".gif")

PICTURE_SIZE = 1920, 1080                             # pixels
MOVIE_SIZE = {".mp4": (1280, 720), ".gif": (960, 540)}  # pixels, even numbers
FRAMES = 300                                          # at most, of a whole run
FRAMES_A_SECOND = {".mp4": 25, ".gif": 20}
LAST_FRAME = 2                                        # seconds for which a movie shows its end

CELL_SIZE = 1280, 720  # pixels, in a notebook
CELL_EVERY = 1.0       # seconds between two pictures there, at least
CELL_SHARE = 0.08      # of the time that drawing them may take


def has_curves(run):
    """Whether there is anything of a `Run` to be drawn."""
    return any(len(curve) for curve in run.curves.values())


class Picture(Output):
    """Saves the finished dashboard as a picture."""

    option = Option("--save-figure", "save the finished dashboard as a picture: .png, .svg or .pdf",
                    metavar="FILE", type=file_to_write(PICTURE_ENDINGS))

    def __init__(self, options, is_asked_for=True):
        self._path, self._is_asked_for = options.save_figure, is_asked_for

    def finish(self):
        if not has_curves(self._run):
            return
        self._terminal.show("drawing the picture")
        try:
            save_picture(self._run, self._path)
            self._terminal.say(f"saved {self._path}")
        except UserError as error:
            if self._is_asked_for:
                raise
            self._terminal.say(str(error))  # the run is as good without it


def save_picture(run, path):
    """Save all of the dashboard of a `Run` as a file with one of `PICTURE_ENDINGS`."""
    with drawn(run, *PICTURE_SIZE) as picture:
        save_view(picture, "all", path)


def save_view(picture, view, path):
    """Save one of the `panels.VIEWS` that a `DashboardFigure` has, and make the folder if need be.

    Raises:
      UserError: the file cannot be written.
    """
    picture.show_view(view)
    picture.update()
    with whole_file(path) as partial:
        pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
        picture.figure.savefig(partial)


def ask(picture, view, model):
    """Show a view, with what a `Model` says to its question; return whether there is an answer."""
    picture.show_view(view)
    question = picture.question
    if question is None or getattr(model, question.needs) is None:
        return False
    found = question.answer(model)
    picture.scene.take(question, found)
    return bool(np.size(found))


class Png(bytes):
    """A picture, which a notebook shows where it is the result of a cell."""

    def _repr_png_(self):
        return bytes(self)


def png_of(run, model, view, image=None):
    """A view of a `Run` as a `Png`; the arguments are those of `Dashboard.picture`."""
    from common.dashboard.drawing.panels import VIEWS
    if view not in VIEWS:
        raise ValueError(f"there is no view {view!r}; there are: " + ", ".join(map(repr, VIEWS)))
    with drawn(run, *CELL_SIZE) as picture:
        if image is not None:
            ink = np.rint(255 * np.reshape(image, (28, 28))).astype(np.uint8)
            picture.scene.sample = Sample(ink, "Your digit")
        ask(picture, view, model)
        picture.update()
        png = io.BytesIO()
        picture.figure.savefig(png, format="png")
    return Png(png.getvalue())


def movie_file(text):
    """The type of a movie's file name."""
    path = file_to_write(MOVIE_ENDINGS)(text)
    if path.lower().endswith(".mp4") and shutil.which("ffmpeg") is None:
        raise argparse.ArgumentTypeError(
            f"{text} needs the program ffmpeg, which is not there: install it (Debian, Ubuntu: "
            "sudo apt install ffmpeg; macOS: brew install ffmpeg), or name a .gif instead")
    return path


class Movie(Output):
    """Records a run, and makes a movie of it at the end."""

    option = Option("--save-movie", "save the whole run as a movie: .mp4, which needs the program "
                    "ffmpeg, or .gif", metavar="FILE", type=movie_file)

    def __init__(self, options):
        self._path = options.save_movie
        # Messages by frame, and those since the last one: 105 MB of 10,000 iterations.
        self._frames, self._waiting = [], Outbox()
        self._every = self._next_frame = 1          # iterations

    def send(self, message):
        match message:
            case Progress():
                return  # the clock has no place in a movie
            case Started():
                self._every = max(1, (message.last or 0) // FRAMES)
            case Trained() | Tested() if message.iteration >= self._next_frame:
                self._frames.append(self._waiting.take())
                self._next_frame = message.iteration + self._every
        self._waiting.add(message)

    def finish(self):
        if not has_curves(self._run):
            return
        self._frames.append(self._waiting.take())
        ending = pathlib.Path(self._path).suffix.lower()
        write, size = {".mp4": _write_mp4, ".gif": _write_gif}[ending], MOVIE_SIZE[ending]
        run = Run()
        with drawn(run, *size) as picture, whole_file(self._path) as partial:
            write(self._draw_frames(run, picture), len(self._frames), size, partial)
        self._terminal.say(f"saved {self._path}")

    def _draw_frames(self, run, picture):
        """Yield the movie's pictures, uint8 [height, width, 4]; each is valid until the next."""
        picture.repaint_in_part()
        for number, frame in enumerate(self._frames, 1):
            self._terminal.show(f"drawing the movie: frame {number} of {len(self._frames)}")
            for message in frame:
                run.apply(message)
            parts = picture.update()
            if parts is None:
                picture.figure.canvas.draw()
            else:
                picture.repaint(parts)
            yield picture.figure.canvas.buffer_rgba()


def _write_mp4(frames, count, size, path):
    """Encode with ffmpeg, in the format that every player knows."""
    width, height = size
    rate = FRAMES_A_SECOND[".mp4"]
    ffmpeg = subprocess.Popen(
        ["ffmpeg", "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgba",
         "-s", f"{width}x{height}", "-r", str(rate), "-i", "-",
         "-pix_fmt", "yuv420p", "-movflags", "+faststart", path],
        stdin=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    with contextlib.suppress(BrokenPipeError):  # ffmpeg says why, below
        for frame in frames:
            ffmpeg.stdin.write(frame)
        for _ in range(LAST_FRAME * rate):
            ffmpeg.stdin.write(frame)
    _, errors = ffmpeg.communicate()
    if ffmpeg.returncode != 0:
        (*_, last) = errors.decode(errors="replace").strip().splitlines() or ["it ended early"]
        raise OSError(None, f"ffmpeg says: {last}")


def _write_gif(frames, count, size, path):
    """Encode with Pillow, which matplotlib depends on."""
    from PIL import Image

    pictures = (Image.frombuffer("RGBA", size, frame).convert("RGB").quantize(128)
                for frame in frames)
    each = 1000 // FRAMES_A_SECOND[".gif"]  # milliseconds
    next(pictures).save(path, save_all=True, append_images=pictures, loop=0,
                        duration=[each] * (count - 1) + [each + 1000 * LAST_FRAME])


class Notebook(Output):
    """Shows the run below the cell that trains, in a picture that is replaced again and again.

    It is drawn in the process that trains, so it is drawn seldom. It answers no keys; the
    notebook's button that interrupts a cell ends the run, as closing a window does.
    """

    def __init__(self):
        self._shown = None  # what IPython calls a handle, once there is a picture
        self._pace = NotOftener(CELL_EVERY, CELL_SHARE)

    def start(self, run, model, terminal):
        super().start(run, model, terminal)
        self._handler = signal.signal(signal.SIGINT, self._interrupt)

    def send(self, message):
        match message:
            case Trained() | Tested() if self._pace.is_due:
                self._show()
            case Finished() if has_curves(self._run):
                self._show()

    def finish(self):
        signal.signal(signal.SIGINT, self._handler)

    def _interrupt(self, number, frame):
        """End the run when the iteration has ended; a second interrupt does not wait."""
        self.is_closed = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def _show(self):
        from IPython.display import Image, display
        began = time.monotonic()
        image = Image(png_of(self._run, self._model, "all"))
        if self._shown is None:
            self._shown = display(image, display_id=True)
        else:
            self._shown.update(image)
        self._pace.restart(time.monotonic() - began)


def load_matplotlib():
    """Import matplotlib, whatever the environment says of windows: a file needs none."""
    if "matplotlib" in sys.modules or "MPLBACKEND" not in os.environ:
        return
    backend = os.environ.pop("MPLBACKEND")  # the import fails on a name that it does not know
    try:
        import matplotlib
    finally:
        os.environ["MPLBACKEND"] = backend
    with contextlib.suppress(ValueError):
        matplotlib.rcParams["backend"] = backend


@contextlib.contextmanager
def drawn(run, width, height):
    """The `DashboardFigure` of a `Run` on so many pixels; within, matplotlib's settings are ours.
    """
    load_matplotlib()
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from common.dashboard.drawing.figure import DashboardFigure
    from common.dashboard.drawing.style import DPI, use_style

    with matplotlib.rc_context():
        use_style()
        figure = Figure(dpi=DPI, figsize=(width / DPI, height / DPI))
        FigureCanvasAgg(figure)
        yield DashboardFigure(figure, run)
