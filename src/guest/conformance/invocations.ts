/** What a function sees of an invocation, and what becomes of what it returns. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { InvocationInput } from "../../wire/host-end.ts";
import { ResetCode } from "../../wire/protocol.ts";
import type { AgentAdapter } from "./adapter.ts";
import { event, sharedSession, to } from "./session.ts";

export function describeInvocations(adapter: AgentAdapter): void {
  const session = sharedSession(adapter, ["echo", "same", "about", "replies", "large", "sleeps", "streams"]);

  test("a request becomes API Gateway's event, and the reply has the handler's status, headers, cookies and body", async () => {
    const reply = await session().call({ ...to("echo"), method: "POST", url: "http://localhost/app/a%20b?x=1", body: "hällo" });
    assert.deepEqual([reply.status, reply.text, reply.reset], [201, "hällo", null]);
    assert.deepEqual(reply.headers["set-cookie"], ["a=1", "b=2"]);
    assert.equal(reply.headers["x-seen"], "POST /app/a%20b");
    assert.equal((await session().call(to("echo"))).text, "");
  });

  test("the event has the request's query, headers, cookies and body in API Gateway's form", async () => {
    const call = {
      function: "same",
      method: "PUT",
      url: "http://h.localhost:8080/p/q?a=1&a=2&b=%C3%A4+c",
      headers: ["X-One", "1", "x-one", "2", "Cookie", "k=v; l=w", "content-type", "text/plain", "x-forwarded-for", "192.0.2.1"],
      body: "text",
    };
    const seen = JSON.parse((await session().call(call)).text) as Record<string, unknown> & { requestContext: { http: object } };
    const { version, rawPath, rawQueryString, queryStringParameters, headers, cookies, body, isBase64Encoded } = seen;
    assert.deepEqual([version, rawPath, rawQueryString], ["2.0", "/p/q", "a=1&a=2&b=%C3%A4+c"]);
    assert.deepEqual([queryStringParameters, cookies], [{ a: "1,2", b: "ä c" }, ["k=v", "l=w"]]);
    assert.deepEqual(headers, { "x-one": "1,2", "content-type": "text/plain", "x-forwarded-for": "192.0.2.1" });
    assert.deepEqual([body, isBase64Encoded], ["text", false]);
    const { method, path, sourceIp } = seen.requestContext.http as Record<string, string>;
    assert.deepEqual([method, path, sourceIp], ["PUT", "/p/q", "192.0.2.1"]);
  });

  test("a route that the app's `routes` chose is the event's, with the parameters of its path", async () => {
    const headers = ["x-mayfly-route", "GET /a/{id}/{rest+}", "x-mayfly-parameters", "id=a%2Bb%26c&rest=%C3%A4/d", "x-one", "1"];
    const seen = JSON.parse((await session().call({ ...to("same"), headers })).text) as Record<string, unknown>;
    assert.deepEqual([seen["routeKey"], (seen["requestContext"] as { routeKey: string }).routeKey], [headers[1], headers[1]]);
    assert.deepEqual(seen["pathParameters"], { id: "a+b&c", rest: "ä/d" });
    assert.deepEqual(seen["headers"], { "x-one": "1" });
    const plain = JSON.parse((await session().call(to("same"))).text) as Record<string, unknown>;
    assert.deepEqual([plain["routeKey"], plain["pathParameters"]], ["$default", undefined]);
  });

  test("payload version 1.0 is the event of API Gateway's REST APIs, whose absent parts are null", async () => {
    const headers = [
      "X-One",
      "1",
      "X-One",
      "2",
      "x-forwarded-for",
      "192.0.2.1, 192.0.2.2",
      "x-mayfly-route",
      "GET /a/{id}",
      "x-mayfly-parameters",
      "id=%C3%A4",
    ];
    const ask = async (url: string, own: string[], body = "") => {
      const input = { kind: "http" as const, event: "http-v1" as const, method: "PUT", url, headers: own };
      return JSON.parse((await session().call({ function: "same", input, body })).text) as Record<string, unknown>;
    };
    const { requestContext, ...seen } = await ask("http://h.localhost:8080/a/%C3%A4?q=1&q=2+3", headers, "text");
    assert.deepEqual(seen, {
      version: "1.0",
      resource: "/a/{id}",
      path: "/a/%C3%A4",
      httpMethod: "PUT",
      headers: { "X-One": "2", "x-forwarded-for": "192.0.2.1, 192.0.2.2" },
      multiValueHeaders: { "X-One": ["1", "2"], "x-forwarded-for": ["192.0.2.1, 192.0.2.2"] },
      queryStringParameters: { q: "2 3" },
      multiValueQueryStringParameters: { q: ["1", "2 3"] },
      pathParameters: { id: "ä" },
      stageVariables: null,
      body: "text",
      isBase64Encoded: false,
    });
    assert.partialDeepStrictEqual(requestContext, {
      httpMethod: "PUT",
      resourcePath: "/a/{id}",
      identity: { sourceIp: "192.0.2.1", userAgent: null },
    });
    const plain = await ask("http://h/x/y+z", []);
    assert.deepEqual([plain["resource"], plain["pathParameters"], plain["body"]], ["/{proxy+}", { proxy: "x/y+z" }, null]);
    assert.deepEqual([plain["queryStringParameters"], plain["multiValueQueryStringParameters"]], [null, null]);
  });

  test("the claims of a JWT that let the caller in are the event's authorizer, every one a text", async () => {
    const claims = { sub: "ada", scope: "buy read", age: 36, admin: true, groups: ["a", "b"], more: { x: [1, null] } };
    const said = (way: string) => [
      "x-mayfly-caller-way",
      way,
      "x-mayfly-caller-claims",
      Buffer.from(JSON.stringify(claims)).toString("base64url"),
    ];
    const texts = { sub: "ada", scope: "buy read", age: "36", admin: "true", groups: "[a b]", more: '{"x":[1,null]}' };
    const authorizerOf = async (way: string, event: "http-v1" | "http-v2") => {
      const input = { kind: "http" as const, event, method: "GET", url: "http://h/", headers: said(way) };
      const seen = JSON.parse((await session().call({ function: "same", input })).text) as { requestContext: { authorizer?: unknown } };
      return seen.requestContext.authorizer;
    };
    assert.deepEqual(await authorizerOf("jwt", "http-v2"), { jwt: { claims: texts, scopes: ["buy", "read"] } });
    assert.deepEqual(await authorizerOf("jwt", "http-v1"), { claims: texts });
    assert.equal(await authorizerOf("token", "http-v2"), undefined);
  });

  test("bytes that are no text come and go as base64", async () => {
    const body = Buffer.from([0, 255, 128, 10, 13, 1]);
    const call = { ...to("echo"), method: "POST", headers: ["content-type", "image/png"], body };
    const reply = await session().call(call);
    assert.deepEqual(reply.body, body);
  });

  test("a handler's context has the invocation's id, its function, the revision and the time that is left", async () => {
    const [id, name, version, left] = JSON.parse((await session().call({ ...to("about"), remainingMs: 90_000 })).text) as unknown[];
    assert.match(String(id), /^id-\w+$/);
    assert.deepEqual([name, version], ["about", "7"]);
    assert.ok(Number(left) > 0 && Number(left) <= 90_000, String(left));
  });

  test("an event reaches the handler as it is, and the result goes back as JSON without headers", async () => {
    const given = { a: [1, "ü", null, true], b: { "": -1.5 } };
    const reply = await session().call(event("same", JSON.stringify(given)));
    assert.deepEqual([reply.status, reply.headers, reply.reset], [200, {}, null]);
    assert.deepEqual(JSON.parse(reply.text), given);
    assert.deepEqual(JSON.parse((await session().call(event("same"))).text), {});
    for (const body of ["1", '"text"', "[]", "null", "false"]) assert.equal((await session().call(event("same", body))).text, body);
  });

  test("texts cross as they are, halves of pairs of surrogates too", async () => {
    const given = ["\ud83d\ude00", "\ud83d", "\ude00", "\ude00\ud83d", "a\ud83db"];
    assert.deepEqual(JSON.parse((await session().call(event("same", JSON.stringify(given)))).text), given);
  });

  test("a result that looks like an HTTP reply is an event's result like any other", async () => {
    const looks = { statusCode: 404, headers: { "x-a": "1" }, body: "as it is" };
    const reply = await session().call(event("same", JSON.stringify(looks)));
    assert.deepEqual([reply.status, reply.headers, JSON.parse(reply.text)], [200, {}, looks]);
  });

  test("a large event and its large result arrive whole", async () => {
    const given = { text: "ü".repeat(400_000) };
    assert.deepEqual(JSON.parse((await session().call(event("same", JSON.stringify(given)))).text), given);
  });

  test("a kind or an event form that a later host sends is refused, and the agent goes on", async () => {
    const later = [{ kind: "later" }, { kind: "http", event: "alb", method: "GET", url: "http://a/", headers: [] }];
    for (const input of later as unknown as InvocationInput[])
      assert.equal((await session().call({ function: "same", input })).reset?.code, ResetCode.Refused);
    assert.equal((await session().call(event("same", "1"))).text, "1");
  });

  test("heads as large as can be arrive, both ways", async () => {
    const reply = await session().call({ ...to("same"), headers: ["x-long", "h".repeat(64_000)] });
    assert.equal((JSON.parse(reply.text) as { headers: Record<string, string> }).headers["x-long"], "h".repeat(64_000));
    const long = await session().call(to("replies", { status: 200, times: 1, name: "x-long", value: "h", length: 65_000 }));
    assert.equal(long.headers["x-long"]?.length, 65_000);
    const many = await session().call(to("replies", { status: 599, times: 200, name: "x", value: "y", length: 1 }));
    assert.deepEqual([many.status, many.headers["x"], many.headers["x199"]], [599, "y", "y"]);
  });

  test("a hundred calls that wait run at once, each with its own reply", async () => {
    const calls = Array.from({ length: 100 }, (_, at) => session().call(at % 2 ? to("sleeps", { ms: 100 }) : event("same", String(at))));
    const texts = (await Promise.all(calls)).map(({ text }) => text);
    assert.deepEqual(
      texts,
      texts.map((_, at) => (at % 2 ? "slept" : String(at))),
    );
  });
}
