/** Runs commands in an image that has the agent: by a function that is bound to its machine and called over the channel, like an app's. */
import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import type { Image } from "../images/image.ts";
import type { HostEnd } from "../wire/host-end.ts";
import { openHostEnd } from "../wire/open-host-end.ts";
import { requestWhole } from "../wire/request-whole.ts";
import { channelAddress } from "../machines/host/qemu/words.ts";
import { bootQemu } from "./boot-qemu.ts";
import { type Answer, type CheckOptions, endOf, type Ran } from "./answer.ts";

const runner = `exports.default = { async fetch(request) {
  const [program, ...args] = await request.json();
  const { spawnSync } = require("node:child_process");
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
  return Response.json({ code: status ?? 255, output: (error?.message ?? "") + stdout + stderr });
} };`;

export async function runByAgent(image: Image, commands: string[][], folder: string, options: CheckOptions): Promise<Answer> {
  const kernelOptions = `mayfly.channel=${channelAddress} mayfly.emulated`;
  const { console, channel, kill } = await bootQemu({ image, initrd: image.initrd, options, kernelOptions, folder });
  // oxlint-disable-next-line mayfly/guarded-listeners -- a signal to a child does not throw
  const timer = setTimeout(kill, options.timeoutMs);
  const ran: Ran[] = [];
  const ended = console.then(() => undefined);
  const talk = converse(channel, commands, ran);
  // Where the machine ends first, its console is the answer; the channel's error would only repeat that it ended.
  talk.catch(() => undefined);
  await Promise.race([talk, ended]);
  kill();
  const text = await console.finally(() => clearTimeout(timer));
  return { ran, lastWords: endOf(text) };
}

async function converse(socket: Socket, commands: string[][], ran: Ran[]): Promise<void> {
  const over = Promise.withResolvers<never>();
  over.promise.catch(() => undefined); // nobody may be waiting for it any more
  const refuse = () => Promise.reject(new Error("a check has no network"));
  const dead = (reason: string) => over.reject(new Error(reason));
  const host = openHostEnd(socket, { log: () => undefined, stats: () => undefined, connect: refuse, resolve: refuse, dead });
  await Promise.race([over.promise, prepare(host)]);
  for (const command of commands)
    ran.push(
      JSON.parse(
        (await Promise.race([over.promise, requestWhole(host, "check", "run", Buffer.from(JSON.stringify(command)))])).toString(),
      ) as Ran,
    );
}

async function prepare(host: HostEnd): Promise<void> {
  await host.resume(Date.now(), randomBytes(64), "check", true);
  const code = Buffer.from(runner);
  const functions = [{ name: "run", format: "cjs" as const, source: { type: "frames" as const, bytes: code.length }, handler: "handler" }];
  await host.bind({ app: "check", revision: "v1", functions, env: {}, memoryMb: 256, egress: false }, [code]);
}
