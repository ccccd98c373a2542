"""Content credentials: a signed statement inside a picture, after the C2PA's standard.

Anybody can write XMP; a signature shows who made the statement, and that neither it nor
the picture has changed since. The work is done by the library c2pa, which the extra
"c2pa" installs. It is never asked to use a network.
"""

import importlib.util
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_KINDS = {
    b"\xff\xd8": "image/jpeg",
    b"\x89PNG": "image/png",
    b"II": "image/tiff",
    b"MM": "image/tiff",
    b"RIFF": "image/webp",
}
_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
_SETTINGS = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    "builder": {"thumbnail": {"enabled": False}},  # nobody asked for one
}
_UNKNOWN = "signingCredential.untrusted"  # no list of trusted signers is at hand


def available() -> bool:
    """Tell whether the library is installed."""
    return importlib.util.find_spec("c2pa") is not None


def _library() -> Any:
    if not available():
        raise ImportError(
            'Expected the extra "c2pa", as by pip install "gantools[c2pa]". '
            "Received: none"
        )
    import c2pa

    return c2pa


def _kind(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(4)
    return next((kind for begin, kind in _KINDS.items() if head.startswith(begin)), "")


def read(path: Path) -> dict[str, Any] | None:
    """Read who signed a photograph, and check the signature.

    Args:
        path: a JPEG, PNG, TIFF or WebP file.

    Returns:
        "signer" and "issuer", names out of the certificate; "time", if an authority
        vouched for it; "valid", whether statement and file are as they were when
        signed; "problems", the standard's codes of what is not; "actions", what the
        signer says was done. Who the signer is in truth is not looked into. None where
        nothing is signed, or the library is not there.

    Raises:
        ValueError: there is a statement, but it cannot be read.
    """
    if not available():
        return None
    c2pa = _library()
    try:
        with path.open("rb") as file, c2pa.Context.from_dict(_SETTINGS) as context:
            reader = c2pa.Reader.try_create(_kind(path), file, context=context)
            if reader is None:
                return None
            with reader:
                return _signature(json.loads(reader.json()))
    except c2pa.C2paError as problem:
        raise ValueError(
            f"Expected content credentials. Received: {problem}"
        ) from problem


def _signature(store: Mapping[str, Any]) -> dict[str, Any]:
    manifest = store["manifests"][store["active_manifest"]]
    signed = manifest.get("signature_info", {})
    data = [a["data"] for a in manifest["assertions"] if "c2pa.actions" in a["label"]]
    codes = [status["code"] for status in store.get("validation_status", [])]
    return {
        "signer": signed.get("common_name"),
        "issuer": signed.get("issuer"),
        "time": signed.get("time"),
        "valid": store.get("validation_state") in ("Valid", "Trusted"),
        "problems": [code for code in codes if code != _UNKNOWN],
        "actions": [action["action"] for one in data for action in one["actions"]],
    }


def sign(
    path: Path,
    out: Path,
    original: Path,
    record: Mapping[str, Any],
    certificate: Path,
    key: Path,
) -> None:
    """Sign a photograph: that it was made from that original, in that way.

    Args:
        path: the photograph.
        out: where the signed one goes; a new file.
        original: what it was made from; its SHA-256 becomes a part of the statement.
        record: what was done, from `provenance.describe`; it becomes another.
        certificate: the signer's certificate and those that vouch for it, PEM. It is
            for signing documents or e-mail, not for servers.
        key: its private key, PEM without a password: P-256, P-384, P-521, Ed25519 or
            RSA.

    Raises:
        ImportError: the library is not there.
        ValueError: these do not fit together, or nothing can be signed with them.
        OSError: a file cannot be read or written.
    """
    c2pa = _library()
    algorithm, secret = _key(key.read_bytes())
    info = c2pa.C2paSignerInfo(algorithm, certificate.read_bytes(), secret, None)
    kind = _kind(path)
    try:
        with (
            c2pa.Context.from_dict(_SETTINGS) as context,
            c2pa.Signer.from_info(info) as signer,
            c2pa.Builder(_manifest(record, kind), context=context) as builder,
            original.open("rb") as before,
            path.open("rb") as source,
            out.open("x+b") as target,
        ):
            parent = {"relationship": "parentOf", "label": "original"}
            builder.add_ingredient_from_stream(parent, _kind(original), before)
            builder.sign(signer, kind, source, target)
    except c2pa.C2paError as problem:
        raise ValueError(
            f"Expected a certificate and a key to sign with. Received: {problem}"
        ) from problem


def _manifest(record: Mapping[str, Any], kind: str) -> dict[str, Any]:
    program = {"name": "gantools", "version": record["gantools"]}
    edited = {
        "action": "c2pa.edited",
        "softwareAgent": program,
        "description": record["action"],
    }
    if record.get("digital_source_type"):
        edited["digitalSourceType"] = record["digital_source_type"]
    opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["original"]}}
    return {
        "claim_generator_info": [program],
        "format": kind,
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": [opened, edited]}},
            {"label": "gantools.provenance", "data": dict(record)},
        ],
    }


def _key(pem: bytes) -> tuple[str, bytes]:
    """Return the name of a key's algorithm, and the key as the library wants it."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    try:
        key = serialization.load_pem_private_key(pem, None)
    except (TypeError, ValueError) as problem:
        raise ValueError(
            "Expected a private key, PEM without a password. Received: another file"
        ) from problem
    name = {ed25519.Ed25519PrivateKey: "ed25519", rsa.RSAPrivateKey: "ps256"}
    found = next((n for kind, n in name.items() if isinstance(key, kind)), None)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        found = _CURVES.get(key.curve.name)
    if found is None:
        raise ValueError(
            "Expected a key of P-256, P-384, P-521, Ed25519 or RSA. Received: another"
        )
    return found, key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
