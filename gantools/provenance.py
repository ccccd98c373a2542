"""Say what was done to one photograph, so that a later reader can tell and repeat it.

The record names both files by their SHA-256, the version of gantools, the weights and
their SHA-256, the settings and what was measured. It stands beside the result as JSON.

It stands inside the result, too, as XMP, in words that other programs know: the IPTC's
Digital Source Type, what the picture is derived from, and an event in its history,
which holds the record. Names of files are left out of that, for they are nobody's
business, and so are the time and the seconds: the same command makes the same bytes.
"""

import datetime
import hashlib
import json
import os
import secrets
import uuid
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import gantools
from gantools import credentials, photos, xmp

_CODES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
ENHANCED = _CODES + "algorithmicallyEnhanced"
INVENTED = _CODES + "compositeWithTrainedAlgorithmicMedia"
# What stays true of a picture whatever is done to it, the strongest last.
_RANKS = [ENHANCED, _CODES + "algorithmicMedia", INVENTED]
_RANKS += [_CODES + "compositeSynthetic", _CODES + "trainedAlgorithmicMedia"]


def identify(path: str | os.PathLike) -> dict[str, Any]:
    """Identify a file by its content; the folder it lies in is nobody's business.

    Returns:
        Its name, bytes and sha256.

    Raises:
        FileNotFoundError: when it is not there.
    """
    path = Path(path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"name": path.name, "bytes": path.stat().st_size, "sha256": digest}


def describe(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    action: str,
    settings: Mapping[str, Any] | None = None,
    numbers: Mapping[str, Any] | None = None,
    weights: Mapping[str, Any] | None = None,
    backend: str | None = None,
    mask: Mapping[str, Any] | None = None,
    precision: str | None = None,
) -> dict:
    """Describe how one photograph became another.

    Args:
        before: the file that was read, from `identify`.
        after: the file that was written, from `identify`; empty before it is.
        action: what was done, such as "restore".
        settings: what was asked for, such as mode, severity or seed; and the weights of
            further networks, of the "colours" or of what was "restored" first.
        numbers: what was measured; scalars and small arrays. "changed" and "invented"
            are shares of the pixels: those that differ at all, and those that a network
            made up.
        weights: the manifest's record of the weights used: their file and sha256.
        backend: the framework that computed, such as "tensorflow"; or the runtime.
        mask: the file that shows which pixels were painted over, from `identify`; a
            network invented these, and in a coloured photograph all others' colours.
        precision: in which that computed, such as "float32".

    Returns:
        A record of plain Python values, ready for JSON.

    Raises:
        TypeError: when a value has no form in JSON.
        ValueError: when a number is not finite.
    """
    record = {
        "gantools": gantools.__version__,
        "made": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "action": action,
        "settings": dict(settings or {}),
        "before": dict(before),
        "after": dict(after),
        "numbers": dict(numbers or {}),
        "weights": {key: weights[key] for key in ("file", "sha256")}
        if weights
        else None,
        "backend": backend,
        "mask": dict(mask) if mask else None,
        "digital_source_type": _source_type(numbers or {}, bool(weights)),
        "precision": precision,
    }
    return json.loads(_to_json(record))


def _source_type(numbers: Mapping[str, Any], network: bool) -> str | None:
    """Name what was done in the IPTC's vocabulary; None if no pixel was changed.

    ENHANCED is a "modification or correction by algorithm without changing the main
    content", INVENTED an "augmentation, correction or enhancement using a Generative AI
    model, such as with inpainting" (NewsCodes, Digital Source Type, of October 2024).
    Where a network was at work and nobody counted what it invented, it did.
    """
    if numbers.get("changed") == 0:
        return None
    return INVENTED if numbers.get("invented", network) else ENHANCED


