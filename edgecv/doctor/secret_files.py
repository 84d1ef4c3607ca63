"""Files with passwords and keys: can the daemon read them, and can nobody else?"""

from __future__ import annotations

import grp
import os
import pwd
import stat
from collections.abc import Iterator
from pathlib import Path

from edgecv.config import Box
from edgecv.config.addresses import secrets_in
from edgecv.config.problems import redacted_file_name
from edgecv.config.secrets import credentials_folder, read_secret
from edgecv.doctor.check_result import CheckResult, ok, problem, warning
from edgecv.errors import ConfigError

WHERE = "configuration"
SERVICE_USER = "edgecv"


def named_secrets(box: Box) -> Iterator[tuple[str, str]]:
    """``(key in the box file, file or credential)`` of every secret that the box file names."""
    for name, camera in box.settings.cameras.items():
        if camera.login is not None:
            yield f"cameras.{name}.login.password_file", camera.login.password_file
    upstream = box.settings.upstream
    for index, target in enumerate(() if upstream is None else upstream.targets):
        for key in ("password_file", "secret_file", "token_file", "key_file"):
            if (named := getattr(target, key)) is not None:
                yield f"upstream.targets[{index}].{key}", named
    if upstream is not None and upstream.evidence is not None and upstream.evidence.token_file is not None:
        yield "upstream.evidence.token_file", upstream.evidence.token_file
    if box.settings.service.token_file is not None:
        yield "service.token_file", box.settings.service.token_file


def secret_findings(box: Box) -> list[CheckResult]:
    """Every file with a secret that cannot be read, or that anybody can read; one line where all is well."""
    findings = [finding for at, named in named_secrets(box) for finding in _of(box.path, at, named)]
    findings += _in_the_box_file(box)
    return findings or [ok(WHERE, "secrets are readable for the daemon alone")]


def readable_by(path: Path, user: str) -> bool | None:
    """Whether a user may read a file, by its mode and the folders above it; None where there is no such user."""
    try:
        account = pwd.getpwnam(user)
    except KeyError:
        return None
    if account.pw_uid == 0:
        return True
    groups = set(os.getgrouplist(user, account.pw_gid))

    def may(place: Path, owner: int, group: int, others: int) -> bool:
        status = place.stat()
        if status.st_uid == account.pw_uid:
            return bool(status.st_mode & owner)
        return bool(status.st_mode & (group if status.st_gid in groups else others))

    path = path.resolve()
    enter = all(may(folder, stat.S_IXUSR, stat.S_IXGRP, stat.S_IXOTH) for folder in path.parents)
    return enter and may(path, stat.S_IRUSR, stat.S_IRGRP, stat.S_IROTH)


def _of(box_file: Path, at: str, named: str) -> Iterator[CheckResult]:
    if named.startswith("credential:"):
        if credentials_folder() is None:
            name = named.removeprefix("credential:")
            yield ok(
                WHERE,
                f"{at} = {named}: systemd hands it to the daemon (LoadCredential={name}:...); not seen here while the "
                "service does not run",
            )
        else:
            yield from _unreadable(box_file, at, named)
        return
    path = box_file.parent / named
    unreadable = list(_unreadable(box_file, at, named))
    yield from unreadable
    if unreadable:
        return
    if path.stat().st_mode & stat.S_IROTH:
        yield warning(
            WHERE, f"{at} = {redacted_file_name(named)}: every user of the box can read it", _how_to_close(path)
        )
    elif readable_by(path, SERVICE_USER) is False and os.geteuid() == 0:
        yield problem(
            WHERE, f"{at} = {redacted_file_name(named)}: the user {SERVICE_USER} cannot read it", _how_to_close(path)
        )


def _unreadable(box_file: Path, at: str, named: str) -> Iterator[CheckResult]:
    try:
        read_secret(named, box_file, at)
    except ConfigError as error:
        text, _, advice = str(error).removeprefix(f"{box_file}: ").partition("; ")
        yield problem(WHERE, text, advice or "write the secret into it, in one line")


def _in_the_box_file(box: Box) -> Iterator[CheckResult]:
    addresses = [camera.source for camera in box.settings.cameras.values()]
    if box.settings.upstream is not None:
        addresses += [target.url for target in box.settings.upstream.all_targets()]
    is_secret = any(secrets_in(address) for address in addresses)
    if is_secret and box.path.stat().st_mode & stat.S_IROTH:
        yield warning(
            WHERE, f"{box.path} holds a password and every user of the box can read it", _how_to_close(box.path)
        )


def _how_to_close(path: Path) -> str:
    try:
        grp.getgrnam(SERVICE_USER)
    except KeyError:
        return f"chmod 0640 {path}"
    return f"chgrp {SERVICE_USER} {path} and chmod 0640 {path}"
