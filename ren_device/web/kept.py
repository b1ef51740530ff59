"""Answers that stay the same for as long as the process runs; pages that load nothing else."""

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from aiohttp import hdrs, web


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, made once; use `of`."""

    body: bytes
    media: str
    etag: str
    policy: str

    @classmethod
    def of(cls, text: str, media: str, policy: str) -> Self:
        """Keep this text, with its Content-Security-Policy."""
        body = text.encode()
        return cls(body, media, f'"{hashlib.sha256(body).hexdigest()[:16]}"', policy)

    def answer(self, request: web.Request) -> web.Response:
        """The whole of it, or 304 for who has it already."""
        headers = {
            hdrs.ETAG: self.etag,
            hdrs.CACHE_CONTROL: "no-cache",
            "Content-Security-Policy": self.policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        }
        known = request.headers.get(hdrs.IF_NONE_MATCH, "")
        if self.etag in known or known == "*":
            return web.Response(status=304, headers=headers)
        headers[hdrs.CONTENT_TYPE] = self.media
        return web.Response(body=self.body, headers=headers)


def page_policy(style: str, scripts: Iterable[str], more: str = "") -> str:
    """The policy of a page that has its style and scripts in it, named by their hashes.

    It forbids all else but what `more` allows, such as `connect-src 'self'`.
    """
    hashes = " ".join(map(_hash, scripts))
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {hashes}; {more}"
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