def write(
    record: Mapping[str, Any], path: str | os.PathLike, *, overwrite: bool = False
) -> Path:
    """Write a record as JSON: whole, or not at all.

    Args:
        record: what `describe` returned.
        path: where to.
        overwrite: whether a file of that name may be replaced.

    Returns:
        The path written.

    Raises:
        FileExistsError: when the file exists and `overwrite` is false.
    """
    return write_text(_to_json(record) + "\n", path, overwrite=overwrite)


def write_text(text: str, path: str | os.PathLike, *, overwrite: bool = False) -> Path:
    """Write a text: whole, or not at all.

    Args:
        text: what to write, in UTF-8.
        path: where to.
        overwrite: whether a file of that name may be replaced.

    Returns:
        The path written.

    Raises:
        FileExistsError: when the file exists and `overwrite` is false.
    """
    path = Path(path)
    if os.path.lexists(path) and not overwrite:
        raise FileExistsError(f"Expected a new name. Received: {path}, which exists")
    part = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        part.write_bytes(text.encode("utf-8"))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def _to_json(record: Mapping[str, Any]) -> str:
    return json.dumps(
        record, indent=2, ensure_ascii=False, allow_nan=False, default=_plain
    )


def _plain(value: Any) -> Any:
    """Turn NumPy's scalars and arrays, and paths, into what JSON knows."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"Expected a value for JSON. Received: {type(value).__name__}")


# In the file itself


def stamp(packet: bytes | None, record: Mapping[str, Any]) -> bytes:
    """Write what was done into the XMP of a photograph.

    All that the packet says is kept, byte for byte, such as creator and rights, but for
    this: DigitalSourceType says what was done now, unless it says more already (a
    generated picture stays one); the AI system is the one used now; the identifiers are
    new ones, with xmpMM:DerivedFrom for the old; old previews go.  An event is added to
    xmpMM:History.  A packet that cannot be read is kept whole in a new one, in base64.

    Args:
        packet: of the photograph before, or None.
        record: from `describe`; what it says of "after" is not looked at.

    Returns:
        The packet for the photograph after.
    """
    event = _event(record)
    try:
        return _stamped(packet or xmp.EMPTY, record, event)
    except xmp.XMPError:
        event[xmp.OURS, "UnreadableXMP"] = b64encode(packet).decode()
        return _stamped(xmp.EMPTY, record, event)


def _stamped(
    packet: bytes, record: Mapping[str, Any], event: dict[xmp.Name, str]
) -> bytes:
    said = xmp.read(packet).properties
    properties: dict[xmp.Name, xmp.Value | None] = {
        (xmp.XMP, "Thumbnails"): None,  # of how it looked
        (xmp.NOTE, "HasExtendedXMP"): None,  # which `photos` does not carry over
    }
    properties |= _identifiers(said, event[xmp.EVENT, "instanceID"], record["before"])
    kind = record["digital_source_type"]
    if kind and _rank(kind) >= _rank(said.get(_SOURCE)):
        properties |= {_SOURCE: kind} | _system(record)
    return xmp.merge(packet, properties, event)


def _identifiers(
    said: Mapping[xmp.Name, str], instance: str, before: Mapping[str, Any]
) -> dict[xmp.Name, xmp.Value]:
    """Give the picture identifiers of its own, and name what it is derived from."""
    document = said.get((xmp.MM, "DocumentID"))
    was = {
        (xmp.REF, "documentID"): document,
        (xmp.REF, "instanceID"): said.get((xmp.MM, "InstanceID")),
        (xmp.OURS, "sha256"): before.get("sha256"),
    }
    first = said.get((xmp.MM, "OriginalDocumentID")) or document
    return {
        (xmp.MM, "DocumentID"): instance.replace("iid", "did"),
        (xmp.MM, "InstanceID"): instance,
        (xmp.MM, "DerivedFrom"): {name: text for name, text in was.items() if text},
    } | ({(xmp.MM, "OriginalDocumentID"): first} if first else {})


_SOURCE = (xmp.IPTC, "DigitalSourceType")


def _rank(kind: str | None) -> int:
    return _RANKS.index(kind) if kind in _RANKS else -1


def _system(record: Mapping[str, Any]) -> dict[xmp.Name, str | None]:
    """Name the AI system, as IPTC's Photo Metadata Standard 2025.1 has it, if any."""
    names = (xmp.IPTC, "AISystemUsed"), (xmp.IPTC, "AISystemVersionUsed")
    used = _networks(record)
    if record["digital_source_type"] != INVENTED or not used:
        return dict.fromkeys(names)
    stems = " and ".join(Path(weights["file"]).stem for weights in used)
    hashes = ", ".join(weights["sha256"] for weights in used)
    version = f"{record['gantools']}, weights SHA-256 {hashes}"
    return {names[0]: f"gantools {stems}", names[1]: version}


