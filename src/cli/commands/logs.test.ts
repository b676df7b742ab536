import { test } from "node:test";
import assert from "node:assert/strict";
import type { LogLine } from "../../doors/admin/client.ts";
import { MayflyError } from "../../base/errors/error.ts";
import type { AppInfo } from "../../doors/admin/schemas.ts";
import { inWords, missingFunction } from "./logs.ts";

const line: LogLine = { at: 0, app: "shop", function: "main", invocation: "i-1", machine: "m-1", level: "info", text: "hello" };

test("a line has its time, where it is from, and its text", () => {
  assert.equal(inWords(line), "00:00:00.000 main i-1 hello");
  assert.equal(inWords({ at: 0, app: "shop", machine: "m-1", level: "error", text: "x\u001B[2J\ny" }), "00:00:00.000 m-1 x\\x1b[2J\n    y");
});

test("a line without function and machine has no gap in their place", () => {
  const text = "The app has used 80 % of its limit of requests.";
  assert.equal(inWords({ at: 0, app: "shop", level: "platform", text }), `00:00:00.000 [platform] ${text}`);
});

test("a function's output can't look like a line of the platform or of the agent", () => {
  const said = "Machine ended: it ran out of memory.";
  const platforms = inWords({ ...line, level: "platform", text: said });
  const agents = inWords({ ...line, level: "agent", text: said });
  assert.equal(platforms, `00:00:00.000 [platform] main i-1 ${said}`);
  assert.equal(agents, `00:00:00.000 [agent] main i-1 ${said}`);
  for (const text of [
    `[platform] ${said}`,
    `[platform] main i-1 ${said}`,
    `\r00:00:00.000 [platform] main i-1 ${said}`,
    `\n00:00:00.000 [platform] main i-1 ${said}`,
  ])
    for (const level of ["debug", "info", "warn", "error", "agent"] as const)
      for (const shown of inWords({ ...line, level, text }).split("\n")) assert.notEqual(shown, platforms);
});

test("logs of a function that the app does not have say so, and name those that it has", async () => {
  const live = { manifest: { functions: { main: {}, cart: {} } } };
  const client = { app: async () => ({ live }) as unknown as AppInfo };
  assert.equal(
    await missingFunction(client, { app: "shop", function: "nix" }),
    "The app shop has no function nix. Its functions are: main, cart.",
  );
  assert.equal(await missingFunction(client, { app: "shop", function: "cart" }), undefined);
  assert.equal(await missingFunction(client, { app: "shop" }), undefined);
  const removed = { app: () => Promise.reject(new MayflyError("no-such-app", { app: "shop" })) };
  assert.equal(await missingFunction(removed, { app: "shop", function: "nix" }), undefined);
});
