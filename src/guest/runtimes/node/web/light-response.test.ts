import assert from "node:assert/strict";
import { test } from "node:test";
import { LightResponse } from "./light-response.ts";
import { NativeResponse } from "./native.ts";

type Either = Response | LightResponse;
type Make = (Class: typeof Response) => Response | Promise<Response>;

const bytes = new Uint8Array([104, 105]);
const stream = () =>
  new ReadableStream({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });
const form = () => {
  const made = new FormData();
  made.set("a", "b");
  return made;
};

/** Each is made with both classes, and everything that can be seen of the two must be the same. */
const makes: Record<string, Make> = {
  nothing: (Class) => new Class(),
  null: (Class) => new Class(null, { status: 204 }),
  undefined: (Class) => new Class(undefined, undefined),
  text: (Class) => new Class("hi"),
  "empty text": (Class) => new Class(""),
  "text that is not well-formed": (Class) => new Class("a\ud800b"),
  "text with a byte order mark": (Class) => new Class("\ufeffhi"),
  JSON: (Class) => new Class('{"a":[1]}', { headers: { "content-type": "application/json" } }),
  bytes: (Class) => new Class(bytes),
  "a part of a buffer": (Class) => new Class(Buffer.from("xhix").subarray(1, 3)),
  "an ArrayBuffer": (Class) => new Class(bytes.buffer),
  "a DataView": (Class) => new Class(new DataView(bytes.buffer)),
  parameters: (Class) => new Class(new URLSearchParams({ a: "ü" })),
  "a stream": (Class) => new Class(stream()),
  "a blob": (Class) => new Class(new Blob(["hi"], { type: "text/x" })),
  "a number": (Class) => new Class(1 as never),
  "an object": (Class) => new Class({} as never),
  "own content type": (Class) => new Class("hi", { headers: [["Content-Type", "text/html"]] }),
  "status and text": (Class) => new Class("hi", { status: 404, statusText: "Not here" }),
  "status as text": (Class) => new Class("hi", { status: "201" as never }),
  "status 99": (Class) => new Class("hi", { status: 99 }),
  "status 600": (Class) => new Class("hi", { status: 600 }),
  "status 204 with a body": (Class) => new Class("hi", { status: 204 }),
  "status 304 with an empty body": (Class) => new Class("", { status: 304 }),
  "bad status text": (Class) => new Class("hi", { statusText: "a\nb" }),
  "bad header": (Class) => new Class("hi", { headers: { "a b": "1" } }),
  "init that is no object": (Class) => new Class("hi", 1 as never),
  "init null": (Class) => new Class("hi", null as never),
  "Response.json": (Class) => Class.json({ a: 1 }),
  "Response.json with headers": (Class) => Class.json([1], { status: 201, headers: { "x-a": "1", "content-type": "application/x+json" } }),
  "Response.json of undefined": (Class) => Class.json(undefined),
  "Response.redirect": (Class) => Class.redirect("http://localhost/x", 303),
  "Response.redirect by default": (Class) => Class.redirect("http://localhost/x"),
  "Response.redirect with a bad status": (Class) => Class.redirect("http://localhost/x", 200 as never),
  "Response.redirect to nowhere": (Class) => Class.redirect("not a url"),
  "Response.error": (Class) => Class.error(),
  clone: (Class) => new Class("hi", { headers: { a: "1" } }).clone(),
  "a copy with another's headers": (Class) => new Class("hi", { headers: new Class("x", { headers: { a: "1" } }).headers }),
  "another's body": (Class) => new Class(new Class("hi").body, { status: 201 }),
  "read before": async (Class) => {
    const response = new Class("hi");
    await response.text();
    return response;
  },
  "a stream that was read before": async (Class) => {
    const body = stream();
    await new NativeResponse(body).text();
    return new Class(body);
  },
  "header set later": (Class) => {
    const response = new Class("hi");
    response.headers.set("content-type", "text/later");
    response.headers.append("x", "y");
    return response;
  },
};

const readers = ["text", "json", "arrayBuffer", "bytes"] as const;

for (const [what, make] of Object.entries(makes)) {
  test(`made of ${what}, it looks and reads as the native class`, async () => {
    for (const reader of readers) assert.deepEqual(await story(LightResponse, make, reader), await story(NativeResponse, make, reader));
  });
}

async function story(Class: unknown, make: Make, reader: (typeof readers)[number]): Promise<unknown> {
  try {
    const response: Either = await make(Class as typeof Response);
    const { status, statusText, ok, type, url, redirected, headers } = response;
    const before = {
      status,
      statusText,
      ok,
      type,
      url,
      redirected,
      headers: [...headers],
      used: response.bodyUsed,
      body: response.body === null,
    };
    const read = await response[reader]().catch((error: Error) => error.name);
    const again = await response.text().catch((error: Error) => error.name);
    return { before, read, used: response.bodyUsed, again };
  } catch (error) {
    return (error as Error).name;
  }
}

test("forms are encoded and parsed", async () => {
  const response = new LightResponse(form());
  assert.match(response.headers.get("content-type")!, /^multipart\/form-data; boundary=/);
  assert.equal((await response.formData()).get("a"), "b");
  assert.equal((await new LightResponse(new URLSearchParams({ a: "b" })).formData()).get("a"), "b");
});

test("bytes with a form's content type are parsed as a form, also where the type was set later", async () => {
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  for (const body of [Buffer.from("a=b"), new TextEncoder().encode("a=b").buffer, new Blob(["a=b"])]) {
    assert.equal((await new LightResponse(body, { headers }).formData()).get("a"), "b");
    const later = new LightResponse(body);
    later.headers.set("content-type", headers["content-type"]);
    assert.equal((await later.formData()).get("a"), "b");
  }
});

test("its body streams, and its blob has the type of its headers", async () => {
  const chunks = await Array.fromAsync(new LightResponse("hi").body!);
  assert.equal(Buffer.concat(chunks).toString(), "hi");
  assert.equal((await new LightResponse("hi", { headers: { "content-type": "text/x" } }).blob()).type, "text/x");
});

test("clones are read apart from one another", async () => {
  const first = new LightResponse("hi", { headers: { a: "1" } });
  const second = first.clone();
  second.headers.set("a", "2");
  assert.deepEqual([await first.text(), await second.text(), first.headers.get("a")], ["hi", "hi", "1"]);
});

test("bytes changed after it was made do not change it", async () => {
  const changing = Buffer.from("hi");
  const response = new LightResponse(changing);
  changing.fill(0);
  assert.equal(await response.text(), "hi");
});

test("instanceof holds for both classes and for subclasses", () => {
  class Own extends (LightResponse as unknown as typeof Response) {}
  const own = new Own("x", { status: 201 });
  assert.ok(own instanceof Own && own instanceof LightResponse && own instanceof NativeResponse);
  assert.ok(new NativeResponse() instanceof LightResponse);
  assert.ok(!((new LightResponse() as unknown) instanceof Own));
});
