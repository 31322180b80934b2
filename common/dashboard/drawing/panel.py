"""What all panels have in common, and how wide their words are.

Every panel separates what stays (axes, ticks, titles) from what moves with each new measurement:
its `moving` artists. A window can then repaint the moving ones alone, which is what makes it cheap.
"""

import numpy as np
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from common.dashboard.drawing.style import FAINT_COLOUR, FRAME_COLOUR, LETTER, TEXT_COLOUR

BOLD = 1.12  # how much wider bold letters are
WITHOUT_TICKS_BELOW = 52, 8, 30, 10  # margins


class Panel:
    """What all panels have in common.

    Attributes:
      axes: the matplotlib axes.
      title: the text above them.
      cell: the box of the figure that it has to itself, with title and ticks, in pixels.
      fresh: the part of its cell that the last update has changed.
      can_zoom: bool, whether its user can zoom into it.
      zoom: (xlim, ylim), what its user has zoomed into; None for the whole panel.
      margins: around the axes, in pixels of a common window: left, right, above, below.
      question: the class of the `questions` whose answer it shows; None for none.
    """

    can_zoom, question = False, None
    margins = 52, 30, 30, 26

    def __init__(self, axes, title):
        self.axes = axes
        self._artists, self.zoom = [], None
        self._seen = None  # what of the scene is in the picture already
        self._scale, self._title_points, self._title_room = None, 1.0, np.inf
        self.title = axes.set_title(title, loc="left", y=1)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_label_coords(0, 0)  # left to itself, matplotlib looks for a place, for long
        axes.set_facecolor("white")
        axes.set_axisbelow(True)
        axes.spines[:].set_color(FRAME_COLOUR)
        axes.tick_params(colors=FAINT_COLOUR, length=0)
        self._box = axes.add_patch(Rectangle((0, 0), 0, 0, fill=False, linestyle="--",
                                             edgecolor=TEXT_COLOUR, visible=False))
        self._box.set_animated(True)

    def _move(self, *artists):
        for artist in artists:
            artist.set_animated(True)  # left out of the picture of what stays
            artist.set_snap(False)     # a line must not move by itself when it ceases to be flat
        self._artists += artists

    @property
    def moving(self):
        """The artists to be drawn on top of the axes, in order."""
        return [*self._artists, self._box]

    def place(self, left, bottom, width, height):
        """Put the panel's picture in a box, given in pixels of the figure."""
        figure_width, figure_height = self.axes.figure.bbox.size
        self.axes.set_position([left / figure_width, bottom / figure_height,
                                width / figure_width, height / figure_height])

    def set_scale(self, points, unit, is_small):
        """Set sizes: the font's in points; `unit` is what a pixel of a common window is now.

        In a small panel there is no room for more than a title and the picture.
        """
        if (points, unit, is_small) != self._scale:  # it would take as long as drawing it
            self._scale = points, unit, is_small
            self._set_sizes(points, unit)
            self.axes.tick_params(labelleft=not is_small, labelbottom=not is_small)

    def _set_sizes(self, points, unit):
        pixel = 72 / self.axes.figure.dpi  # in points
        self._title_points = points * 1.1
        self.axes.set_title(self.title.get_text(), loc="left", y=1, pad=7 * unit * pixel,
                            fontweight="bold", color=TEXT_COLOUR)
        self.axes.tick_params(labelsize=points * 0.9, pad=5 * unit * pixel)

    def set_title(self, text, room=None):
        """Set the title, which is small where there are few pixels for it: `room`, or as before."""
        self._title_room = room or self._title_room
        self.title.set_text(text)
        self.title.set_fontsize(min(self._title_points, points_for(
            BOLD * len(text), self._title_room, self.axes.figure)))

    def update(self, scene):
        """Show the present `Scene`.

        Returns:
          What has to be painted anew: "" nothing, "moving" the moving artists, "all" the axes too.
        """
        limits = self._limits()
        seen = (self._what_is_seen(scene), limits)
        if seen == self._seen:
            return ""
        self._show(scene)
        self._seen = (seen[0], self._limits())
        self.fresh = self._changed_region()
        return "moving" if limits == self._limits() else "all"

    def draw_axes(self):
        """Draw what stays of the panel anew, on white paper; the rest of the figure stays."""
        figure, self.fresh = self.axes.figure, self.cell
        figure.patch.set_clip_box(self.cell)
        figure.draw_artist(figure.patch)
        figure.patch.set_clip_box(None)
        figure.draw_artist(self.axes)

    def zoom_to(self, xlim, ylim):
        """Show a part, from the next update on; None and None for the whole panel."""
        self.zoom = None if xlim is None else (xlim, ylim)
        self._seen = None

    def click(self, scene, x, y):
        """Take a click at a point, in the axes' coordinates; return the view to show, or None."""

    def point(self, scene, x, y, is_dragged=False):
        """Take it that the mouse is at a point; return whether that changes what is shown."""

    def show_box(self, corners):
        """Show a box in the axes, ((x, y), (x, y)), or None for none."""
        self._box.set_visible(corners is not None)
        if corners is not None:
            (x, y), (to_x, to_y) = corners
            self._box.set_bounds(x, y, to_x - x, to_y - y)
        self.fresh = self.region

    @property
    def region(self):
        """The box that is painted anew, in pixels of the figure."""
        return self.axes.bbox.padded(2)  # half the width of a line at the border

    def _changed_region(self):
        return self.region

    def _limits(self):
        """What is drawn with the axes, and may change."""
        return (*self.axes.get_xlim(), *self.axes.get_ylim(), self.title.get_text())


def width_of(letters, points, figure):
    """About how wide so many letters are, in pixels; of a matplotlib figure, in so many points."""
    return letters * LETTER * points * figure.dpi / 72


def points_for(letters, width, figure):
    """The font size in points in which so many letters are about `width` pixels wide."""
    return width / width_of(max(1, letters), 1, figure)


class PixelImage(AxesImage):
    """Shows a picture pixel for pixel, where it was made for the axes as they are now."""

    def __init__(self, axes):
        super().__init__(axes, interpolation="nearest")
        self.show_pixels(np.full((1, 1, 4), 255, np.uint8), (0, 1, 1, 0))

    def show_pixels(self, picture, extent):
        """Show uint8 [height, width, 4] in a part of the axes: left, right, bottom, top."""
        self._picture = picture
        self.set_data(picture)
        self.set_extent(extent)

    def draw(self, renderer):
        box, (height, width) = self.axes.bbox, self._picture.shape[:2]
        is_whole = self.get_extent() == [*self.axes.get_xlim(), *self.axes.get_ylim()]
        if is_whole and renderer.get_image_magnification() == 1 and (width, height) == (
                round(box.width), round(box.height)):
            # No need to resample, which would take four times as long.
            gc = renderer.new_gc()
            renderer.draw_image(gc, round(box.x0), round(box.y0), self._picture[::-1])
            gc.restore()
        else:
            super().draw(renderer)
