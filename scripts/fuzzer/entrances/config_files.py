"""Box files and hub files: every wrong one is told in lines that name no password."""

from __future__ import annotations

import contextlib
import io
import random
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import yaml

from edgecv.cli import main
from edgecv.config.load import load_hub
from edgecv.errors import ConfigError
from fuzzer.entrance import Case, Entrance, expect
from fuzzer.mutation import deep, mutated_document, mutated_text

SECRET = "s3cr3t-0f-a-b0x"
CONFIGS = Path(__file__).parents[3] / "configs"
_ADDRESSES = (
    f"rtsp://admin:{SECRET}@192.0.2.1/1",
    f"rtsp://192.0.2.1/1?user=admin&password={SECRET}",
    f"rtsp://192.0.2.1/user=admin_password={SECRET}_channel=1",
    f"http://192.0.2.1/video?pwd={SECRET}&usr=admin",
    f"mqtt://u:{SECRET}@h:99999",
    f"mqtt://u:{SECRET}@[h",
    f"https://host/hook?token={SECRET}",
)
_KEYS = ("password", "passwd", "pwd", "token", "secret", "api_key", "Password")
BOMBS = (
    "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}' if n else '*a'] * 9)}]\n" for n in range(8)),
    "a: &a {a: *a}\n",
    "- " * 3000 + "x",
    "{" * 3000,
    "[" * 20_000,
    "? " * 2000,
    "a: !!python/object/apply:os.system [id]\n",
    "a: !!binary |\n  ////\n",
    "a: !!timestamp 2001-99-99\n",
    "a: 2001-01-01T99:99:99Z\n",
    "a: !!int 0b" + "1" * 100_000 + "\n",
    "a: " + "9" * 100_000 + "\n",
    "a: 1:60:60:60:60\n",
    "<<: *nobody\n",
    "<<: [1]\n",
    "a: &x 1\n<<: {<<: {<<: {a: 1}}}\n",
    "%YAML 9.9\n---\na: 1\n",
    "---\na: 1\n---\nb: 2\n",
    "\ufeffsite: x\n",
    "site: x\x00\n",
    "site: \x85\n",
    "\tsite: x\n",
    "site: 'unclosed\n",
    "".join(f"k{n}: {n}\n" for n in range(20_000)),
    "site: [" + "x, " * 40_000 + "]\n",
    "site: " + "x" * 400_000 + "\n",
    "site: x\n" * 2000,
    f"cameras:\n  a: {{source: 'rtsp://u:{SECRET}@h/', login: {{password: {SECRET}}}}}\n",
    f"upstream: {{mqtt: 'mqtt://u:{SECRET}@h', user: {SECRET}}}\n",
)


class BoxFiles(Entrance):
    """``edgecv check --config BOX.yaml``."""

    name = "box_files"
    remembers: ClassVar[bool] = False
    weight: ClassVar[float] = 1.5
    smoke = 70
    good_every = 50
    _example = "box.example.yaml"

    def open(self, folder: Path) -> None:
        """A folder for the file and what it names."""
        self._file = folder / "box.yaml"
        (folder.parent / "calibration").mkdir(exist_ok=True)
        calibration = (CONFIGS.parent / "calibration" / "north-1.example.yaml").read_text()
        (folder.parent / "calibration" / "north-1.example.yaml").write_text(calibration)

    def make(self, rng: random.Random) -> Case:
        """A file's text."""
        how = rng.random()
        if how < 0.12:
            text = rng.choice(BOMBS)
            return text if rng.random() < 0.5 else dump(_seed(self._example)) + text
        if how < 0.6:
            return dump(mutated_document(rng, _seed(self._example)))
        if how < 0.7:  # numbers, so that making it smaller does not make something else of it
            return [rng.randrange(len(_ADDRESSES)), rng.randrange(len(_KEYS)), rng.randrange(2)]
        return mutated_text(rng, dump(_seed(self._example)))

    def attempt(self, case: Case) -> None:
        """Check it."""
        self._write(case)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            code = main(["check", "--config", str(self._file)])
        expect(code in {0, 2}, f"edgecv check ends with {code}: {printed.getvalue()[-300:]}")
        expect(SECRET not in printed.getvalue(), "a password is printed")
        expect(
            all(len(line) < 8000 for line in printed.getvalue().splitlines()), "a line has more than 8000 characters"
        )

    def _write(self, case: Case) -> None:
        text = case if isinstance(case, str) else dump(_with_secrets(_seed(self._example), *case))
        self._file.write_bytes(text.encode("utf-8", "surrogatepass"))

    def good(self) -> None:
        """The example is right."""
        self.attempt(dump(_seed(self._example)))


class HubFiles(BoxFiles):
    """The file of ``edgecv console --hub HUB.yaml``."""

    name = "hub_files"
    weight: ClassVar[float] = 0.5
    smoke = 60
    _example = "hub.example.yaml"

    def attempt(self, case: Case) -> None:
        """Read it."""
        self._write(case)
        try:
            load_hub(self._file)
        except ConfigError as error:
            expect(SECRET not in str(error), "a password is printed")


def dump(document: Any) -> str:
    """A document as YAML."""
    with deep():
        return str(yaml.dump(document, Dumper=_NoAliases, sort_keys=False, default_flow_style=None))


class _NoAliases(yaml.SafeDumper):
    def ignore_aliases(self, _data: Any) -> bool:
        return True


@cache
def _seed(example: str) -> Any:
    return yaml.safe_load((CONFIGS / example).read_text())


def _with_secrets(seed: Any, address: int, key: int, more: int) -> Any:
    """A file where a password stands in an address and under a key where it may not."""
    document = dict(seed)
    document["cameras"] = {"c": {"source": _ADDRESSES[address], "login": {_KEYS[key]: SECRET, "user": "u"}}}
    if more:
        document["upstream"] = {"mqtt": _ADDRESSES[address], _KEYS[key]: SECRET}
    return document
