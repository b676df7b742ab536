import { type Row, answering } from "./row.ts";

const views = { "views/home.ejs": "<p><%= who %></p>" };

export const frameworks: Row[] = [
  {
    name: "express4-serverless-http",
    packages: ["express4", "serverless-http"],
    code: `import express from "express4"; import serverless from "serverless-http";
const app = express(); app.get("/", (req, res) => res.json({ a: 1 })); export const handler = serverless(app);`,
    expect: { answers: '{"a":1}' },
  },
  {
    name: "express4-views-ejs",
    packages: ["express4", "ejs", "serverless-http"],
    code: `import express from "express4"; import serverless from "serverless-http"; import { join } from "node:path";
const app = express(); app.set("view engine", "ejs"); app.set("views", join(import.meta.dirname, "views"));
app.get("/", (req, res) => res.render("home", { who: "x" })); export const handler = serverless(app);`,
    files: views,
    expect: { warned: /views is named here/, advised: { files: ["views/**"], external: ["express4", "ejs"] }, answers: "<p>x</p>" },
  },
  {
    name: "express5",
    packages: ["express", "serverless-http"],
    code: `import express from "express"; import serverless from "serverless-http";
const app = express(); app.get("/", (req, res) => res.json({ a: 1 })); export const handler = serverless(app);`,
    expect: { answers: '{"a":1}' },
  },
  {
    name: "aws-serverless-express",
    packages: ["express4", "aws-serverless-express"],
    code: `import express from "express4"; import ase from "aws-serverless-express";
const app = express(); app.get("/", (req, res) => res.json({ a: 1 })); const server = ase.createServer(app);
export const handler = (event, context) => ase.proxy(server, { ...event, httpMethod: "GET", path: "/" }, context);`,
    expect: { answers: '{"a":1}' },
  },
  {
    name: "vendia-serverless-express",
    packages: ["express4", "@vendia/serverless-express"],
    code: `import express from "express4"; import serverlessExpress from "@vendia/serverless-express";
const app = express(); app.get("/", (req, res) => res.json({ a: 1 })); export const handler = serverlessExpress({ app });`,
    expect: { answers: '{"a":1}' },
  },
  {
    name: "fastify-aws-lambda",
    packages: ["fastify", "@fastify/aws-lambda"],
    code: `import fastify from "fastify"; import awsLambdaFastify from "@fastify/aws-lambda";
const app = fastify(); app.get("/", async () => ({ a: 1 })); export const handler = awsLambdaFastify(app);`,
    expect: { answers: '{"a":1}' },
  },
  {
    name: "fastify-inject",
    packages: ["fastify"],
    code: answering(
      'import fastify from "fastify"; const app = fastify(); app.get("/", async () => ({ a: 1 }));',
      'return new Response((await app.inject("/")).body);',
    ),
    expect: { answers: '{"a":1}' },
  },
  {
    name: "koa",
    packages: ["koa", "serverless-http"],
    code: `import Koa from "koa"; import serverless from "serverless-http";
const app = new Koa(); app.use((ctx) => { ctx.body = { a: 1 }; }); export const handler = serverless(app);`,
    expect: { answers: '{"a":1}' },
  },
  {
    name: "nestjs",
    packages: ["@nestjs/common", "@nestjs/core", "@nestjs/platform-express", "reflect-metadata", "rxjs", "serverless-http"],
    code: `import "reflect-metadata"; import { Controller, Get, Module } from "@nestjs/common"; import { NestFactory } from "@nestjs/core"; import serverless from "serverless-http";
class Cats { list() { return "cats"; } }
Get()(Cats.prototype, "list", Object.getOwnPropertyDescriptor(Cats.prototype, "list")); Controller()(Cats);
class Root {} Module({ controllers: [Cats] })(Root);
let ready;
export const handler = async (event, context) => {
  ready ??= NestFactory.create(Root, { logger: false }).then(async (app) => { await app.init(); return serverless(app.getHttpAdapter().getInstance()); });
  return (await ready)(event, context);
};`,
    expect: { answers: "cats", warned: /nestjs/ },
  },
  {
    name: "graphql-yoga",
    packages: ["graphql", "graphql-yoga"],
    code: `import { createSchema, createYoga } from "graphql-yoga";
const yoga = createYoga({ schema: createSchema({ typeDefs: "type Query{hi:String}", resolvers: { Query: { hi: () => "yo" } } }), graphqlEndpoint: "/graphql" });
export default { fetch: (request, env) => yoga.fetch(request, { env }) };`,
    path: "/graphql?query=%7Bhi%7D",
    expect: { answers: '{"data":{"hi":"yo"}}' },
  },
  {
    name: "whatwg-node-server",
    packages: ["@whatwg-node/server"],
    code: `import { Response as Other, createServerAdapter } from "@whatwg-node/server";
import * as fetchApi from "@whatwg-node/server"; const adapter = createServerAdapter(() => new (Other ?? globalThis.Response)("yo"));
export default { fetch: (request, env) => adapter.fetch(request, env) };`,
    expect: { answers: "yo" },
  },
  {
    name: "undici-response",
    packages: ["undici"],
    code: answering('import { Response as Other } from "undici";', 'return new Other("yo", { status: 200 });'),
    expect: { answers: "yo" },
  },
  {
    name: "node-fetch-response",
    packages: ["node-fetch"],
    code: answering('import { Response as Other } from "node-fetch";', 'return new Other("yo", { status: 200 });'),
    expect: { answers: "yo" },
  },
  {
    name: "undici-request",
    packages: ["undici"],
    code: answering(
      'import { fetch as get } from "undici";',
      'return new Response(await get("http://127.0.0.1:1/").catch((error) => error.message));',
    ),
    expect: { answers: "fetch failed" },
  },
  {
    name: "trpc-fetch",
    packages: ["@trpc/server"],
    code: `import { initTRPC } from "@trpc/server"; import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
const t = initTRPC.create(); const router = t.router({ hi: t.procedure.query(() => "yo") });
export default { fetch: (req) => fetchRequestHandler({ endpoint: "/", req, router }) };`,
    path: "/hi",
    expect: { answers: '{"result":{"data":"yo"}}' },
  },
  {
    name: "trpc-lambda",
    packages: ["@trpc/server"],
    code: `import { initTRPC } from "@trpc/server"; import { awsLambdaRequestHandler } from "@trpc/server/adapters/aws-lambda";
const t = initTRPC.create(); const router = t.router({ hi: t.procedure.query(() => "yo") });
export const handler = awsLambdaRequestHandler({ router });`,
    path: "/hi",
    expect: { answers: '{"result":{"data":"yo"}}' },
  },
  {
    name: "apollo-lambda",
    packages: ["@apollo/server", "@as-integrations/aws-lambda", "graphql"],
    code: `import { ApolloServer } from "@apollo/server"; import { handlers, startServerAndCreateLambdaHandler } from "@as-integrations/aws-lambda";
const server = new ApolloServer({ typeDefs: "type Query{hi:String}", resolvers: { Query: { hi: () => "yo" } }, csrfPrevention: false });
export const handler = startServerAndCreateLambdaHandler(server, handlers.createAPIGatewayProxyEventV2RequestHandler());`,
    path: "/?query=%7Bhi%7D",
    expect: { answers: '{"data":{"hi":"yo"}}' },
  },
  {
    name: "socket.io",
    packages: ["socket.io"],
    code: answering('import { Server } from "socket.io"; const io = new Server();', "return new Response(typeof io.on);"),
    expect: { answers: "function" },
  },
  {
    name: "ws",
    packages: ["ws"],
    code: answering(
      'import { WebSocketServer } from "ws";',
      "return new Response(new WebSocketServer({ noServer: true }).constructor.name);",
    ),
    expect: { answers: "WebSocketServer" },
  },
  {
    name: "middy",
    packages: ["@middy/core"],
    code: 'import middy from "@middy/core"; export const handler = middy().handler(async () => ({ statusCode: 200, body: "yo" }));',
    expect: { answers: "yo" },
  },
  {
    name: "hono",
    packages: ["hono"],
    code: 'import { Hono } from "hono"; const app = new Hono(); app.get("/", (c) => c.text("yo")); export default app;',
    expect: { answers: "yo" },
  },
  {
    name: "hono-aws-lambda",
    packages: ["hono"],
    code: 'import { Hono } from "hono"; import { handle } from "hono/aws-lambda"; const app = new Hono(); app.get("/", (c) => c.text("yo")); export const handler = handle(app);',
    expect: { answers: "yo" },
  },
  {
    name: "hono-stream-lambda",
    packages: ["hono"],
    code: 'import { Hono } from "hono"; import { streamHandle } from "hono/aws-lambda"; const app = new Hono(); app.get("/", (c) => c.text("yo")); export const handler = streamHandle(app);',
    expect: { answers: "yo" },
  },
  {
    name: "elysia",
    packages: ["elysia", "@sinclair/typebox", "exact-mirror", "file-type", "openapi-types"],
    code: 'import { Elysia } from "elysia"; const app = new Elysia().get("/", () => "yo"); export default { fetch: (request) => app.fetch(request) };',
    expect: { answers: "yo" },
  },
  {
    name: "itty-router",
    packages: ["itty-router"],
    code: 'import { AutoRouter } from "itty-router"; const router = AutoRouter(); router.get("/", () => "yo"); export default { fetch: (request) => router.fetch(request) };',
    expect: { answers: '"yo"' },
  },
  {
    name: "h3",
    packages: ["h3"],
    code: 'import { H3 } from "h3"; const app = new H3(); app.get("/", () => "yo"); export default { fetch: (request) => app.fetch(request) };',
    expect: { answers: "yo" },
  },
];
