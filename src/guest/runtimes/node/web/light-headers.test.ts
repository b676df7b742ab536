import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { LightHeaders } from "./light-headers.ts";
import { NativeHeaders } from "./native.ts";

type Either = Headers | LightHeaders;

const name = fc.constantFrom("a", "A", "content-type", "Set-Cookie", "set-cookie", "Cookie", "x-ü", "", "b c", "Accept");
const value = fc.oneof(fc.constantFrom("", "1", " padded\t", "two\r\nlines", "ü", "€", "\0", "\x01", "x, y"), fc.string({ maxLength: 8 }));

const step = fc.oneof(
  fc.record({ do: fc.constantFrom("append" as const, "set" as const), name, value }),
  fc.record({ do: fc.constantFrom("get" as const, "has" as const, "delete" as const), name }),
);
type Step = { do: "append" | "set"; name: string; value: string } | { do: "get" | "has" | "delete"; name: string };

const init = fc.oneof(
  fc.constant(undefined),
  fc.array(fc.tuple(name, value), { maxLength: 5 }),
  fc.dictionary(name, value, { maxKeys: 5 }),
);

test("does what the native class does, whatever it is asked", () => {
  fc.assert(
    fc.property(init, fc.array(step as fc.Arbitrary<Step>, { maxLength: 12 }), (start, steps) => {
      assert.deepEqual(story(LightHeaders, start, steps), story(NativeHeaders, start, steps));
    }),
    { numRuns: 3_000 },
  );
});

function story(Class: new (init?: never) => Either, start: unknown, steps: Step[]): unknown[] {
  const told: unknown[] = [];
  const headers = attempt(told, () => new Class(start as never));
  if (headers === undefined) return told;
  for (const each of steps)
    attempt(told, () => told.push("value" in each ? headers[each.do](each.name, each.value) : headers[each.do](each.name)));
  told.push([...headers], [...headers.keys()], [...headers.values()], headers.getSetCookie());
  return told;
}

function attempt<Result>(told: unknown[], act: () => Result): Result | undefined {
  try {
    return act();
  } catch (error) {
    told.push((error as Error).name);
    return undefined;
  }
}

for (const bad of [null, 1, "text", [["a"]], [["a", "b", "c"]], ["ab"], { [Symbol("s")]: "1" }, [1]]) {
  test(`takes ${JSON.stringify(bad)} as the native class does`, () => {
    const told = (Class: new (init?: never) => Either) => story(Class, bad, []);
    assert.deepEqual(told(LightHeaders), told(NativeHeaders));
  });
}

test("each class takes the other's instances, and instanceof holds for both", () => {
  const light = new LightHeaders({ a: "1", "set-cookie": "x" });
  light.append("set-cookie", "y");
  const native = new NativeHeaders(light);
  assert.deepEqual([...native], [...light]);
  assert.deepEqual([...new LightHeaders(native)], [...native]);
  assert.ok(light instanceof NativeHeaders && light instanceof LightHeaders && native instanceof LightHeaders);
});

test("sees what is changed while it is iterated, as the native class does", () => {
  const told = (headers: Either) => {
    const seen: string[] = [];
    for (const [key] of headers) {
      seen.push(key);
      if (key === "b") headers.append("c", "3");
      if (key === "c") headers.delete("b");
    }
    return seen;
  };
  assert.deepEqual(told(new LightHeaders({ b: "1", d: "2" })), told(new NativeHeaders({ b: "1", d: "2" })));
});
