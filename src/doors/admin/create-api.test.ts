import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { createClient } from "./client.ts";
import { bundle, manifest, type ServedApi, serveApi, token } from "./testing/serve-api.ts";

let served: ServedApi;
let url: string;

beforeEach(async () => {
  served = await serveApi();
  ({ url } = served.server);
});
afterEach(() => served.close());

describe("the document", () => {
  test("is valid OpenAPI 3.1 and needs no token", async () => {
    const document = await openApi();
    assert.equal(document.openapi, "3.1.0");
    const { valid, errors } = await new Validator().validate({ ...document });
    assert.ok(valid, JSON.stringify(errors));
  });

  test("every route in it except health answers 401 without the token, with a wrong one, and with one in another scheme", async () => {
    const { paths } = await openApi();
    let seen = 0;
    for (const [path, methods] of Object.entries(paths)) {
      for (const [method, { security }] of Object.entries(methods)) {
        seen++;
        // A test of sessions logs in.
        if (path === "/v1/session" && method === "post") continue;
        const wanted = security?.length === 0 ? 200 : 401;
        const address = url + path.replaceAll(/\{\w+\}/g, "shop");
        for (const authorization of [undefined, "Bearer wrong", `Basic ${token}`, "Bearer"]) {
          const response = await fetch(address, {
            method: method.toUpperCase(),
            headers: authorization === undefined ? {} : { authorization },
          });
          // Wrong ones are too many after a while.
          const isLate = authorization === "Bearer wrong" && wanted === 401 && response.status === 429;
          assert.equal(isLate ? 401 : response.status, wanted, `${method} ${path} ${authorization}`);
        }
      }
    }
    assert.ok(seen >= 15, `only ${seen} routes`);
  });

  test("every route that is served is in it", async () => {
    const { paths } = await openApi();
    const documented = Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`));
    const routed = served.api.app.routes
      .filter(({ method, path }) => method !== "ALL" && path !== "/openapi.json" && path !== "/" && !path.startsWith("/dashboard/"))
      .map(({ method, path }) => `${method.toLowerCase()} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
    assert.deepEqual([...new Set(routed)].toSorted(), documented.toSorted());
  });
});

test("docs/api.md lists every route and no other", async () => {
  const { paths } = await openApi();
  const documented = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const text = readFileSync(join(import.meta.dirname, "../../../docs/api.md"), "utf8");
  const told = [...text.matchAll(/^\| `([A-Z]+ \/v1[^`]*)` \|/gm)].map(([, route = ""]) => route);
  assert.deepEqual(told.toSorted(), documented.toSorted());
});

describe("what is malformed", () => {
  test("a path without a route has an error of its own", async () => {
    const response = await raw("GET", "/v1/nothing");
    assert.equal(response.status, 404);
    assert.partialDeepStrictEqual(await response.json(), { error: { code: "no-such-api-route" } });
  });

  const cases: [string, string, string, string | undefined, RegExp][] = [
    ["JSON that is none", "PUT", "/v1/apps/shop/live", "{", /JSON/],
    ["a wrong type", "PUT", "/v1/apps/shop/live", '{"version":true}', /version in the body is true, but must be one of: a string; /],
    ["an unknown key", "PUT", "/v1/apps/shop/live", '{"version":"a","nonsense":1}', /nonsense in the body is not a known key/],
    ["an empty list", "PUT", "/v1/apps/shop/aliases/blue", '{"targets":[]}', /: targets in the body must not be empty\./],
    ["a missing key", "PUT", "/v1/apps/shop/live", "{}", /version in the body is missing/],
    ["a bad name in the path", "GET", "/v1/apps/..%2fshop", undefined, /app in the path/],
    ["a bad number in the query", "GET", "/v1/apps/shop/logs?tail=-1", undefined, /tail in the query.*at least 0/],
    ["an unknown key in the query", "GET", "/v1/bill?nonsense=1", undefined, /nonsense in the query/],
    ["a body that is too large", "PUT", "/v1/apps/shop/live", JSON.stringify({ version: "x".repeat(300_000) }), /over the limit/],
  ];
  for (const [name, method, path, body, message] of cases) {
    test(`${name} is refused by name`, async () => {
      const response = await raw(method, path, body);
      assert.equal(response.status, 400);
      const { error } = (await response.json()) as { error: { code: string; message: string } };
      assert.equal(error.code, "bad-request");
      assert.match(error.message, message);
    });
  }

  test("a page of another origin gets no permission to read", async () => {
    const response = await fetch(`${url}/v1/health`, { headers: { origin: "http://evil.example" } });
    assert.equal(response.headers.get("access-control-allow-origin"), null);
    assert.equal(response.status, 403);
  });

  test("the API answers only under names of loopback and its own, and to no page of another origin", async () => {
    const { host, port } = new URL(url);
    const cases: [Record<string, string>, number][] = [
      [{ host }, 200],
      [{ host: `localhost:${port}` }, 200],
      [{ host: "LOCALHOST." }, 200],
      [{ host: `[::1]:${port}` }, 200],
      [{ host: "127.9.9.9:9000" }, 200],
      [{ host: `rebound.example:${port}` }, 403],
      [{ host: `127.0.0.1.rebound.example:${port}` }, 403],
      [{ host: "192.0.2.1" }, 403],
      [{ host, origin: `http://${host}` }, 200],
      [{ host, origin: `http://localhost:${port}` }, 403],
      [{ host, origin: "http://127.0.0.1:1" }, 403],
      [{ host, origin: "null" }, 403],
      [{ host, origin: "" }, 403],
    ];
    for (const [headers, status] of cases) {
      for (const path of ["/v1/health", "/openapi.json"]) {
        const got = await asked(path, headers);
        assert.equal(got.status, status, `${JSON.stringify(headers)} ${path}`);
        if (status === 403) assert.equal((JSON.parse(got.text) as { error: { code: string } }).error.code, "foreign-request");
      }
    }
  });

  test("no refusal contains a secret's value, or that of a variable", async () => {
    const secret = "s3cret".repeat(20_000);
    const bodies = [{ value: secret }, { value: [secret] }, { value: { secret } }, secret, [secret], { value: "x", [secret]: 1 }];
    for (const text of [...bodies.map((body) => JSON.stringify(body)), `{"value":"s3cret`, `{"value":s3cret}`]) {
      const response = await raw("PUT", "/v1/apps/shop/secrets/KEY", text);
      const told = await response.text();
      assert.equal(response.status, 400, told);
      assert.doesNotMatch(told, /s3c/);
    }
    const appliance = await raw("POST", "/v1/appliances", JSON.stringify({ name: "a", image: "i", env: { KEY: ["s3cret"] } }));
    assert.doesNotMatch(await appliance.text(), /s3cret/);
  });
});

