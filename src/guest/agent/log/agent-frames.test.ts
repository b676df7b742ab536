import assert from "node:assert/strict";
import { test } from "node:test";
import { withoutAgentFrames } from "./agent-frames.ts";

const AGENT = `    at Agent.#request (${new URL("../agent.ts", import.meta.url).href}:125:4)`;
const NODE = "    at process.processTicksAndRejections (node:internal/process/task_queues:104:5)";
const USER = "    at Object.fetch (src/api.ts:3:9)";

const text = (...lines: string[]) => lines.join("\n");

test("the agent's frames below the function's lowest are cut, with Node's among them", () => {
  assert.equal(withoutAgentFrames(text("Error: x", USER, NODE, AGENT, NODE, AGENT)), text("Error: x", USER, NODE));
  assert.equal(withoutAgentFrames(text("Error: x", USER, AGENT, "after it")), text("Error: x", USER, "after it"));
});

test("frames above the function's stay, because the function called them", () => {
  assert.equal(withoutAgentFrames(text("Error: x", AGENT, USER, NODE, AGENT)), text("Error: x", AGENT, USER, NODE));
});

test("a stack without a frame of the function's stays whole", () => {
  for (const stack of [
    text("Error: x", AGENT, NODE),
    text("Error: x", NODE, "    at new Promise (<anonymous>)", AGENT + " {", "  a: 1", "}"),
  ])
    assert.equal(withoutAgentFrames(stack), stack);
});

test("an error's properties and each of its causes stay", () => {
  assert.equal(
    withoutAgentFrames(
      text("Error: x", USER, "    ... 3 lines matching cause stack trace ...", AGENT + " {", "  [cause]: Error: y", USER, AGENT, "}"),
    ),
    text("Error: x", USER, "    ... 3 lines matching cause stack trace ... {", "  [cause]: Error: y", USER, "}"),
  );
});

test("a printed line that only mentions the agent's file stays", () => {
  assert.equal(withoutAgentFrames(AGENT.trim().slice(3)), AGENT.trim().slice(3));
});
