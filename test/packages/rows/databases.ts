import { type Row, answering } from "./row.ts";

/** Nothing listens at the address, so a working driver reports a refused connection. */
const refusedConnection = { answers: /ECONNREFUSED|EACCES|connect/i };

export const databases: Row[] = [
  {
    name: "pg",
    packages: ["pg"],
    code: answering(
      'import pg from "pg";',
      'return new Response(await new pg.Client({ host: "127.0.0.1", port: 1 }).connect().catch((error) => error.code ?? error.message));',
    ),
    expect: refusedConnection,
  },
  {
    name: "mysql2",
    packages: ["mysql2"],
    code: answering(
      'import mysql from "mysql2/promise";',
      'return new Response(await mysql.createConnection({ host: "127.0.0.1", port: 1 }).catch((error) => error.code));',
    ),
    expect: refusedConnection,
  },
  {
    name: "mongodb",
    packages: ["mongodb"],
    code: answering(
      'import { MongoClient } from "mongodb";',
      'return new Response(await new MongoClient("mongodb://127.0.0.1:1", { serverSelectionTimeoutMS: 500 }).connect().catch((error) => error.message));',
    ),
    expect: refusedConnection,
  },
  {
    name: "mongoose",
    packages: ["mongoose"],
    code: answering(
      'import mongoose from "mongoose"; class Cat { meow() { return this.name; } } const schema = new mongoose.Schema({ name: String }); schema.loadClass(Cat); const Model = mongoose.model("Cat", schema);',
      'return new Response(new Model({ name: "Tom" }).meow() + Model.collection.name);',
    ),
    expect: { answers: "Tomcats" },
  },
  {
    name: "redis",
    packages: ["redis"],
    code: answering(
      'import { createClient } from "redis";',
      'const client = createClient({ socket: { host: "127.0.0.1", port: 1, reconnectStrategy: false } }); client.on("error", () => {}); return new Response(await client.connect().catch((error) => error.code ?? error.message));',
    ),
    expect: refusedConnection,
  },
  {
    name: "ioredis",
    packages: ["ioredis"],
    code: answering(
      'import { Redis } from "ioredis";',
      'const client = new Redis({ host: "127.0.0.1", port: 1, lazyConnect: true, retryStrategy: () => null }); client.on("error", () => {}); return new Response(await client.connect().catch((error) => error.message));',
    ),
    expect: { answers: /closed|ECONNREFUSED|EACCES/ },
  },
  {
    name: "tedious",
    packages: ["tedious"],
    code: answering(
      'import { Connection } from "tedious";',
      'return new Response(await new Promise((resolve) => { const it = new Connection({ server: "127.0.0.1", options: { port: 1, encrypt: false } }); it.connect((error) => resolve(error?.code ?? "none")); }));',
    ),
    expect: { answers: "ESOCKET" },
  },
  {
    name: "oracledb",
    packages: ["oracledb"],
    code: answering('import oracledb from "oracledb";', "return new Response(String(oracledb.thin));"),
    expect: { answers: "true" },
  },
  {
    name: "drizzle",
    packages: ["drizzle-orm"],
    code: answering(
      'import { pgTable, text, QueryBuilder } from "drizzle-orm/pg-core"; const t = pgTable("t", { a: text() });',
      "return new Response(new QueryBuilder().select().from(t).toSQL().sql);",
    ),
    expect: { answers: 'select "a" from "t"' },
  },
  {
    name: "knex-pg",
    packages: ["knex", "pg"],
    code: answering(
      'import knex from "knex"; const k = knex({ client: "pg" });',
      'return new Response(k("t").where({ a: 1 }).toString());',
    ),
    expect: { answers: 'select * from "t" where "a" = 1', warned: /knex/ },
  },
  {
    name: "typeorm",
    packages: ["typeorm", "pg", "reflect-metadata"],
    code: answering(
      'import "reflect-metadata"; import { DataSource, EntitySchema } from "typeorm"; const Cat = new EntitySchema({ name: "Cat", columns: { id: { type: Number, primary: true } } });',
      'const source = new DataSource({ type: "postgres", host: "127.0.0.1", port: 1, entities: [Cat] }); return new Response(await source.initialize().catch((error) => error.code ?? error.message));',
    ),
    expect: { answers: /ECONNREFUSED|EACCES/, warned: /typeorm/ },
  },
  {
    name: "sequelize",
    packages: ["sequelize", "pg", "pg-hstore"],
    code: answering(
      'import { Sequelize, Model, DataTypes } from "sequelize"; const s = new Sequelize({ dialect: "postgres", logging: false }); class Invoice extends Model { static label = "x"; who() { return Invoice.label; } }',
      "Invoice.init({ a: DataTypes.TEXT }, { sequelize: s }); return Response.json([Invoice.name, Invoice.getTableName()]);",
    ),
    expect: { answers: `["Invoice","Invoices"]`, warned: /sequelize/ },
  },
  {
    name: "sequelize-dialectModule",
    packages: ["sequelize", "pg"],
    code: answering(
      'import { Sequelize, Model, DataTypes } from "sequelize"; import pg from "pg"; const s = new Sequelize({ dialect: "postgres", dialectModule: pg, logging: false }); class Invoice extends Model { static label = "x"; who() { return Invoice.label; } }',
      "Invoice.init({ a: DataTypes.TEXT }, { sequelize: s }); return Response.json([Invoice.name, Invoice.getTableName()]);",
    ),
    expect: { answers: `["Invoice","Invoices"]`, warned: /sequelize/ },
  },
  {
    name: "sql.js",
    packages: ["sql.js"],
    code: answering('import initSqlJs from "sql.js";', "const SQL = await initSqlJs(); return new Response(typeof SQL.Database);"),
    expect: { warned: /sql\.js reads .*sql-wasm\.wasm/, advised: { external: ["sql.js"] }, answers: "function" },
  },
  {
    name: "sql.js-wasm-import",
    packages: ["sql.js"],
    code: answering(
      'import initSqlJs from "sql.js"; import wasmBinary from "sql.js/dist/sql-wasm.wasm";',
      'const SQL = await initSqlJs({ wasmBinary }); return Response.json(new SQL.Database().exec("select 1 as a")[0].values);',
    ),
    expect: { answers: "[[1]]" },
  },
  {
    name: "bullmq",
    packages: ["bullmq"],
    code: answering('import { Queue } from "bullmq";', "return new Response(typeof Queue.prototype.add);"),
    expect: { answers: "function" },
  },
  {
    name: "kafkajs",
    packages: ["kafkajs"],
    code: answering(
      'import { Kafka, logLevel } from "kafkajs";',
      'return new Response(await new Kafka({ brokers: ["127.0.0.1:1"], retry: { retries: 0 }, logLevel: logLevel.NOTHING }).producer().connect().catch((error) => error.name));',
    ),
    expect: { answers: /KafkaJS/ },
  },
];
