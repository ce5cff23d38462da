"""An outside clock for the day's root: a time-stamping authority's signed answer (RFC 3161)."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from typing import Final

from server.delivery.proofs.day import BrokenDay, DayInclusion
from shared.problems import Problem, Text

_PATIENCE_S: Final = 20.0
MAX_TOKEN_BYTES: Final = 24 * 1024
_QUERY_TYPE: Final = "application/timestamp-query"


class StampUnavailable(Problem):
    """The time-stamping authority does not answer, or answers something else; asked again later."""

    slug = "time-stamp-unavailable"
    status = 502
    title = Text("Horodatage indisponible", "Time-stamp not available")


def request_stamp(body: bytes, *, url: str) -> bytes:
    """Return the authority's answer (DER) over sha256 of ``body``, checked against what was asked.

    Its certificates are inside; whether to trust them is for whoever verifies.

    Raises:
        StampUnavailable: no answer in time, a refusal, or an answer to another question.
    """
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, decode_timestamp_response

    asked = (
        TimestampRequestBuilder()
        .data(body)
        .hash_algorithm(HashAlgorithm.SHA256)
        .cert_request(cert_request=True)
        .nonce(nonce=True)
        .build()
    )
    answer = _post(asked.as_bytes(), url)
    try:
        read = decode_timestamp_response(answer)
        told = (read.status, read.tst_info.nonce, read.tst_info.message_imprint.message)
    except ValueError as error:
        raise _unavailable("réponse illisible", "unreadable answer", url) from error
    if told != (0, asked.nonce, asked.message_imprint.message):
        raise _unavailable("refus, ou réponse à une autre demande", "refused, or an answer to another question", url)
    return answer


def check_token(day: DayInclusion, root_certificates: bytes | None) -> int | None:
    """Return when the authority stamped the day's root (Unix milliseconds); None without a stamp or a certificate.

    ``root_certificates`` are those (PEM) that the reader trusts.

    Raises:
        BrokenDay: the stamp is not over this root, or not of an authority under these certificates.
    """
    if not day.token or root_certificates is None:
        return None
    from cryptography import x509
    from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

    try:
        builder = VerifierBuilder()
        for certificate in x509.load_pem_x509_certificates(root_certificates):
            builder = builder.add_root_certificate(certificate)
        read = decode_timestamp_response(bytes.fromhex(day.token))
        builder.build().verify_message(read, day.body.encode())
    except (VerificationError, ValueError) as error:
        raise BrokenDay(
            Text(
                "L’horodatage externe ne tient pas sous ce certificat. Demandez le fichier du jour de nouveau.",
                "The outside time-stamp does not hold under this certificate. Ask for the day’s file again.",
            ),
            where="token",
        ) from error
    return int(read.tst_info.gen_time.timestamp() * 1000)


def _post(query: bytes, url: str) -> bytes:
    if not url.startswith(("https://", "http://")):
        raise _unavailable("l’adresse n’est pas en http", "the address is not http", url)
    request = urllib.request.Request(url, data=query, headers={"Content-Type": _QUERY_TYPE})  # noqa: S310  # as checked
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answered:  # noqa: S310  # as checked
            answer: bytes = answered.read(MAX_TOKEN_BYTES + 1)
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        raise _unavailable("pas de réponse", "no answer", url) from error
    if len(answer) > MAX_TOKEN_BYTES:
        raise _unavailable("réponse trop longue", "answer too long", url)
    return answer


def _unavailable(reason_fr: str, reason_en: str, url: str) -> StampUnavailable:
    return StampUnavailable(
        Text(
            f"L’autorité d’horodatage n’a pas horodaté la racine du jour\u00a0: {reason_fr}. Ce sera redemandé.",
            f"The time-stamping authority did not stamp the day’s root: {reason_en}. It is asked again.",
        ),
        where=url,
    )
