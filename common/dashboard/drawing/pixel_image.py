"""An image whose pixels are those of the screen."""

import numpy as np
from matplotlib.image import AxesImage


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
