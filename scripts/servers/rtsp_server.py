"""A camera: GStreamer's RTSP server on loopback. Run by the system's Python, which has its bindings.

    /usr/bin/python3 rtsp_server.py PORT [NAME=FILE.mp4 ...]

Serves each file under /NAME, from its beginning to everyone who asks; where the environment has CAMERA_PASSWORD only to
user ``camera`` with that password. Prints "ready" when it listens.
"""

import mmap
import os
import pathlib
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

_H264 = "h264parse config-interval=-1 ! rtph264pay"
_H265 = "h265parse config-interval=-1 ! rtph265pay"
_PAYLOADERS = {"avc1": _H264, "avc3": _H264, "hvc1": _H265, "hev1": _H265}


def payloader_of(path):
    """By the sample description: four letters alone stand somewhere in every long film's data."""
    with pathlib.Path(path).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        at = content.find(b"stsd")
        while at >= 0:
            kind = content[at + 16 : at + 20].decode("latin-1")
            if kind in _PAYLOADERS:
                return _PAYLOADERS[kind]
            at = content.find(b"stsd", at + 4)
    sys.exit(f"{path}: neither H.264 nor H.265 in MP4")


def factory_of(path):
    """A media factory that plays a file from its beginning for each client."""
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(f"( filesrc location={path} ! qtdemux ! {payloader_of(path)} name=pay0 pt=96 )")
    return factory


def main(arguments):
    """Serve each NAME=PATH at rtsp://127.0.0.1:PORT/NAME until the process is ended."""
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(arguments[0])
    mounts = server.get_mount_points()
    password = os.environ.get("CAMERA_PASSWORD")
    if password:
        auth = GstRtspServer.RTSPAuth()
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "viewer")
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic("camera", password), token)
        server.set_auth(auth)
    for named in arguments[1:]:
        name, _, path = named.partition("=")
        factory = factory_of(path)
        if password:
            rights = "viewer, media.factory.access=(boolean)true, media.factory.construct=(boolean)true"
            factory.add_role_from_structure(Gst.Structure.new_from_string(rights))
        mounts.add_factory(f"/{name}", factory)
    if not server.attach(None):
        sys.exit("cannot listen")
    print("ready", flush=True)
    GLib.MainLoop().run()


main(sys.argv[1:])