def _networks(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """List the weights of all networks that were at work, in their order."""
    settings = record["settings"]
    first = settings.get("restored", {}).get("weights")
    return [w for w in (first, record["weights"], settings.get("colours")) if w]


def _event(record: Mapping[str, Any]) -> dict[xmp.Name, str]:
    """Make the event for the history; its identifier follows from what it says."""
    text = json.dumps(_private(record))  # ASCII: any program can read it
    instance = f"xmp.iid:{uuid.uuid5(uuid.NAMESPACE_URL, xmp.OURS + text)}"
    return {
        (xmp.EVENT, "action"): "edited",
        (xmp.EVENT, "instanceID"): instance,
        (xmp.EVENT, "softwareAgent"): f"gantools {record['gantools']}",
        (xmp.EVENT, "changed"): "/",
        (xmp.EVENT, "parameters"): record["action"],
        (xmp.OURS, "record"): text,
    }


_LASTING = ("gantools", "action", "settings", "before", "numbers", "weights", "backend")
_LASTING += ("mask", "digital_source_type", "precision")
_PASSING = ("name", "mtime_ns")  # of a file: who copies it changes these


def _private(record: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out when it was made, how fast, and what the files were called."""
    left = {key: record[key] for key in _LASTING if key in record}
    left["numbers"] = {k: v for k, v in left["numbers"].items() if k != "seconds"}
    return _nameless(left)


def _nameless(value: Any) -> Any:
    if isinstance(value, Mapping):
        file = {"sha256", "bytes"} <= value.keys()
        items = value.items()
        return {k: _nameless(v) for k, v in items if not (file and k in _PASSING)}
    return [_nameless(one) for one in value] if isinstance(value, list) else value


# Read again


@dataclass(frozen=True)
class Account:
    """What a photograph, and the record beside it, say was done to it.

    Attributes:
        file: the photograph, from `identify`.
        source_type: its DigitalSourceType, or None.
        steps: what was done, the oldest first: a record of gantools, or else the fields
            that another program wrote into its history. Records out of the file hold no
            names and times; the last one does if it lies beside the file.
        record: the record that lies beside it, or None.
        same: whether that record is of this very file; None without one.
        stray: whether a file of the record's name lies there that is none.
        signature: from `credentials.read`: who signed it, and whether that still holds;
            None if nobody did or that was not looked for.
        looked: whether a signature was looked for, which the extra "c2pa" does.
    """

    file: dict[str, Any]
    source_type: str | None
    steps: list[dict[str, Any]]
    record: dict[str, Any] | None
    same: bool | None
    stray: bool
    signature: dict[str, Any] | None
    looked: bool

    @property
    def empty(self) -> bool:
        """Tell whether nothing is known of it."""
        return not any((self.source_type, self.steps, self.record, self.signature))

    @property
    def sound(self) -> bool:
        """Tell whether the file is the one that was recorded and signed, if it was."""
        signed = self.signature is None or self.signature["valid"]
        return self.same is not False and signed

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)


def beside(path: Path) -> Path:
    """Return the name of the record of a photograph, which lies beside it."""
    return path.with_name(path.name + ".json")


def inspect(path: str | os.PathLike) -> Account:
    """Read what was done to a photograph: its XMP, its record, its signature.

    Args:
        path: the photograph.

    Raises:
        photos.PhotoError: it is no photograph.
        ValueError: its XMP or its signature cannot be read.
    """
    path = Path(path)
    packet = photos.read_xmp(path)
    said = xmp.read(packet) if packet else xmp.Said({}, [])
    file, record = identify(path), _read_record(beside(path))
    steps, same = [_step(event) for event in said.history], None
    if record:
        same = record["after"].get("sha256") == file["sha256"]
        steps = [*steps[:-1], record] if same else steps
    return Account(
        file=file,
        source_type=said.properties.get(_SOURCE),
        steps=steps,
        record=record,
        same=same,
        stray=record is None and beside(path).exists(),
        signature=credentials.read(path),
        looked=credentials.available(),
    )


def _step(event: Mapping[xmp.Name, str]) -> dict[str, Any]:
    record = _record_in(event.get((xmp.OURS, "record"), ""), "before")
    return record or {name: value for (_, name), value in event.items()}


def _read_record(path: Path) -> dict[str, Any] | None:
    if not path.is_file() or path.stat().st_size > xmp.MAX_BYTES:
        return None
    text = path.read_text(encoding="utf-8", errors="replace")
    return _record_in(text, "before", "after")


def _record_in(text: str, *files: str) -> dict[str, Any] | None:
    """Read a record; None if the text is none."""
    kinds = {"gantools": str, "action": str, "settings": dict, "numbers": dict}
    kinds |= dict.fromkeys(files, dict)
    try:
        record = json.loads(text)
        whole = all(isinstance(record[key], kind) for key, kind in kinds.items())
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return record if whole else None


def explain(account: Account) -> str:
    """Say in plain words what an account holds, a line for each fact."""
    if account.empty:
        return "It does not say what was done to it."
    lines: list[str] = []
    for number, step in enumerate(account.steps, 1):
        ours = isinstance(step.get("numbers"), dict)
        first, *more = _told(step) if ours else [_told_by_others(step)]
        lines += [f"{number}. {first}", *(f"   {line}" for line in more)]
    if account.source_type:
        name = account.source_type.rpartition("/")[2]
        words = _WORDS.get(account.source_type)
        lines.append(f"digital source type: {name}" + (f", {words}" if words else ""))
    lines += [_told_of_record(account), _told_of_signature(account)]
    return "\n".join(map(_printable, lines))


def _printable(line: str) -> str:
    """Keep what strangers wrote from steering a terminal, or making up a line."""
    return "".join(one if one.isprintable() else "?" for one in line)


_WORDS = {
    ENHANCED: "altered by an algorithm",
    INVENTED: "edited using generative AI",
    _CODES + "trainedAlgorithmicMedia": "created using generative AI",
}


def _told(record: Mapping[str, Any]) -> list[str]:
    """Tell of a record: what was done, by what, from what, and how much is invented."""
    head = f"{record['action']}, by gantools {record['gantools']}"
    weights, made = record.get("weights"), record.get("made")
    if isinstance(weights, dict):
        head += f" with {weights.get('file')}, SHA-256 {weights.get('sha256')}"
    lines = [head + (f", {made}" if made else "")]
    settings = [f"{key} {_plainly(value)}" for key, value in record["settings"].items()]
    lines += ["settings: " + ", ".join(settings)] if settings else []
    lines.append("made from " + _told_of_file(record["before"]))
    shares = [
        f"{_share(share)} of its pixels {words}"
        for key, words in (
            ("invented", "invented by a network"),
            ("changed", "changed"),
        )
        if isinstance(share := record["numbers"].get(key), int | float)
        and 0 <= share <= 1
    ]
    lines += [", ".join(shares)] if shares else []
    mask = record.get("mask")
    if isinstance(mask, dict):
        lines.append("mask of what was painted over: " + _told_of_file(mask))
    return lines


def _plainly(setting: object) -> object:
    """Name a file, or weights, that a setting is."""
    if not isinstance(setting, dict) or "sha256" not in setting:
        return setting
    name = setting.get("file") or setting.get("name") or "a file"
    return f"{name} (SHA-256 {setting['sha256']})"


def _share(share: float) -> str:
    return "less than 0.01%" if 0 < share < 1e-4 else f"{share:.2%}"


def _told_of_file(file: Mapping[str, Any]) -> str:
    name = file.get("name") or "a file"
    return f"{name} of {file.get('bytes')} bytes, SHA-256 {file.get('sha256')}"


def _told_by_others(fields: Mapping[str, str]) -> str:
    keys = ("action", "softwareAgent", "when")
    return (
        ", ".join(fields[key] for key in keys if fields.get(key)) or "an unnamed step"
    )


def _told_of_record(account: Account) -> str:
    if account.stray:
        return "record beside it: none; a file of that name is no record of gantools"
    if account.record is None:
        return "record beside it: none, so nothing tells whether it has changed since"
    if account.same:
        return "record beside it: of this very file, which has not changed since"
    return "record beside it: OF ANOTHER FILE, or this one has changed since"


def _told_of_signature(account: Account) -> str:
    head, signed = "content credentials (C2PA): ", account.signature
    if not account.looked:
        return head + 'not looked for, which needs pip install "gantools[c2pa]"'
    if signed is None:
        return head + "none"
    who = f"signed in the name of {signed['signer']}, {signed['issuer']}"
    if signed["valid"]:
        return f"{head}{who}; neither changed since; whose that name is was not checked"
    return f"{head}{who}; NOT VALID: {', '.join(signed['problems'])}"


# Signed


def sign(
    path: str | os.PathLike,
    out: str | os.PathLike,
    *,
    original: str | os.PathLike,
    certificate: str | os.PathLike,
    key: str | os.PathLike,
    overwrite: bool = False,
) -> Path:
    """Sign a photograph with its owner's certificate, as content credentials (C2PA).

    What was done last is what is signed. A record that lies beside the photograph is
    written anew beside the signed one.

    Args:
        path: the photograph, with what gantools wrote into it.
        out: where the signed one goes; it may be `path`.
        original: the photograph that it was made from.
        certificate: see `credentials.sign`.
        key: likewise.
        overwrite: whether files of the signed one's and its record's names may be
            replaced.

    Returns:
        The path written.

    Raises:
        photos.PhotoError: it is no photograph.
        ImportError: the extra "c2pa" is not installed.
        ValueError: nothing tells what was done to it, it has changed since, it was made
            from another original, or nothing can be signed with this certificate.
        FileExistsError: a file is there and `overwrite` is false.
    """
    path, out, original = Path(path), Path(out), Path(original)
    account = inspect(path)
    step = _last_step(account, identify(original)["sha256"])
    for place in [out, *([beside(out)] if account.record else [])]:
        if os.path.lexists(place) and not overwrite:
            raise FileExistsError(
                f"Expected a new name. Received: {place}, which exists"
            )
    part = out.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        files = Path(certificate), Path(key)
        credentials.sign(path, part, original, _private(step), *files)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    if account.record:
        write(
            account.record | {"after": identify(out)}, beside(out), overwrite=overwrite
        )
    return out


def _last_step(account: Account, original: str) -> dict[str, Any]:
    """Return what was done last, or say why it cannot be signed."""
    step = account.steps[-1] if account.steps else {}
    if not isinstance(step.get("before"), dict):
        raise ValueError("Expected a result of gantools. Received: another photograph")
    if not account.sound:
        raise ValueError("Expected a result as it was. Received: one that has changed")
    if step["before"].get("sha256") != original:
        raise ValueError(
            "Expected the original that it was made from, SHA-256 "
            f"{step['before'].get('sha256')}. Received: {original}"
        )
    return step
