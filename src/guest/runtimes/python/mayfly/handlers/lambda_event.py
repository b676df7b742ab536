"""A request as AWS Lambda's functions get it: the event of API Gateway's HTTP APIs, payload version 2.0, as lambda/event.ts of Node's runtime makes it."""

from __future__ import annotations

import base64
import re
import time
from urllib.parse import parse_qsl

from ..invocation.head import RequestHead
from .claims import claims_of, scopes_of
from .url import split_url

_is_textual = re.compile(r"(?:text/|application/(?:json|javascript|xml|graphql)|[^;]+\+(?:json|xml))", re.I).match
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def lambda_event(head: RequestHead, app: str, body: bytes) -> dict[str, object]:
    _, host, path, query = split_url(head.url)
    headers, cookies = _join_headers(head.headers)
    # What the gateway says of the app's `routes`, in headers that API Gateway has not. No caller can set them.
    route_key, parameters = headers.pop("x-mayfly-route", "$default"), headers.pop("x-mayfly-parameters", "")
    event: dict[str, object] = {
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": _request_context(head, app, host, path, headers, route_key),
        "isBase64Encoded": False,
    }
    if cookies:
        event["cookies"] = cookies
    if query:
        event["queryStringParameters"] = join_query(query)
    if parameters:
        event["pathParameters"] = join_query(parameters)
    if body:
        event["body"], event["isBase64Encoded"] = encode_body(body, headers.get("content-type"))
    return event


def _join_headers(pairs: list[str]) -> tuple[dict[str, str], list[str]]:
    """Names become lower case, repeated headers are joined by commas, and cookies are kept apart."""
    headers: dict[str, str] = {}
    cookies: list[str] = []
    for at in range(0, len(pairs), 2):
        name = pairs[at].lower()
        if name == "cookie":
            cookies += pairs[at + 1].split("; ")
        else:
            _join(headers, name, pairs[at + 1])
    return headers, cookies


def join_query(query: str) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        _join(joined, name, value)
    return joined


def _join(into: dict[str, str], name: str, value: str) -> None:
    into[name] = f"{into[name]},{value}" if name in into else value


def encode_body(body: bytes, content_type: str | None) -> tuple[str, bool]:
    if content_type is None:
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            return base64.b64encode(body).decode(), True
    if _is_textual(content_type):
        return body.decode("utf-8", "replace"), False
    return base64.b64encode(body).decode(), True


def common_log_time(now: float) -> str:
    """The time in AWS's form: 28/Nov/2026:05:52:09 +0000."""
    at = time.gmtime(now)
    return f"{at.tm_mday:02}/{_MONTHS[at.tm_mon - 1]}/{at.tm_year}:{at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02} +0000"


def _request_context(head: RequestHead, app: str, host: str, path: str, headers: dict[str, str], route_key: str) -> dict[str, object]:
    now = time.time()
    claims = claims_of(headers.get("x-mayfly-caller-way"), headers.get("x-mayfly-caller-claims"))
    return {
        "accountId": "anonymous",
        "apiId": app,
        "domainName": host,
        "domainPrefix": host.split(".", 1)[0],
        "http": {
            "method": head.method,
            "path": path,
            "protocol": "HTTP/1.1",
            "sourceIp": headers.get("x-forwarded-for", "").split(",", 1)[0],
            "userAgent": headers.get("user-agent", ""),
        },
        "requestId": head.id,
        "routeKey": route_key,
        "stage": "$default",
        **({} if claims is None else {"authorizer": {"jwt": {"claims": claims, "scopes": scopes_of(claims)}}}),
        "time": common_log_time(now),
        "timeEpoch": int(now * 1_000),
    }
