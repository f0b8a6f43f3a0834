"""Signs small pictures and films with content credentials, in the name of nobody real."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import c2pa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AI = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
CAMERA = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"


class Signer:
    """A root with one signing certificate beneath it. `root` is what a trust list holds of it, in PEM."""

    def __init__(self, organisation: str = "Example Agency", *, stamped_by: str | None = None) -> None:
        root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        root_name = _name("Example Roots", "Root")
        root = _certificate(root_name, root_key, root_name, root_key, is_root=True)
        leaf = _certificate(_name(organisation, "Desk Camera"), key, root_name, root_key, is_root=False)
        self.root = _pem(root)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self._info = c2pa.C2paSignerInfo(
            b"es256", _pem(leaf) + self.root, private, stamped_by.encode() if stamped_by else None
        )

    def sign(
        self,
        path: Path,
        source: Path,
        *,
        media_type: str = "image/jpeg",
        source_type: str = CAMERA,
        ingredients: tuple[Path, ...] = (),
        kept_at: str | None = None,
        embed: bool = True,
    ) -> Path:
        """Signs `source` into `path`. `kept_at` is the address that the file is to name for its credentials."""
        action = {"action": "c2pa.created", "digitalSourceType": source_type}
        said: dict[str, Any] = {
            "claim_generator_info": [{"name": "stet tests", "version": "1"}],
            "title": path.name,
            "assertions": [{"label": "c2pa.actions", "data": {"actions": [action]}}],
        }
        # Nothing is asked of the network here either, and a bad ingredient is taken over as it is.
        verify = dict.fromkeys(("remote_manifest_fetch", "ocsp_fetch", "verify_after_sign"), False)
        context = c2pa.Context.from_dict({"verify": verify})
        builder = c2pa.Builder(said, context=context)
        for one in ingredients:
            with one.open("rb") as file:
                builder.add_ingredient({"title": one.name, "relationship": "componentOf"}, "image/jpeg", file)
        if kept_at:
            builder.set_remote_url(kept_at)
        if not embed:
            builder.set_no_embed()
        signed = io.BytesIO()
        with source.open("rb") as file:
            builder.sign(c2pa.Signer.from_info(self._info), media_type, file, signed)
        path.write_bytes(signed.getvalue())
        return path


def _name(organisation: str, common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _certificate(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    is_root: bool,
) -> x509.Certificate:
    now = datetime.now(UTC)
    usage = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=not is_root, key_cert_sign=is_root, crl_sign=is_root, **usage),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
    )
    if not is_root:
        made = made.add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=True
        )
    return made.sign(issuer_key, hashes.SHA256())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
