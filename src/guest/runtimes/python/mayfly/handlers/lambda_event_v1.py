"""A request as functions behind API Gateway's REST APIs get it: the proxy event, payload version 1.0, as lambda/event-v1.ts of Node's runtime makes it."""

from __future__ import annotations

import time
from urllib.parse import parse_qsl

from ..invocation.head import RequestHead
from .claims import claims_of
from .lambda_event import common_log_time, encode_body, join_query
from .url import split_url


def lambda_event_v1(head: RequestHead, app: str, body: bytes) -> dict[str, object]:
    """Keys without a value are None, as they are there."""
    _, host, path, query = split_url(head.url)
    headers, route_key, parameters = _headers_of(head.headers)
    queries = _lists_of(parse_qsl(query, keep_blank_values=True))
    # What leads to the function without a route is, as there, a route for every path.
    resource = route_key.split(" ")[1] if route_key and " " in route_key else "/{proxy+}"
    if not route_key and path != "/":
        parameters = "proxy=" + path[1:].replace("+", "%2B").replace("&", "%26")
    text, is_base64 = encode_body(body, _value_of(headers, "content-type")) if body else (None, False)
    return {
        "version": "1.0",
        "resource": resource,
        "path": path,
        "httpMethod": head.method,
        "headers": _last_of(headers),
        "multiValueHeaders": headers,
        "queryStringParameters": _last_of(queries) if query else None,
        "multiValueQueryStringParameters": queries if query else None,
        "pathParameters": join_query(parameters) if parameters else None,
        "stageVariables": None,
        "requestContext": _request_context(head, app, host, path, resource, headers),
        "body": text,
        "isBase64Encoded": is_base64,
    }


def _headers_of(pairs: list[str]) -> tuple[dict[str, list[str]], str, str]:
    """Names stay as the caller wrote them. What the gateway says of the app's `routes` is taken out."""
    headers = _lists_of(zip(pairs[::2], pairs[1::2]))
    route_key, parameters = headers.pop("x-mayfly-route", [""]), headers.pop("x-mayfly-parameters", [""])
    return headers, route_key[-1], parameters[-1]


def _lists_of(pairs) -> dict[str, list[str]]:  # type: ignore[no-untyped-def]
    lists: dict[str, list[str]] = {}
    for name, value in pairs:
        lists.setdefault(name, []).append(value)
    return lists


def _last_of(lists: dict[str, list[str]]) -> dict[str, str]:
    return {name: values[-1] for name, values in lists.items()}


def _value_of(headers: dict[str, list[str]], wanted: str) -> str | None:
    return next((values[-1] for name, values in headers.items() if name.lower() == wanted), None)


def _request_context(head: RequestHead, app: str, host: str, path: str, resource: str, headers: dict[str, list[str]]) -> dict[str, object]:
    now = time.time()
    claims = claims_of(_value_of(headers, "x-mayfly-caller-way"), _value_of(headers, "x-mayfly-caller-claims"))
    return {
        "accountId": "anonymous",
        "apiId": app,
        "domainName": host,
        "domainPrefix": host.split(".", 1)[0],
        "extendedRequestId": head.id,
        "httpMethod": head.method,
        "identity": {
            "sourceIp": (_value_of(headers, "x-forwarded-for") or "").split(",", 1)[0],
            "user": None,
            "userAgent": _value_of(headers, "user-agent"),
            "userArn": None,
        },
        "path": path,
        "protocol": "HTTP/1.1",
        "requestId": head.id,
        "requestTime": common_log_time(now),
        "requestTimeEpoch": int(now * 1_000),
        "resourcePath": resource,
        "stage": "$default",
        **({} if claims is None else {"authorizer": {"claims": claims}}),
    }
