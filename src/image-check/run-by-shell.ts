/** Runs commands in an image that runs a command: they take the place of its own command, under its usual init and supervisor. */
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Image, RunSpec } from "../images/image.ts";
import { quoted } from "../images/standalone/shell.ts";
import { configInitrd } from "../images/standalone/standalone-initrd.ts";
import { toolsFolder } from "../images/standalone/start-script.ts";
import { bootQemu } from "./boot-qemu.ts";
import { type Answer, type CheckOptions, endOf, type Ran } from "./answer.ts";

/** The path of busybox in every image of this kind, once it runs. */
export const busybox = `${toolsFolder}/busybox`;

export async function runByShell(image: Image, run: RunSpec, commands: string[][], folder: string, options: CheckOptions): Promise<Answer> {
  // A mark by chance, so that no program's output is taken for a result.
  const mark = `mayfly-check-${randomBytes(8).toString("hex")}`;
  const command = [busybox, "sh", "-c", script(mark, commands)];
  const config = configInitrd({ ...run, command }, { root: { serial: "root" }, volumes: [], network: "static", afterwards: "end" });
  const initrd = join(folder, "initrd");
  await writeFile(initrd, Buffer.concat([await readFile(image.initrd), config]));
  const { console, kill } = await bootQemu({ image, initrd, options, kernelOptions: "", folder });
  // oxlint-disable-next-line mayfly/guarded-listeners -- a signal to a child does not throw
  const timer = setTimeout(kill, options.timeoutMs);
  const text = await console.finally(() => clearTimeout(timer));
  return { ran: parse(text, mark), lastWords: endOf(text) };
}

/** Each result is one line: the mark, the exit code, and the end of the output in base 64. */
function script(mark: string, commands: string[][]): string {
  const report = `code=$?; echo; echo ${mark} $code $(${busybox} tail -c 4000 /tmp/output | ${busybox} base64 | ${busybox} tr -d '\\n')`;
  return commands.map((command) => `${command.map(quoted).join(" ")} > /tmp/output 2>&1; ${report}`).join("\n");
}

function parse(text: string, mark: string): Ran[] {
  return [...text.matchAll(new RegExp(`^${mark} (\\d+) ?(\\S*)$`, "gm"))].map(([, code, output]) => {
    return { code: Number(code), output: Buffer.from(output!, "base64").toString() };
  });
}
