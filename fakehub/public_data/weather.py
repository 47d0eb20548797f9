"""Plausible weather: fields with seasons, days, travelling lows and continents, as functions of place and time.

There is no chance in them, so a reader gets the same values every time. They are rounded, so that machines agree.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from fakehub.public_data.land import SHARE

Grid = np.ndarray[Any, np.dtype[np.float64]]

# Means over the year, from pole to pole: temperature near the ground and of the sea (K),
# pressure (hPa), wind from the west (m/s).
_LATITUDES = (-90, -75, -62, -50, -38, -25, -10, 5, 15, 28, 38, 50, 62, 75, 90)
_GROUND = (227, 243, 271, 279, 287, 295, 299.5, 300.5, 300, 295, 288, 280, 272, 261, 256)
_SEA = (268, 268, 272, 279, 288, 295, 300, 301, 300.5, 296, 290, 282, 277, 270, 268)
_PRESSURE = (993, 988, 987, 1003, 1016, 1018, 1012, 1010.5, 1011.5, 1017, 1018, 1014, 1011, 1013, 1015)
_WESTERLIES = (0, -2, 3, 9, 6, -1, -5, -3, -5, -1, 2, 4, 3, 0, 0)
# Waves in the middle latitudes: how many fit around the globe, how many days one needs to pass, and where it is at
# first, in turns.
_WAVES = ((3, 9.0, 0.13), (5, 6.5, 0.71), (6, 4.8, 0.37), (8, 3.6, 0.91), (11, 2.9, 0.55))
# Highlands: latitude, longitude and radius in degrees, and how much colder they are, in K.
_HIGHLANDS = ((33, 88, 11, 22), (72, 320, 11, 16), (-20, 292, 7, 12), (40, 252, 9, 8), (9, 40, 6, 7))
_WARMING_PER_YEAR = 0.02  # in K, since 1980
_FREEZING_SEA = 271.46
_EPOCH = datetime(1970, 1, 1)


class Weather:
    """The fields on the grid of ``latitudes`` and ``longitudes``, in degrees, which index each of them."""

    def __init__(self, latitudes: Grid, longitudes: Grid) -> None:
        self._lon = np.radians(longitudes)
        lat = self._lat = np.radians(latitudes)[:, None]
        land = self._land = _land(latitudes, longitudes)
        self._sine = np.sin(lat)
        self._storms = np.sin(2 * np.abs(lat)) ** 2
        self._ground = _by_latitude(latitudes, _GROUND) - _highlands(latitudes, longitudes) * land
        self._season = (3.5 + 14 * land) * self._sine
        self._day = (0.4 + 5.2 * land) * np.cos(lat)
        self._sea = _by_latitude(latitudes, _SEA)
        self._pressure = 100 * _by_latitude(latitudes, _PRESSURE)
        self._westerlies = _by_latitude(latitudes, _WESTERLIES)

    def air_temperature(self, time: datetime) -> Grid:
        """Return the temperature 2 m above the ground, in K."""
        local = 2 * math.pi * (_hour(time) - 14.5) / 24 + self._lon
        daily = self._day * np.cos(local)
        return _rounded(self._without_day(time) + daily + 4.5 * self._waves(time, 0), 1 / 64)

    def monthly_air_temperature(self, time: datetime) -> Grid:
        """Return the mean of a month around ``time``, in K."""
        return _rounded(self._without_day(time) + 0.8 * self._waves(time, 0), 1 / 64)

    def sea_surface_temperature(self, time: datetime) -> Grid:
        """Return the temperature of the sea, in K, and NaN on land."""
        lagging = 3 * self._sine * _season(time, 235) + 0.3 * self._waves(time, 0.3)
        sea = np.maximum(self._sea + lagging + _warming(time), _FREEZING_SEA)
        return np.where(self._land > 0.5, np.nan, _rounded(sea, 1 / 64))

    def sea_level_pressure(self, time: datetime) -> Grid:
        """Return the pressure at mean sea level, in Pa: lows travel, and continents have a high in winter."""
        high = -700 * self._land * self._sine * _season(time, 200)
        return _rounded(self._pressure + high - 1300 * self._waves(time, 0.1), 1 / 2)

    def eastward_wind(self, time: datetime) -> Grid:
        """Return the wind from the west 10 m above the ground, in m/s."""
        return _rounded((self._westerlies + 6 * self._waves(time, 0.35)) * self._friction, 1 / 256)

    def northward_wind(self, time: datetime) -> Grid:
        """Return the wind from the south 10 m above the ground, in m/s."""
        trades = -2.5 * np.sin(2 * self._lat) * np.cos(self._lat) ** 2
        return _rounded((trades + 6 * self._waves(time, 0.6)) * self._friction, 1 / 256)

    def precipitation(self, time: datetime) -> Grid:
        """Return the precipitation of one hour, in m: rain in the tropics follows the sun, other rain the lows."""
        centre = math.radians(5 + 7 * _season(time, 220))
        tropics = np.exp(-(((self._lat - centre) / math.radians(7)) ** 2))
        showers = np.maximum(self._waves(time, 0.8, everywhere=True), 0)
        fronts = np.maximum(self._waves(time, 0.2) - 0.35, 0)
        return _rounded(0.0006 * tropics * showers + 0.0005 * fronts, 2**-23)

    def land_sea_mask(self) -> Grid:
        """Return the share of land, from 0 to 1."""
        return _rounded(self._land, 1 / 1024)

    @property
    def _friction(self) -> Grid:
        return 1 - 0.5 * self._land

    def _without_day(self, time: datetime) -> Grid:
        return self._ground + self._season * _season(time, 200) + _warming(time)

    def _waves(self, time: datetime, turn: float, everywhere: bool = False) -> Grid:
        """Return the sum of the travelling waves, about -1 to 1; ``turn`` moves all of them along.

        A wave leans with latitude, so it is a sum of two products of one function of latitude and one of longitude.
        """
        days = (time - _EPOCH) / timedelta(days=1)
        along, across = [], []
        for number, period, first in _WAVES:
            at = number * self._lon - 2 * math.pi * (days / period + first + turn)
            lean = (2 + number / 3) * self._lat
            along += [np.cos(at), -np.sin(at)]
            across += [np.cos(lean), np.sin(lean)]
        amplitude = 1.0 if everywhere else self._storms
        return amplitude * np.hstack(across) @ np.stack(along) / 2


def _by_latitude(latitudes: Grid, means: tuple[float, ...]) -> Grid:
    return np.interp(latitudes, _LATITUDES, means)[:, None]


def _land(latitudes: Grid, longitudes: Grid) -> Grid:
    """Return the share of land, between the cells of the map."""
    shares = np.array([[int(digit.replace(".", "0")) for digit in line] for line in SHARE.split()]) / 9
    rows, columns = shares.shape
    down = np.clip((90 - latitudes) / 180 * rows - 0.5, 0, rows - 1)[:, None]
    right = longitudes / 360 * columns - 0.5
    above, left = np.floor(down).astype(int), np.floor(right).astype(int)
    below = np.minimum(above + 1, rows - 1)
    d, r = down - above, right - left
    left, beside = left % columns, (left + 1) % columns
    upper = shares[above, left] * (1 - r) + shares[above, beside] * r
    return upper * (1 - d) + (shares[below, left] * (1 - r) + shares[below, beside] * r) * d


def _highlands(latitudes: Grid, longitudes: Grid) -> Grid:
    """Return how much colder it is because of mountains and ice sheets, in K."""
    colder = np.zeros((len(latitudes), len(longitudes)))
    for lat, lon, radius, cooling in _HIGHLANDS:
        east = (longitudes - lon + 180) % 360 - 180
        distance = (latitudes[:, None] - lat) ** 2 + (east * math.cos(math.radians(lat))) ** 2
        colder += cooling * np.exp(-distance / radius**2)
    return colder


def _season(time: datetime, warmest: int) -> float:
    """Return 1 on the day of the year that is the ``warmest`` in the north, -1 half a year later."""
    return math.cos(2 * math.pi * (time.timetuple().tm_yday - warmest) / 365.25)


def _warming(time: datetime) -> float:
    return max(0.0, (time.year - 1980) * _WARMING_PER_YEAR)


def _hour(time: datetime) -> float:
    return time.hour + time.minute / 60


def _rounded(values: Grid, step: float) -> Grid:
    return np.rint(values / step) * step
