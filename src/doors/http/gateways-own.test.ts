import assert from "node:assert/strict";
import { test } from "node:test";
import { isGatewaysOwn } from "./gateways-own.ts";

test("no spelling of a client's address, protocol or host is passed on", () => {
  // What request-ip, fastify-ip, get-client-ip and the like read, and the content networks write.
  const known = [
    "X-Client-IP, X-Forwarded-For, CF-Connecting-IP, Fastly-Client-Ip, True-Client-Ip, X-Real-IP, X-Cluster-Client-IP, X-Forwarded, Forwarded-For",
    "Forwarded, appengine-user-ip, X-AppEngine-User-IP, Cf-Pseudo-IPv4, Client-IP, Fly-Client-IP, X-Vercel-Forwarded-For, CloudFront-Viewer-Address",
    "X-Original-Forwarded-For, X-Forwarded-Protocol, X-Forwarded-Ssl, X-Url-Scheme, Front-End-Https, WL-Proxy-Client-IP, X-Azure-ClientIP",
    "X_Forwarded_For, x_real_ip, X-REAL_IP, HOST",
  ];
  for (const name of known.join(", ").split(", ")) assert.ok(isGatewaysOwn(name), name);
});

test("headers of other meaning are passed on", () => {
  const others =
    "accept, accept-encoding, content-length, content-type, user-agent, cookie, x-request-id, x-forwarded-fox, x-real-id, traceparent, origin";
  for (const name of [...others.split(", "), "", "x", "client-id", "x-api-key", "a".repeat(40)]) assert.ok(!isGatewaysOwn(name), name);
});
