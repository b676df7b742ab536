/** The functions of the suite of runtimes, as handlers in the style of AWS Lambda. */
import { randomUUID } from "node:crypto";
import { appendFileSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

const query = ({ queryStringParameters }) => queryStringParameters ?? {};
const text = (body) => ({ statusCode: 200, headers: { "content-type": "text/plain" }, body });

export async function greets(event) {
  const { name } = query(event);
  console.log(`greeting ${name}`);
  return text(`${(await readFile("words.txt", "utf8")).trim()}, ${name}, in ${process.env.COLOUR}!\n`);
}

const opened = Promise.withResolvers();

export const streams = awslambda.streamifyResponse(async (event, stream) => {
  if (event.rawPath === "/open") {
    opened.resolve();
    stream.end("opened");
    return;
  }
  stream.write("first");
  await opened.promise;
  stream.end("second");
});

export async function prints(event) {
  const { word } = query(event);
  console.log(`begin ${word}`);
  await sleep(20);
  console.error(`end ${word}`);
  return text("printed\n");
}

export async function waits() {
  await sleep(50);
  return text("waited\n");
}

export const draws = async () => text(`${Date.now()} ${Math.random()} ${randomUUID()}`);

const deeds = {
  throw() {
    throw new Error("thrown on demand");
  },
  paths() {
    writeFileSync("/dev/stdout", "written to the path of output\n");
    appendFileSync("/proc/self/fd/2", "written to the path of errors\n");
  },
  exit: () => process.exit(7),
  /** process.abort() is one of the ways to exit that the agent sees; this is none. */
  crash: () =>
    process
      .getBuiltinModule("node:ffi")
      .dlopen(null, { abort: { arguments: [], return: "void" } })
      .functions.abort(),
  spin() {
    for (;;);
  },
  leak() {
    const held = [];
    for (;;) held.push(Buffer.alloc(8 << 20, 1));
  },
};

export async function misbehaves(event) {
  const { do: deed = "" } = query(event);
  console.log(`asked to ${deed || "behave"}`);
  deeds[deed]?.();
  return text("behaved\n");
}
