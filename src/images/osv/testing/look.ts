/** A function in Python and one in Java that tell what they find in their machine, for tests of machines of OSv's kind. */
import { fileURLToPath } from "node:url";
import { compileFolder, jarOf } from "../../../guest/runtimes/java/testing/java-agent.ts";
import type { HostEnd } from "../../../wire/host-end.ts";

export interface Looked {
  /** The content of the app's file words.txt, found in the working directory. */
  words: string;
  folder: string;
  /** Milliseconds since the epoch. */
  now: number;
  /** The most that Java's heap may have. */
  heapMb?: number;
  /** Random numbers, by their source. */
  drawn: Record<string, string | number>;
}

const python = `
import os, random, secrets, time, uuid

def handler(event, context):
    with open("words.txt") as file:
        words = file.read()
    drawn = {"random": random.random(), "secrets": secrets.token_hex(8), "uuid": str(uuid.uuid4()), "kernel": os.urandom(8).hex()}
    return {"words": words, "folder": os.getcwd(), "now": time.time() * 1000, "drawn": drawn}
`;

const codes = {
  python: async () => ({ handler: "handler", code: Buffer.from(python) }),
  java: async () => ({
    handler: "osv.Look::look",
    code: jarOf(await compileFolder(fileURLToPath(new URL("java", import.meta.url)))),
  }),
};

export type LookingRuntime = keyof typeof codes;

/** Binds a machine of the runtime to the function `look`, with a file words.txt that has these words. */
export async function bindLook(host: HostEnd, runtime: LookingRuntime, words: string): Promise<void> {
  const { handler, code } = await codes[runtime]();
  const list = Buffer.from(JSON.stringify([["words.txt", Buffer.byteLength(words), false]]));
  const functions = [{ name: "look", format: runtime, source: { type: "frames" as const, bytes: code.length }, handler }];
  const files = { type: "frames" as const, list: list.length, bytes: Buffer.byteLength(words) };
  await host.bind({ app: "app", revision: "1", functions, files, env: {}, memoryMb: 256, egress: false }, [list, Buffer.from(words), code]);
}
