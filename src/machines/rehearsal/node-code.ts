/** What machines of the runtime node rehearse with. */
import { randomBytes } from "node:crypto";
import type { RehearsalCode } from "./rehearsal-code.ts";

export function nodeCode(): RehearsalCode {
  return { format: "cjs", plain: bundled(PLAIN), rich: bundled(rich(), PACKAGE) };
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

/**
 * The handler that does with Node's own modules what the agent does for a program: it starts one, and speaks HTTP with it, as its server and as its client. The
 * program is the loader of libc, the only one that every image has beside the agents themselves.
 */
export const PROGRAM = `{async fetch(){
const load=(name)=>process.getBuiltinModule("node:"+name),http=load("http"),net=load("net");
const server=http.createServer({maxHeaderSize:1114112,keepAliveTimeout:0,requestTimeout:0,headersTimeout:0},(request,response)=>{
request.on("data",()=>undefined);request.on("end",()=>setImmediate(()=>{const body=Buffer.from("{}");response.writeHead(200,{"content-type":"application/json","Content-Length":body.length});response.end(body)}))});
await new Promise((resolve,reject)=>{server.once("error",reject);server.listen(0,"127.0.0.1",resolve)});
const {port}=server.address();
try{
await new Promise((resolve)=>{const child=load("child_process").spawn("/lib64/ld-linux-x86-64.so.2",["--version"],{stdio:["ignore","pipe","pipe"]});child.stdout.on("data",()=>undefined);child.once("error",resolve);child.once("close",resolve)});
const socket=net.connect({host:"127.0.0.1",port});
const said=(text)=>new Promise((resolve,reject)=>{socket.once("error",reject);socket.once("data",resolve);socket.write(text)});
await said("GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n");
await said("POST /2018-06-01/runtime/invocation/1/response HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Length: 2\\r\\n\\r\\n{}");
socket.destroy();
const agent=new http.Agent({keepAlive:true,timeout:1000});
await new Promise((resolve,reject)=>{const request=http.request({host:"127.0.0.1",port,agent,method:"GET",path:"/",headers:["host","localhost"]},(response)=>{response.on("data",()=>undefined);response.on("end",resolve)});request.on("error",reject);request.end()});
agent.destroy();
}finally{server.closeAllConnections();await new Promise((resolve)=>server.close(resolve))}
return new Response("program\\n")}}`;

export function programCode(): string {
  return bundled(PROGRAM);
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
