/** What a deploy would do, in words and as JSON. */
import { counted } from "../base/words/counted.ts";
import { type Column, renderTable } from "../base/terminal/table.ts";
import { harmless } from "../base/terminal/terminal.ts";
import type { Manifest } from "../store/catalog/manifest.ts";
import { runtimeOf } from "../store/catalog/runtime-of.ts";
import type { ReadApp } from "../other-tools/read-tool-file.ts";

export interface Plan {
  manifest: Manifest;
  /** Absent if the manifest is that of a mayfly.json. */
  read: Pick<ReadApp, "functions" | "passedOver"> | undefined;
}

interface Row {
  name: string;
  runtime: string;
  code: string;
  handler: string;
  timeoutMs: number;
  routes: string[];
}

export function planJson({ manifest, read }: Plan) {
  return { app: manifest.name, manifest, functions: rowsOf({ manifest, read }), passedOver: read?.passedOver ?? [] };
}

export function planInWords(plan: Plan): string {
  const { manifest, read } = plan;
  const { name, memoryMb, concurrency, env, secrets } = manifest;
  const columns: Column<Row>[] = [
    { title: "FUNCTION", cell: (row) => row.name },
    { title: "RUNTIME", cell: ({ runtime }) => harmless(runtime) },
    { title: "CODE", cell: ({ code }) => harmless(code) },
    { title: "HANDLER", cell: ({ handler }) => harmless(handler) },
    { title: "TIMEOUT", align: "right", cell: ({ timeoutMs }) => `${timeoutMs / 1_000} s` },
    { title: "ROUTES", cell: ({ routes }) => routes.join(", ") },
  ];
  const lines = [
    `The app ${name}: ${memoryMb} MB for each machine, at most ${counted(concurrency, "call")} at once in each.`,
    renderTable(columns, rowsOf(plan)),
    ...listed("Variables", Object.keys(env)),
    ...listed("Secrets", secrets),
    ...(read === undefined ? [] : passedOverInWords(read.passedOver)),
  ];
  return lines.join("\n");
}

function listed(what: string, names: string[]): string[] {
  return names.length === 0 ? [] : [`${what}: ${names.join(", ")}`];
}

export function passedOverInWords(passedOver: ReadApp["passedOver"]): string[] {
  if (passedOver.length === 0) return [];
  return ["Passed over:", ...passedOver.map(({ at, why }) => harmless(`  ${at}: ${why}`))];
}

function rowsOf({ manifest, read }: Plan): Row[] {
  const { functions, routes = {} } = manifest;
  const given = new Map(read?.functions.map((each) => [each.name, each.givenRuntime]));
  return Object.entries(functions).map(([name, { entry, command = [], handler, timeoutMs = manifest.timeoutMs }]) => {
    const runtime = runtimeOf(manifest, name);
    const other = given.get(name);
    const own = Object.entries(routes).flatMap(([key, to]) => (to === name ? [key] : []));
    const isProgram = runtime !== "node" && runtime !== "python" && runtime !== "java";
    const shown = other === undefined ? runtime : `${runtime} (${other})`;
    return { name, runtime: shown, code: entry ?? command.join(" "), handler: isProgram ? "" : handler, timeoutMs, routes: own };
  });
}
