"""Makes TLS in the machine trust the host's certificate authority, which stands for the servers for which the host adds secrets to requests."""

from __future__ import annotations

import os

#: The authorities that Debian's programs trust.
_SYSTEM = "/etc/ssl/certs/ca-certificates.crt"


def trust(authority: str) -> dict[str, str]:
    """
    Returns the variables by which Python and programs trust the authority, besides what they trust anyway: most take a file with all authorities, some
    one with those that are added. OpenSSL reads its variable when a context is made, so that it counts for this process, too.
    """
    folder = os.environ.get("TMPDIR") or "/tmp"
    added, whole = (os.path.join(folder, name) for name in ("mayfly-authority.pem", "mayfly-authorities.pem"))
    with open(added, "w") as file:
        file.write(authority)
    with open(whole, "w") as file:
        file.write(f"{_system()}\n{authority}")
    variables = dict.fromkeys(("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE", "GIT_SSL_CAINFO"), whole)
    return {**variables, **dict.fromkeys(("NODE_EXTRA_CA_CERTS", "DENO_CERT"), added)}


def _system() -> str:
    try:
        with open(_SYSTEM) as file:
            return file.read()
    except FileNotFoundError:
        return ""
