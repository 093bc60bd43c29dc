"""Pixels of three pictures after torchvision's resize and centre crop, for src/data/decode.test.ts.

Written for torchvision 0.14 and Pillow 9.4, as packaged in Debian 12. timm's evaluation transform is the same two steps
with the side floor(size / crop_pct). Prints a JSON list with the pixels in base64.
"""

import base64
import json

import numpy
from PIL import Image
from torchvision.transforms import CenterCrop, Compose, InterpolationMode, Resize

# Width, height, side that the shorter side is resized to, side that is cut out, interpolation.
CASES = [
    (320, 240, 27, 24, "bilinear"),  # much smaller, 8.9 times
    (75, 101, 26, 24, "bicubic"),  # smaller, 2.9 times, with odd margins
    (61, 40, 32, 24, "bilinear"),  # a little smaller
]


def wave(t, period):
    """A triangle wave of whole numbers, 0 to 255."""
    return numpy.abs(t % (2 * period) - period) * 255 // period


def picture(width, height):
    """Slopes at several angles and periods, and one hard edge; the same formula is in the test."""
    y, x = numpy.mgrid[0:height, 0:width]
    planes = [wave(3 * x + y, width), wave(x + 5 * y, height), wave(7 * x - 4 * y + 4 * height, 2 * width)]
    pixels = numpy.stack(planes, axis=-1).astype(numpy.uint8)
    pixels[height // 2 :, width // 3 : width // 2] = [255, 32, 0]
    return Image.fromarray(pixels)


def main():
    results = []
    for width, height, side, size, interpolation in CASES:
        transform = Compose([Resize(side, InterpolationMode(interpolation)), CenterCrop(size)])
        pixels = numpy.asarray(transform(picture(width, height)))
        results.append(base64.b64encode(pixels.tobytes()).decode())
    print(json.dumps(results, indent=2))


main()
