/**
 * What a machine does for its first caller, done before there is one: a Bind and an invocation, through the whole path. An agent
 * forgets a rehearsal at the next Bind. In a template it makes V8 compile the path; in a blank, an emulator translate it.
 */
import type { HostEnd, RequestSink } from "../wire/host-end.ts";
import { REHEARSAL_APP } from "../wire/protocol.ts";

const NAME = "rehearsal";
let count = 0;

/** As code is written, so that V8's parser and compiler are exercised; different each time, for V8 compiles the same text once. */
function source(): string {
  return `"use strict";
var __defProp = Object.defineProperty;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __export = (target, all) => { for (var name in all) __defProp(target, name, { get: all[name], enumerable: true }); };
var entry = {};
__export(entry, { default: () => handler });
module.exports = ((value) => __defProp({}, "__esModule", { value: true }) && value)(entry);
const limit${++count} = ${Math.random()}, names = ["a", "b", \`c\${1 + 1}\`];
class Counter { #n = 0; static of(n) { const c = new Counter(); c.#n = n ?? 0; return c; } get value() { return this.#n; } add(...more) { for (const { n } of more) this.#n += n; return this; } }
async function later({ value = 1, ...rest } = {}) { try { await null; return [value, ...Object.keys(rest)]; } catch (error) { throw new Error("later", { cause: error }); } }
var handler = {
  async fetch(request, env, ctx) {
    const counter = Counter.of(limit${count}).add({ n: 1 }, { n: 2 });
    const seen = new Map(names.map((name, at) => [name, at]));
    let text = request.method;
    switch (text) { case "POST": text = await request.text(); break; default: text = /^(\\w+)$/.test(text) ? text.toLowerCase() : ""; }
    const [first] = await later({ value: seen.size, text });
    return new Response(JSON.stringify({ first, text, some: counter.value > 0 }) + "\\n", { headers: { "content-type": "application/json" } });
  },
};
`;
}

/** Rejects where the agent refuses it. */
export async function rehearse(end: HostEnd): Promise<void> {
  const code = Buffer.from(source());
  const functions = [{ name: NAME, format: "cjs" as const, size: code.length, handler: "handler" }];
  await end.bind({ app: REHEARSAL_APP, version: "0", functions, env: {}, memoryMb: 128, egress: false }, [code]);
  await callFunction(end, NAME);
}

/** Calls a function of an agent that is not bound yet; rejects where that has no reply. */
export function callFunction(end: HostEnd, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const sink: RequestSink = {
      head: () => {},
      data: () => {},
      end: () => {},
      reset: (_code, message) => reject(new Error(`the call of ${name} was refused: ${message}`)),
      closed: () => resolve(),
      drain: () => {},
    };
    const head = {
      id: "rehearsal",
      function: name,
      remainingMs: 5_000,
      method: "GET",
      url: "http://mayfly.internal/",
      headers: ["host", "mayfly.internal", "accept", "*/*"],
    };
    end.request(head, null, true, sink);
  });
}
