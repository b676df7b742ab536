/**
 * Does in advance what a machine does for its first caller: a Bind and an invocation, through the whole path. An agent forgets a rehearsal
 * at the next Bind. In a template the rehearsal makes V8 compile the path; in a blank it makes an emulator translate it.
 */
import { randomBytes } from "node:crypto";
import type { HostEnd, HttpInput, RequestSink } from "../wire/host-end.ts";
import { REHEARSAL_APP } from "../wire/protocol.ts";

/** Rejects if the agent refuses it. */
export async function rehearse(end: HostEnd): Promise<void> {
  const sources = { plain: bundled(PLAIN), rich: bundled(rich(), PACKAGE) };
  const code = Object.values(sources).map((source) => Buffer.from(source));
  const functions = Object.keys(sources).map((name, at) => ({
    name,
    format: "cjs" as const,
    source: { type: "frames" as const, bytes: code[at]!.length },
    handler: "handler",
  }));
  await end.bind({ app: REHEARSAL_APP, revision: randomBytes(6).toString("hex"), functions, env: {}, memoryMb: 128, egress: false }, code);
  await callFunction(end, "rich");
  await callFunction(end, "plain");
}

/**
 * Runs after a rehearsal: many invocations in flight at once, as an app under load has them. V8 throws away code that it optimised for one
 * invocation at a time when frames of several arrive together, and an emulated machine then takes seconds to compile it anew.
 */
export async function rehearseCrowd(end: HostEnd, lanes: number, callsPerLane: number): Promise<void> {
  const lane = async () => {
    for (let n = 0; n < callsPerLane; n++) await callFunction(end, n % 4 === 3 ? "rich" : "plain");
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** The simplest handler, which replies at once. */
const PLAIN = "{fetch(){return new Response(`plain\n`)}}";

/** A handler that uses most of the language. */
function rich(): string {
  return `{async fetch(request){
const names=["a","b",\`c\${1+1}\`];
class Counter{#n=0;static of(n){const c=new Counter();c.#n=n??0;return c}get value(){return this.#n}add(...more){for(const{n}of more)this.#n+=n;return this}}
async function later({value=1,...rest}={}){try{await null;return[value,...Object.keys(rest)]}catch(error){throw new Error("later",{cause:error})}}
const counter=Counter.of(names.length).add({n:1},{n:2}),seen=new Map(names.map((name,at)=>[name,at]));
let text=request.method;
switch(text){case"POST":text=await request.text();break;default:text=/^(\\w+)$/.test(text)?text.toLowerCase():""}
const[first]=await later({value:seen.size,text});
return new Response(JSON.stringify({first,text,some:counter.value>0})+\`\\n\`,{headers:{"content-type":"application/json"}})}}`;
}

/** The beginning of a bundle with a CommonJS package. */
const PACKAGE = `var __create=Object.create;var __defProp=Object.defineProperty;var __getOwnPropDesc=Object.getOwnPropertyDescriptor;var __getOwnPropNames=Object.getOwnPropertyNames;var __getProtoOf=Object.getPrototypeOf,__hasOwnProp=Object.prototype.hasOwnProperty;var __commonJS=(cb,mod)=>function(){return mod||(0,cb[__getOwnPropNames(cb)[0]])((mod={exports:{}}).exports,mod),mod.exports};var __copyProps=(to,from,except,desc)=>{if(from&&typeof from=="object"||typeof from=="function")for(let key of __getOwnPropNames(from))!__hasOwnProp.call(to,key)&&key!==except&&__defProp(to,key,{get:()=>from[key],enumerable:!(desc=__getOwnPropDesc(from,key))||desc.enumerable});return to};var __toESM=(mod,isNodeMode,target)=>(target=mod!=null?__create(__getProtoOf(mod)):{},__copyProps(isNodeMode||!mod||!mod.__esModule?__defProp(target,"default",{value:mod,enumerable:!0}):target,mod));var require_a=__commonJS({"a.js"(exports,module){module.exports={a:1}}});var import_a=__toESM(require_a());`;

/**
 * Bundled as a deploy bundles a handler, including the source map, so that V8's parser and compiler handle the same kinds of code as later.
 * The text differs each time, also from what a template was given, because V8 compiles the same text only once.
 */
function bundled(handler: string, before = ""): string {
  const name = `rehearsal_${randomBytes(6).toString("hex")}`;
  return `"use strict";${before}var ${name}=${handler};module.exports={default:${name}};
//# sourceMappingURL=data:application/json;base64,ewogICJ2ZXJzaW9uIjogMywKICAic291cmNlcyI6IFtdLAogICJuYW1lcyI6IFtdCn0=
`;
}

/** Calls a function of an agent that is not bound yet; rejects if it does not reply. */
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
      attempt: 1,
      revision: "rehearsal",
      trace: { traceparent: "", tracestate: "" },
      input,
    };
    end.request(head, null, true, sink);
  });
}

const input: HttpInput = {
  kind: "http",
  event: "http-v2",
  method: "GET",
  url: "http://mayfly.internal/",
  headers: ["host", "mayfly.internal", "accept", "*/*"],
};
