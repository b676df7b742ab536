/** Opens the access log of the gateway. */
import type { ServerStart } from "../../base/config/server-start.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { counted } from "../../base/words/counted.ts";
import { type Access, accessLines } from "./access-line.ts";
import { LineWriter } from "./line-writer.ts";
import { RotatingFile } from "./rotating-file.ts";

export interface AccessLog {
  /** Whether lines have the queries of requests. */
  readonly withQueries: boolean;
  write(access: Access): void;
}

const MB = 2 ** 20;

/** Undefined if the settings name no file. Rejects with "bad-config" if it cannot be written. */
export async function openAccessLog({ config, clock, log, closing }: ServerStart): Promise<AccessLog | undefined> {
  const { file: path, format, query, maxMb, keep } = config.accessLog;
  if (path === undefined) return undefined;
  const file = new RotatingFile({ path, maxBytes: maxMb * MB, keep, clock });
  await file.open().catch((error: unknown) => {
    throw new MayflyError(
      "bad-config",
      { key: "accessLog.file", what: `names ${path}, which cannot be written: ${(error as Error).message}` },
      error,
    );
  });
  const report = (lines: number, why: unknown) => {
    const what = `${counted(lines, "line")} of the access log could not be written to ${path} and ${lines === 1 ? "is" : "are"} lost`;
    log.error({ err: why, lines, file: path }, `${what}: ${why instanceof Error ? why.message : String(why)}`);
  };
  const writer = new LineWriter({ file, clock, report });
  closing.defer(() => writer.close());
  const lineOf = accessLines(format);
  return { withQueries: query, write: (access) => writer.append(lineOf(access)) };
}