describe("the client", () => {
  test("refuses . and .. as names, which would make its request one for something else", async () => {
    await served.client.deploy(manifest(), [bundle("main", "cjs", "1")]);
    for (const name of [".", ".."]) {
      await assert.rejects(served.client.removeSecret("shop", name), { code: "bad-request", message: /is "\.\.?", which is no name/ });
      await assert.rejects(served.client.removeApp(name), { code: "bad-request" });
    }
    assert.equal((await served.client.apps()).length, 1);
  });

  test("reports that nobody answers, and why", async () => {
    await served.server.close();
    await assert.rejects(served.client.apps(), (error) => {
      assert.ok(error instanceof Error);
      assert.match(error.message, new RegExp(`No Mayfly answers at ${url}: .*ECONNREFUSED`));
      return true;
    });
    served.server = { ...served.server, close: () => Promise.resolve() };
  });

  test("with too many wrong tokens is told less for a while; the right one is let in from the same address", async () => {
    const statuses = [];
    for (let at = 0; at < 45; at++) statuses.push(await fetch(`${url}/v1/apps`, { headers: { authorization: `Bearer wrong-${at}` } }));
    const late = statuses.find(({ status }) => status === 429)!;
    assert.equal(statuses.at(0)!.status, 401);
    assert.match(late.headers.get("retry-after")!, /^[12]$/);
    assert.match(await late.text(), /too-many-wrong-credentials/);
    await served.client.apps();
  });

  test("with a wrong token gets unauthorized", async () => {
    await assert.rejects(createClient({ url, token: "wrong" }).apps(), { code: "unauthorized" });
  });
});

interface Document {
  openapi: string;
  paths: Record<string, Record<string, { security?: unknown[] }>>;
}

async function openApi(): Promise<Document> {
  const response = await fetch(`${url}/openapi.json`);
  return (await response.json()) as Document;
}

/** Sends a request over node:http, because fetch() sets Host by itself. */
async function asked(path: string, headers: Record<string, string>): Promise<{ status: number; text: string }> {
  const [response] = (await once(request(url + path, { headers }).end(), "response")) as [IncomingMessage];
  return { status: response.statusCode ?? 0, text: await text(response) };
}

function raw(method: string, path: string, body?: string): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, ...(body !== undefined && { "content-type": "application/json" }) };
  return fetch(url + path, { method, headers, ...(body !== undefined && { body }) });
}
