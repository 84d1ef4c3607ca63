"""``edgecv simulate device``: a day of what devices send, with its truth, written down or replayed to a box."""

from __future__ import annotations

import argparse
from pathlib import Path

from edgecv.config.broker import parse_broker_url
from edgecv.config.secrets import MAX_SECRET_BYTES, read_bounded
from edgecv.errors import ConfigError
from edgecv.simulation.devices.device_registry import DAYS, HOOKED
from edgecv.simulation.devices.lossy_channel import Channel
from edgecv.simulation.devices.replay import post, publish, write_day

VIDEO = "animals"
_BROKER, _HOOK = "mqtt://127.0.0.1:1883", "http://127.0.0.1:8480"


def run(options: argparse.Namespace) -> int:
    """Make the day; write it, replay it, or both."""
    if options.kind == VIDEO:
        return _video(options)
    hooked = options.kind in HOOKED
    if options.out is None and options.broker is None and options.hook is None:
        raise ConfigError(f"simulate device: nothing to do; give --out DIR or {'--hook' if hooked else '--broker'}")
    if (options.hook is not None and not hooked) or (options.broker is not None and hooked):
        option = f"--hook {_HOOK}" if hooked else f"--broker {_BROKER}"
        raise ConfigError(f"simulate device: '{options.kind}' speaks to another side: {option}")
    where = options.hook or options.broker or (_HOOK if hooked else _BROKER)
    day = DAYS[options.kind](options.count, options.seed, where, options.skew)
    channel = Channel(options.loss, options.duplicate, options.reorder)
    arrived = channel.carry(day.sent, options.seed + 1)
    if options.out is not None:
        try:
            write_day(day, arrived, options.out)
        except OSError as error:
            raise ConfigError(f"--out {options.out}: cannot be written ({error.strerror}); choose another") from error
    print(f"{options.kind}: {len(day.sent)} messages sent, {len(arrived)} arrive, {len(day.truth)} alarms are right")
    if options.broker is not None:
        address = parse_broker_url(options.broker)
        print(f"{publish(arrived, address)} messages replayed to {address}")
    if options.hook is not None:
        token = None if options.token_file is None else _token(options.token_file)
        print(f"{post(arrived, options.hook, token)} messages replayed to {options.hook}")
    return 0


def _token(file: Path) -> str:
    try:
        return read_bounded(file, MAX_SECRET_BYTES).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"--token-file {file}: cannot be read ({error})") from error


def _video(options: argparse.Namespace) -> int:
    """Some minutes of a shop's floor instead of a day of messages."""
    from edgecv.simulation.devices.animals import SLOT_S, acts_of, write_floor  # noqa: PLC0415 - encoders

    if options.out is None:
        raise ConfigError(f"simulate device: '{VIDEO}' is video; give --out DIR")
    acts = acts_of(options.count, options.seed)
    path = write_floor(options.out, acts, options.seed)
    animals = sum(act.is_animal for act in acts)
    print(f"{path}: {SLOT_S * (1 + len(acts)):.0f} s, {animals} animals, {len(acts) - animals} other things")
    return 0
