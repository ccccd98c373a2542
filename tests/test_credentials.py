"""Signed statements: made with a certificate of the test's own, and read back."""

import datetime
import zlib
from dataclasses import replace

import numpy as np
import pytest

from gantools import credentials, photos, provenance
from gantools.provenance import ENHANCED, identify

needs_library = pytest.mark.skipif(
    not credentials.available(), reason='needs the extra "c2pa"'
)
SUFFIXES = ["png", "jpg", "tif", "webp"]


def certificate(folder, kind="P-256"):
    """Make an authority, a signer whom it vouches for, and write chain and key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    def name(text):
        parts = (NameOID.ORGANIZATION_NAME, "City Archive"), (NameOID.COMMON_NAME, text)
        return x509.Name([x509.NameAttribute(*part) for part in parts])

    def issue(text, key, ca):
        now = datetime.datetime.now(datetime.UTC)
        ciphers = "key_encipherment data_encipherment encipher_only decipher_only"
        rest = ["content_commitment", "key_agreement", *ciphers.split()]
        usage = dict.fromkeys(rest, False)
        usage |= {"digital_signature": not ca, "key_cert_sign": ca, "crl_sign": ca}
        public = authority.public_key()
        builder = (
            x509.CertificateBuilder(name("Test authority"), name(text))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca, None), True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(public), False
            )
            .add_extension(x509.KeyUsage(**usage), True)
        )
        if not ca:
            purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
            builder = builder.add_extension(purpose, False)
        made = builder.sign(authority, hashes.SHA256())
        return made.public_bytes(serialization.Encoding.PEM)

    authority = ec.generate_private_key(ec.SECP256R1())
    key = {
        "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "Ed25519": ed25519.Ed25519PrivateKey.generate,
        "RSA": lambda: rsa.generate_private_key(65537, 2048),
    }[kind]()
    chain, secret = folder / f"{kind}-chain.pem", folder / f"{kind}-key.pem"
    chain.write_bytes(
        issue("Anna Archivist", key, False) + issue("Test authority", authority, True)
    )
    form = serialization.PrivateFormat.TraditionalOpenSSL
    if kind == "Ed25519":
        form = serialization.PrivateFormat.PKCS8
    plain = serialization.NoEncryption()
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
    return {"certificate": chain, "key": secret}


@pytest.fixture
def result(tmp_path):
    """Return a function that writes an original and a result of it."""

    def make(suffix="png"):
        values = np.random.default_rng(3).integers(0, 256, (20, 30, 3), np.uint8)
        old, new = tmp_path / f"old.{suffix}", tmp_path / f"new.{suffix}"
        photo = photos.Photo(values)
        photos.save(photo, old)
        record = provenance.describe(
            identify(old), {}, action="restore", numbers={"changed": 1.0}
        )
        stamped = replace(photo, xmp=provenance.stamp(None, record))
        record["after"] = identify(photos.save(stamped, new))
        provenance.write(record, provenance.beside(new))
        return old, new

    return make


@needs_library
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_was_signed_is_read_back(tmp_path, result, suffix):
    old, new = result(suffix)
    out = tmp_path / f"signed.{suffix}"
    assert provenance.inspect(new).signature is None
    provenance.sign(new, out, original=old, **certificate(tmp_path))
    account = provenance.inspect(out)
    assert account.signature == {
        "signer": "Anna Archivist",
        "issuer": "City Archive",
        "time": None,
        "valid": True,
        "problems": [],
        "actions": ["c2pa.opened", "c2pa.edited"],
    }
    assert account.same and account.sound  # the record was written anew
    assert account.source_type == ENHANCED and len(account.steps) == 1
    assert "signed in the name of Anna Archivist" in provenance.explain(account)
    assert np.array_equal(photos.load(new).pixels, photos.load(out).pixels)


@needs_library
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_file_that_was_changed_after_signing_is_found_out(tmp_path, result, suffix):
    old, new = result(suffix)
    files = certificate(tmp_path)
    provenance.sign(new, new, original=old, **files, overwrite=True)
    data = bytearray(new.read_bytes())
    place = data.index(b"algorithmicallyEnhanced</")  # in the XMP
    data[place] = ord("A")
    if suffix == "png":  # which sums up each chunk
        start = data.index(b"iTXt")
        stop = start + 4 + int.from_bytes(data[start - 4 : start])
        data[stop : stop + 4] = zlib.crc32(data[start:stop]).to_bytes(4)
    new.write_bytes(data)
    provenance.beside(new).unlink()
    account = provenance.inspect(new)
    assert not account.signature["valid"] and not account.sound
    assert account.signature["problems"]
    assert "NOT VALID" in provenance.explain(account)


@needs_library
@pytest.mark.parametrize("kind", ["P-384", "Ed25519", "RSA"])
def test_keys_of_all_kinds_sign(tmp_path, result, kind):
    old, new = result()
    files = certificate(tmp_path, kind)
    provenance.sign(new, tmp_path / "out.png", original=old, **files)
    assert provenance.inspect(tmp_path / "out.png").signature["valid"]


@needs_library
def test_what_cannot_be_signed_is_refused_and_leaves_nothing(tmp_path, result):
    old, new = result()
    files, other = certificate(tmp_path), certificate(tmp_path, "P-384")
    changed = tmp_path / "changed.png"
    changed.write_bytes(new.read_bytes())
    provenance.beside(changed).write_bytes(
        provenance.beside(new).read_bytes().replace(b'"sha256": "', b'"sha256": "0')
    )
    there = sorted(tmp_path.iterdir())
    for arguments, message in (
        ({"path": old}, r"Expected a result of gantools\. Received: another"),
        ({"path": changed}, "Received: one that has changed"),
        ({"original": new}, "Expected the original that it was made from, SHA-256 "),
        ({"key": files["certificate"]}, "Expected a private key, PEM without"),
        ({"key": other["key"]}, "Expected a certificate and a key to sign with"),
        ({"certificate": old}, "Expected a certificate and a key to sign with"),
        ({"key": tmp_path / "none.pem"}, "No such file"),
        ({"out": new}, "Expected a new name"),
    ):
        wishes = {"path": new, "out": tmp_path / "out.png", "original": old, **files}
        with pytest.raises((ValueError, OSError), match=message):
            provenance.sign(**(wishes | arguments))
        assert sorted(tmp_path.iterdir()) == there


def test_without_the_library_signing_says_what_is_missing(
    tmp_path, result, monkeypatch
):
    monkeypatch.setattr(credentials, "available", lambda: False)
    old, new = result()
    account = provenance.inspect(new)
    assert account.signature is None and not account.looked
    assert 'pip install "gantools[c2pa]"' in provenance.explain(account)
    with pytest.raises(ImportError, match='Expected the extra "c2pa"'):
        provenance.sign(new, tmp_path / "o.png", original=old, certificate=old, key=old)
