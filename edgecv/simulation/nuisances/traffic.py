"""Vehicles on the street: bodies with windows and wheels, their shadows by day, their lamps at night."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from edgecv.simulation.drawing import blend_share
from edgecv.simulation.facade_picture import fill_mask
from edgecv.simulation.nuisances.layer import Canvas, Float32, Float64, px_per_m
from edgecv.simulation.nuisances.solids import Face, box_faces, draw_faces, turned_to
from edgecv.simulation.nuisances.street import KINDS, LANE_M, Street, Vehicle, drive
from edgecv.simulation.scene import Parameters, Scene

_NEAREST_M = 2.5  # depth before the camera from which a vehicle is drawn
_SUN = np.array([0.55, 0.0, 0.35])
"""How far a shadow reaches over the ground for each metre of height."""
_AT_NIGHT = 0.32
"""Share of its daylight grey that a body has in the dark."""
_ROAD_M = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class Traffic:
    """All vehicles of a scene, and the road they drive on."""

    scene: Scene
    street: Street
    vehicles: tuple[Vehicle, ...]
    road: tuple[tuple[Float32, float], ...]  # coverage of the whole picture, luma

    @classmethod
    def sample(cls, scene: Scene, parameters: Parameters) -> Traffic:
        """A vehicle every ``every_s`` at strength 1; a light that is red for ``red_s`` and green for ``green_s``."""
        street = Street.of(scene, parameters["angle_deg"], max(1, round(parameters["lanes"])))
        road = () if scene.background is not None else _road(scene, street)
        return cls(scene, street, tuple(drive(scene, street, parameters)), road)

    def draw(self, canvas: Canvas) -> None:
        """See ``Layer``; the farthest vehicle first."""
        for cover, grey in self.road:
            blend_share(canvas.picture, cover, grey)
        camera = self.scene.camera
        under_way = []
        for number, vehicle in enumerate(self.vehicles):
            way = vehicle.way_at(canvas.t_s)
            if way is None:
                continue
            place = self.street.at(way, vehicle.aside_m)
            depth = float((place - camera.position_m) @ camera.rotation[2])
            # behind the building's face there is no street
            if place[2] > 1.0 and depth > _NEAREST_M:
                under_way.append((float(np.linalg.norm(place - camera.position_m)), number, vehicle))
        for _, number, vehicle in sorted(under_way, key=lambda item: -item[0]):
            sighting = draw_faces(canvas, camera, partial(self._faces, vehicle))
            if sighting is None:
                continue
            canvas.note("car", number, sighting)
            if self.scene.night:
                self._lamps(canvas, vehicle)

    def _faces(self, vehicle: Vehicle, t_s: float) -> list[Face]:
        length, height, width = KINDS[vehicle.kind]
        way = vehicle.nearest_way(t_s)
        ahead = vehicle.direction * self.street.along
        # the way is that of its front
        foot = self.street.at(way, vehicle.aside_m) - 0.5 * length * ahead
        grey = vehicle.grey * (_AT_NIGHT if self.scene.night else 1.0)
        shadow = [] if self.scene.night else [_shadow(foot, ahead, (length, height, width))]
        parts = _bike(foot, ahead, grey) if vehicle.kind == "bike" else _body(vehicle.kind, foot, ahead, grey)
        faces = shadow
        for part in parts:
            middle = np.mean([face.corners_m.mean(axis=0) for face in part[:4]], axis=0)
            faces = faces + turned_to(self.scene.camera, part, np.asarray(middle, np.float64))
        return faces

    def _lamps(self, canvas: Canvas, vehicle: Vehicle) -> None:
        """Headlamps towards the camera glare; tail lamps glow."""
        way = vehicle.way_at(canvas.t_s)
        if way is None:
            return
        length, _, width = KINDS[vehicle.kind]
        ahead, camera = vehicle.direction * self.street.along, self.scene.camera
        front = self.street.at(way, vehicle.aside_m) + np.array([0.0, 0.65, 0.0])
        for place, beam, grey, glare in ((front, ahead, 255.0, 2.5), (front - length * ahead, -ahead, 190.0, 0.8)):
            to_camera = camera.position_m - place
            towards = float(beam @ to_camera / np.linalg.norm(to_camera))
            if towards <= 0.0:
                continue
            for side in (-0.4, 0.4):
                spot = place + side * width * self.street.across
                pixel, scale = camera.project(spot[None]), float(px_per_m(camera, spot))
                radius = np.full(2, max(0.8, 0.09 * scale))
                canvas.put(pixel, radius, 0.0, grey, 1.0, 0.0)
                canvas.put(pixel, (1.0 + glare * towards) * radius, 0.0, grey, 0.4 * towards, glare * float(radius[0]))


def _body(kind: str, foot: Float64, ahead: Float64, grey: float) -> list[list[Face]]:
    """Wheels, lower body, and the cabin with its windows; each a convex solid."""
    length, height, width = KINDS[kind]
    up = np.array([0.0, 1.0, 0.0])
    waist = 0.5 * height if kind == "car" else 0.45 * height
    wheels = box_faces(foot, ahead, (0.86 * length, 0.3, 0.96 * width), 25.0)
    body = box_faces(foot + 0.22 * up, ahead, (length, waist - 0.22, width), grey)
    share, back = (0.55, 0.06) if kind == "car" else (0.97, 0.0)
    cabin_foot = foot + waist * up - back * length * ahead
    windows = box_faces(cabin_foot, ahead, (share * length, height - waist, 0.9 * width), grey)
    glass = [Face(face.corners_m, 0.2 * grey + 25.0) for face in windows[:4]]
    return [wheels, body, [*glass, windows[4]]]


def _bike(foot: Float64, ahead: Float64, grey: float) -> list[list[Face]]:
    up = np.array([0.0, 1.0, 0.0])
    return [
        box_faces(foot, ahead, (1.7, 0.6, 0.12), 35.0),
        box_faces(foot + 0.6 * up - 0.1 * ahead, ahead, (0.45, 0.65, 0.42), grey),
        box_faces(foot + 1.27 * up, ahead, (0.22, 0.26, 0.2), 0.6 * grey + 40.0),
    ]


def _shadow(foot: Float64, ahead: Float64, extent_m: tuple[float, float, float]) -> Face:
    """The hull of the footprint and of where the sun throws the roof."""
    length, height, width = extent_m
    side = np.array([-ahead[2], 0.0, ahead[0]])
    corners = [
        foot + a * length * ahead + b * width * side for a, b in ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5))
    ]
    thrown = [corner + height * _SUN for corner in corners]
    return Face(_hull(np.array([*corners, *thrown])), 0.0, 1.0, shadow=True)


def _hull(points_m: Float64) -> Float64:
    """Convex hull on the ground, in order."""
    middle = points_m.mean(axis=0)
    order: list[int] = []
    flat = points_m[:, [0, 2]] - middle[[0, 2]]
    start = int(np.argmin(flat[:, 0]))
    at = start
    while True:  # gift wrapping: eight points
        order.append(at)
        following = (at + 1) % len(flat)
        for n in range(len(flat)):
            a, b = flat[following] - flat[at], flat[n] - flat[at]
            turn = float(a[0] * b[1] - a[1] * b[0])
            if turn < 0.0 or (turn == 0.0 and float(b @ b) > float(a @ a)):
                following = n
        at = following
        if at == start or len(order) > len(flat):
            return points_m[order]


def _road(scene: Scene, street: Street) -> tuple[tuple[Float32, float], ...]:
    """Asphalt and broken lines, by coverage."""
    half = (street.lanes + 0.15) * LANE_M
    asphalt = [_strip(scene, street, way, way + 2.0, -half, half) for way in np.arange(-_ROAD_M, _ROAD_M, 2.0)]
    lines = []
    for lane in range(1 - street.lanes, street.lanes):
        aside = lane * LANE_M
        step, dash = (6.0, 3.0) if lane else (2.0, 2.0)
        lines += [
            _strip(scene, street, w, w + dash, aside - 0.07, aside + 0.07) for w in np.arange(-_ROAD_M, _ROAD_M, step)
        ]
    shades = (16.0, 34.0) if scene.night else (82.0, 175.0)
    masks = [fill_mask(scene.size, [p for p in polygons if p is not None]) for polygons in (asphalt, lines)]
    return tuple((mask, grey) for mask, grey in zip(masks, shades, strict=True) if mask.any())


def _strip(scene: Scene, street: Street, a_m: float, b_m: float, left_m: float, right_m: float) -> Float64 | None:
    corners = np.array([street.at(w, s) for w, s in ((a_m, left_m), (b_m, left_m), (b_m, right_m), (a_m, right_m))])
    depth = (corners - scene.camera.position_m) @ scene.camera.rotation[2]
    if depth.min() < 0.5 or corners[:, 2].min() < 0.5:
        return None
    return scene.camera.project(corners)
