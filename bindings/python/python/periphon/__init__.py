"""periphon: spatial audio to two ears, with NumPy arrays in and out.

- `Head`: measured heads, interpolated to any direction.
- `Room`, `room_response`, `room_responses`, `measures`: rooms, their impulse responses, the figures of ISO 3382-1.
- `Engine`: sources, ways, a listener and a room, block by block.
- `render`, `render_scene`, `render_file`: arrays, scenes and tracks as a whole.
- `random_rooms`, `random_places`: training sets from a seed.

Metres, seconds, hertz, degrees; x front, y left, z up; azimuth counter-clockwise. Samples are float32, ±1 at full scale.
What takes time runs without the interpreter's lock. What goes wrong is a `periphon.Error`.
"""

from . import _errors  # the exceptions that the native half raises
from ._engine import Engine, Source, orbit, path
from ._errors import ArgumentError, DataError, Error, FileError, LimitError
from ._head import Head
from ._measures import Measures, decay_curve, measures
from ._places import from_polar, quaternion, to_polar
from ._render import render, render_file, render_scene
from ._responses import room_response, room_responses
from ._room import AIR, BANDS, WALLS, Room, materials, presets
from ._sampling import random_places, random_rooms

__version__ = "0.1.0"

__all__ = [
    "AIR",
    "BANDS",
    "WALLS",
    "ArgumentError",
    "DataError",
    "Engine",
    "Error",
    "FileError",
    "Head",
    "LimitError",
    "Measures",
    "Room",
    "Source",
    "decay_curve",
    "from_polar",
    "materials",
    "measures",
    "orbit",
    "path",
    "presets",
    "quaternion",
    "random_places",
    "random_rooms",
    "render",
    "render_file",
    "render_scene",
    "room_response",
    "room_responses",
    "to_polar",
]
