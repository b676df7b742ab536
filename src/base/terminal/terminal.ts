/** Colour and progress, used only if the output is a terminal. */
import type { WriteStream } from "node:tty";
import { guarded } from "../errors/guarded.ts";

type Stream = Pick<WriteStream, "isTTY">;

export const bold = paint(1, 22);
export const dim = paint(2, 22);
export const red = paint(31, 39);
export const green = paint(32, 39);
export const yellow = paint(33, 39);

function paint(open: number, close: number): (text: string, stream?: Stream) => string {
  return (text, stream = process.stdout) =>
    stream.isTTY && !process.env.NO_COLOR && process.env.TERM !== "dumb" ? `\u001B[${open}m${text}\u001B[${close}m` : text;
}

export interface Progress {
  /** Begins a step, which ends the step before. */
  step: (text: string) => void;
  done: () => void;
}

/** Prints one line per step on stderr; on a terminal the line also counts the seconds. A step of over a second ends with its duration. */
export function showProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  let current: { text: string; since: number } | undefined;
  const seconds = () => Math.round((performance.now() - current!.since) / 1000);
  const count = () => {
    if (stream.isTTY && current) stream.write(`\r  ${current.text} … ${seconds()} s`);
  };
  const timer = setInterval(
    guarded(count, () => undefined), // nobody sees the seconds any more
    1000,
  ).unref();

  function finish(): void {
    if (!current) return;
    const took = seconds() >= 1 ? ` (${seconds()} s)` : "";
    if (stream.isTTY) stream.write(`\r\u001B[K  ${green("✓", stream)} ${current.text}${took}\n`);
    else if (took) stream.write(`    done${took}\n`);
    current = undefined;
  }

  return {
    step(text) {
      finish();
      current = { text, since: performance.now() };
      stream.write(stream.isTTY ? `  ${text} …` : `  ${text} …\n`);
    },
    done() {
      finish();
      clearInterval(timer);
    },
  };
}

/**
 * Makes text harmless for a terminal; the text may come from a hostile machine. Control characters except the tab, characters that change
 * the direction of text, and Unicode's own line ends are shown as \xNN or \uNNNN. Lines after the first are indented, so that none can be
 * mistaken for a line of Mayfly's.
 */
export function harmless(text: string): string {
  return text
    .replace(/\n+$/, "")
    .replace(/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu, (character) => shown[character] ?? escaped(character));
}

const shown: Record<string, string> = { "\t": "\t", "\n": "\n    " };

function escaped(character: string): string {
  const code = character.charCodeAt(0).toString(16);
  return code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u${code.padStart(4, "0")}`;
}
