"""Stored files out to people: always as what they are, never as something that a browser runs."""

from __future__ import annotations

from urllib.parse import quote

from flask import Response, request

from server.core.web.caller import language


def send_file(payload: bytes, *, media_type: str, name: str, sha256: str, inline: bool = False) -> Response:
    """Return a stored file; ``inline`` lets a browser show a PDF instead of saving it."""
    if request.if_none_match.contains(sha256):
        return Response(status=304, headers={"ETag": f'"{sha256}"'})
    disposition = "inline" if inline and media_type == "application/pdf" else "attachment"
    ascii_name = name.encode("ascii", "replace").decode().replace('"', "'").replace("?", "-")
    return Response(
        payload,
        mimetype=media_type,
        headers={
            "Content-Disposition": f"{disposition}; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(name)}",
            "Content-Language": language(),
            "ETag": f'"{sha256}"',
            "Cache-Control": "private, no-cache",
            "X-Content-Type-Options": "nosniff",
        },
    )
