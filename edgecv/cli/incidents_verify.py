"""``edgecv incidents verify``: is this evidence what its box sealed, and does it show what its record says?"""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from pathlib import Path

from edgecv.audit.verify import Verification, verify_bundle
from edgecv.errors import ConfigError, InputError
from edgecv.evidence.chain_head import CHAIN_HEAD, Receipt, load_receipt
from edgecv.evidence.hash_chain import ChainExtent, chain_extents, verify_chain, verify_head
from edgecv.evidence.keys import BOX_PUB, PublicKey, load_public_key
from edgecv.evidence.manifest import MANIFEST, SIGNATURE
from edgecv.evidence.subject import Subject
from edgecv.privileges import become_controller_of
from edgecv.storage.database import DATABASE
from edgecv.storage.incident_store import INCIDENTS
from edgecv.storage.recorded_chain import verify_state


def run(options: argparse.Namespace) -> int:
    """Print what was checked, a line an incident; exit code 1 where anything is wrong."""
    public = None if options.key is None else load_public_key(options.key)  # the one who asks can read it
    hub = None if options.hub_key is None else load_public_key(options.hub_key)
    with suppress(ConfigError):  # a stick that everybody may write has no owner to become
        become_controller_of(options.path)
    bundles = _bundles(options.path)
    if not bundles and not _has_record_of_seals(options):
        raise InputError(
            f"{options.path}: there is no evidence in it; name an incident's folder or a folder of such folders"
        )
    public = public or _key_in_folder(options.path)
    if public is None and (not bundles or any((bundle / SIGNATURE).exists() for bundle in bundles)):
        raise ConfigError(f"{options.path}: is sealed, but there is no {BOX_PUB} to check with; give --key box.pub")
    expects_originals = options.whole or options.complete or _is_state(options.path)
    subject = None if options.incident is None else Subject(options.incident)
    if subject is not None and bundles != [options.path]:
        raise ConfigError(f"--incident {options.incident}: {options.path} is not one incident's folder; name that")
    untrusted = 0
    for bundle in bundles:
        checked = verify_bundle(
            bundle, public, replay=not options.no_replay, whole=expects_originals, hub=hub, expected=subject
        )
        _print_report(checked.problems, (*checked.notes, *_withheld_note(bundle, checked)))
        untrusted += not checked.ok
        if checked.ok:
            print(f"{bundle}: {_verdict(checked)}")
        else:
            print(f"{bundle}: not to be trusted")
    problems = _chain_problems(options, bundles, public)
    unbroken = not problems
    count = f"{len(bundles)} incident{'' if len(bundles) == 1 else 's'} checked"
    outcome = f"{untrusted} not to be trusted" if untrusted else "all well"
    print(f"{count}: {outcome}{'' if unbroken else '; the chain is broken'}")
    return 0 if not untrusted and unbroken else 1


def _chain_problems(options: argparse.Namespace, bundles: list[Path], public: PublicKey | None) -> tuple[str, ...]:
    """Check the chain and its end, print notes and problems, and return the problems."""
    is_state, is_one = _is_state(options.path), bundles == [options.path]
    reports = []
    if len(bundles) > 1 or options.complete:
        reports.append(verify_chain(bundles, contiguous=options.complete))
    receipt, receipt_source = None if options.head is None else load_receipt(options.head), f"{options.head}"
    head_file = options.path / CHAIN_HEAD
    if is_state:
        recorded, head = verify_state(options.path)
        reports.append(recorded)
        if receipt is None:
            receipt, receipt_source = head, "the box's database"
    elif receipt is None and head_file.is_file():
        receipt, receipt_source = load_receipt(head_file), f"{head_file}"
    if receipt is not None and public is not None:
        must_reach = not is_one and (is_state or options.head is not None or options.complete or not bundles)
        reports.append(verify_head(bundles, receipt, public, to_the_end=must_reach))
    problems = tuple(line for report in reports for line in report.problems)
    _print_report(problems, tuple(line for report in reports for line in report.notes))
    if not problems:
        for reach in chain_extents(bundles):
            _print_reach(reach, receipt, receipt_source)
    return problems


def _print_reach(reach: ChainExtent, receipt: Receipt | None, receipt_source: str) -> None:
    if receipt is not None and receipt.head.manifest_sha256 == reach.manifest_sha256:
        print(f"vouches for {reach}; according to {receipt_source} that was the last")
    else:
        print(f"vouches for {reach}; what was sealed later cannot be known from this folder")


def _withheld_note(bundle: Path, checked: Verification) -> tuple[str, ...]:
    if not checked.withheld:
        return ()
    withheld = ", ".join(checked.withheld)
    return (f"{bundle}: was passed on without its untouched files, so what they show was not checked: {withheld}",)


def _verdict(checked: Verification) -> str:
    if checked.deleted:
        return "deleted, as is signed"
    return "the blurred copy is well" if checked.withheld else "all is well"


def _print_report(problems: tuple[str, ...], notes: tuple[str, ...]) -> None:
    for line in notes:
        print(f"note: {line}")
    sys.stdout.flush()  # problems go elsewhere and should stand after what was said before them
    for line in problems:
        print(f"edgecv: {line}", file=sys.stderr)


def _bundles(path: Path) -> list[Path]:
    """The folder itself, or those in it; a box's whole state directory is understood too."""
    try:
        if (path / MANIFEST).exists():
            return [path]
        inside = path / INCIDENTS if _is_state(path) else path
        if inside != path and not inside.exists():
            return []
        return sorted(child for child in inside.iterdir() if child.is_dir() and not child.name.startswith("."))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); name a folder with evidence") from error


def _is_state(path: Path) -> bool:
    """Whether it is a box's state directory, also where its evidence or its database was removed."""
    return (path / INCIDENTS).is_dir() or (path / DATABASE).exists()


def _has_record_of_seals(options: argparse.Namespace) -> bool:
    """Whether something besides bundles says that there should be some."""
    if options.head is not None or (options.path / CHAIN_HEAD).is_file():
        return True
    if not _is_state(options.path):
        return False
    report, head = verify_state(options.path)
    return head is not None or bool(report.problems or report.notes)


def _key_in_folder(path: Path) -> PublicKey | None:
    path = path.resolve()
    for key_file in (path / BOX_PUB, path.parent / BOX_PUB, path.parent.parent / BOX_PUB):
        if key_file.is_file():
            print(
                f"note: {key_file}: this key lies beside the evidence: it proves that nothing changed since it was "
                "sealed, not whose box sealed it; give --key with one from whom you trust"
            )
            return load_public_key(key_file)
    return None
