"""The dashboard as files: a picture of its end, a movie of the whole run.

Both are drawn when the training is over, so they cost it next to nothing, and the same run gives
the same movie. matplotlib is imported only then.
"""

import contextlib
import pathlib
import pickle
import subprocess
import tempfile

from common import clean_exit
from common.replacing import replacing
from common.run_state import Queue, RunState

PICTURE_ENDINGS = (".png", ".svg", ".pdf")
MOVIE_ENDINGS = (".mp4", ".gif")

PICTURE_SIZE = 1920, 1080                             # pixels
MOVIE_SIZE = {".mp4": (1280, 720), ".gif": (960, 540)}  # pixels, even numbers
FRAMES = 300                                          # at most, of a whole run
FRAMES_A_SECOND = {".mp4": 25, ".gif": 20}
LAST_FRAME = 2                                        # seconds for which a movie shows its end


def save_picture(run, path):
    """Draw the dashboard of a `RunState` and save it.

    Args:
      run: a `RunState`.
      path: str, a file name with one of `PICTURE_ENDINGS`. A file that is there is replaced.

    Raises:
      UserError: the file cannot be written.
    """
    with _dashboard(run, *PICTURE_SIZE) as dashboard, replacing(path) as partial:
        dashboard.update()
        dashboard.figure.savefig(partial)


class Movie:
    """Records a run in a temporary file, and makes a movie of it at the end."""

    def __init__(self, path):
        """Record for the movie `path`, a file name with one of `MOVIE_ENDINGS`."""
        self._path = path
        self._record = tempfile.TemporaryFile()
        self._waiting = Queue()  # messages since the last frame
        self._every, self._next_frame, self._frames = 1, 1, 0

    def send(self, message):
        """Record a message for a `RunState`, a dictionary.

        Raises:
          UserError: there is no room left for the temporary file.
        """
        self._every = max(1, (message.get("last") or 0) // FRAMES, self._every)
        if "train_accuracy" in message or "test_accuracy" in message:
            if message["iteration"] >= self._next_frame:
                self._end_frame()
                self._next_frame = message["iteration"] + self._every
        elif "seconds_left" in message:
            return  # the clock has no place in a movie
        self._waiting.add(message)

    def _end_frame(self):
        try:
            pickle.dump(self._waiting.take(), self._record, pickle.HIGHEST_PROTOCOL)
        except OSError as error:
            raise clean_exit.UserError(
                f"no room in {tempfile.gettempdir()} to record the movie ({error.strerror}): free "
                "some, or set the environment variable TMPDIR to another folder") from error
        self._frames += 1

    def save(self, progress):
        """Make the movie of what was recorded. A file that is there is replaced.

        Args:
          progress: a function that is called with the numbers of frames done and of all.

        Raises:
          UserError: the file cannot be written.
        """
        self._end_frame()
        self._record.seek(0)
        ending = pathlib.Path(self._path).suffix.lower()
        write = {".mp4": _write_mp4, ".gif": _write_gif}[ending]
        run = RunState()
        with _dashboard(run, *MOVIE_SIZE[ending]) as dashboard, replacing(self._path) as partial:
            write(self._draw_frames(run, dashboard, progress), self._frames, MOVIE_SIZE[ending],
                  partial)

    def _draw_frames(self, run, dashboard, progress):
        """Yield the movie's pictures, uint8 [height, width, 4]; each is valid until the next."""
        canvas = dashboard.figure.canvas
        dashboard.connect()
        for frame in range(self._frames):
            for message in pickle.load(self._record):
                run.apply(message)
            parts = dashboard.update()
            if parts is None:
                canvas.draw()
            else:
                dashboard.repaint(parts)
            yield canvas.buffer_rgba()
            progress(frame + 1, self._frames)


def _write_mp4(frames, count, size, path):
    """Encode with ffmpeg, in the format that every player knows."""
    width, height = size
    rate = FRAMES_A_SECOND[".mp4"]
    ffmpeg = subprocess.Popen(
        ["ffmpeg", "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgba",
         "-s", f"{width}x{height}", "-r", str(rate), "-i", "-",
         "-pix_fmt", "yuv420p", "-movflags", "+faststart", path],
        stdin=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    try:
        for frame in frames:
            ffmpeg.stdin.write(frame)
        for _ in range(LAST_FRAME * rate):
            ffmpeg.stdin.write(frame)
    except BrokenPipeError:
        pass  # it says why, below
    _, errors = ffmpeg.communicate()
    if ffmpeg.returncode != 0:
        raise OSError(None, "ffmpeg says: " + errors.decode(errors="replace").strip())


def _write_gif(frames, count, size, path):
    """Encode with Pillow, which matplotlib depends on."""
    from PIL import Image

    pictures = (Image.frombuffer("RGBA", size, frame).convert("RGB").quantize(128)
                for frame in frames)
    each = 1000 // FRAMES_A_SECOND[".gif"]  # milliseconds
    next(pictures).save(path, save_all=True, append_images=pictures, loop=0,
                        duration=[each] * (count - 1) + [each + 1000 * LAST_FRAME])


@contextlib.contextmanager
def _dashboard(run, width, height):
    """The dashboard of a run on a figure of so many pixels, matplotlib's settings being ours."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from common import dashboard_figure

    with matplotlib.rc_context():
        dashboard_figure.use_style()
        figure = Figure(dpi=dashboard_figure.DPI,
                        figsize=dashboard_figure.size_in_inches(width, height))
        FigureCanvasAgg(figure)
        yield dashboard_figure.DashboardFigure(figure, run, with_keys=False)
