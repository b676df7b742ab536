import { type Row, answering } from "./row.ts";

export const clients: Row[] = [
  {
    name: "nodemailer",
    packages: ["nodemailer"],
    code: answering(
      'import nodemailer from "nodemailer";',
      'return new Response((await nodemailer.createTransport({ jsonTransport: true }).sendMail({ from: "a@b.c", to: "a@b.c", text: "x" })).message.slice(0, 8));',
    ),
    expect: { answers: '{"from":' },
  },
  {
    name: "puppeteer-core",
    packages: ["puppeteer-core"],
    code: answering(
      'import puppeteer from "puppeteer-core";',
      'return new Response(await puppeteer.launch({ executablePath: "/no/browser" }).catch((error) => error.message));',
    ),
    expect: { answers: /\/no\/browser/ },
  },
  {
    name: "playwright-core",
    packages: ["playwright-core"],
    code: answering(
      'import { chromium } from "playwright-core";',
      "return new Response(await chromium.launch().catch((error) => error.message));",
    ),
    expect: { warned: /playwright-core/, advised: { external: ["playwright-core"] }, answers: /Executable doesn't exist/ },
  },
  {
    name: "aws-sdk-v3-s3",
    packages: ["@aws-sdk/client-s3"],
    code: answering(
      'import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";',
      'const client = new S3Client({ region: "eu-west-1", endpoint: "http://127.0.0.1:1", maxAttempts: 1, credentials: { accessKeyId: "a", secretAccessKey: "b" } }); return new Response(await client.send(new GetObjectCommand({ Bucket: "b", Key: "k" })).catch((error) => error.code ?? error.message));',
    ),
    expect: { answers: /ECONNREFUSED|EACCES/ },
  },
  {
    name: "aws-sdk-v3-dynamo",
    packages: ["@aws-sdk/client-dynamodb"],
    code: answering(
      'import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";',
      'const client = new DynamoDBClient({ region: "eu-west-1", endpoint: "http://127.0.0.1:1", maxAttempts: 1, credentials: { accessKeyId: "a", secretAccessKey: "b" } }); return new Response(await client.send(new ListTablesCommand({})).catch((error) => error.code ?? error.message));',
    ),
    expect: { answers: /ECONNREFUSED|EACCES/ },
  },
  {
    name: "aws-sdk-v2",
    packages: ["aws-sdk"],
    code: answering('import AWS from "aws-sdk";', 'return new Response(typeof new AWS.S3({ region: "eu-west-1" }).getObject);'),
    expect: { answers: "function" },
  },
  {
    name: "axios",
    packages: ["axios"],
    code: answering(
      'import axios from "axios";',
      'return new Response(await axios.get("http://127.0.0.1:1/").catch((error) => error.code));',
    ),
    expect: { answers: /ECONNREFUSED|EACCES/ },
  },
  {
    name: "got",
    packages: ["got"],
    code: answering(
      'import got from "got";',
      'return new Response(await got("http://127.0.0.1:1/", { retry: { limit: 0 } }).catch((error) => error.code));',
    ),
    expect: { answers: /ECONNREFUSED|EACCES/ },
  },
  {
    name: "openai",
    packages: ["openai"],
    code: answering('import OpenAI from "openai";', 'return new Response(typeof new OpenAI({ apiKey: "x" }).chat.completions.create);'),
    expect: { answers: "function" },
  },
  {
    name: "stripe",
    packages: ["stripe"],
    code: answering('import Stripe from "stripe";', 'return new Response(typeof new Stripe("sk_test_x").charges.create);'),
    expect: { answers: "function" },
  },
  {
    name: "firebase-admin",
    packages: ["firebase-admin"],
    code: answering(
      'import { initializeApp } from "firebase-admin/app"; import { getFirestore } from "firebase-admin/firestore"; const app = initializeApp({ projectId: "p" });',
      'return new Response(getFirestore(app).collection("c").path);',
    ),
    expect: { answers: "c" },
  },
  {
    name: "gcs",
    packages: ["@google-cloud/storage"],
    code: answering(
      'import { Storage } from "@google-cloud/storage";',
      'return new Response(new Storage({ projectId: "p" }).bucket("b").name);',
    ),
    expect: { answers: "b" },
  },
  {
    name: "grpc-js",
    packages: ["@grpc/grpc-js"],
    code: answering(
      'import * as grpc from "@grpc/grpc-js";',
      'return new Response(new grpc.Client("127.0.0.1:1", grpc.credentials.createInsecure()).constructor.name);',
    ),
    expect: { answers: "Client" },
  },
  {
    name: "jose",
    packages: ["jose"],
    code: answering(
      'import { SignJWT, jwtVerify } from "jose"; const key = new TextEncoder().encode("x".repeat(32));',
      'const { payload } = await jwtVerify(await new SignJWT({ a: 1 }).setProtectedHeader({ alg: "HS256" }).sign(key), key); return Response.json(payload);',
    ),
    expect: { answers: '{"a":1}' },
  },
  {
    name: "jsonwebtoken",
    packages: ["jsonwebtoken"],
    code: answering(
      'import jwt from "jsonwebtoken";',
      'return Response.json(jwt.verify(jwt.sign({ a: 1 }, "k", { noTimestamp: true }), "k"));',
    ),
    expect: { answers: '{"a":1}' },
  },
  {
    name: "otel-sdk-node",
    packages: ["@opentelemetry/sdk-node", "@opentelemetry/api"],
    code: answering(
      'import { NodeSDK } from "@opentelemetry/sdk-node"; import { trace } from "@opentelemetry/api"; const sdk = new NodeSDK({ traceExporter: { export: (_, done) => done({ code: 0 }), shutdown: async () => {} } }); sdk.start();',
      'return new Response(String(trace.getTracer("t").startSpan("s").isRecording()));',
    ),
    expect: { answers: "true" },
  },
];
