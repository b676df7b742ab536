import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Clock, systemClock } from "../../base/clock/clock.ts";
import { AppLog, type AppLogOptions } from "./app-log.ts";
import { levelName } from "./level-name.ts";
import { createLogQuota, type TenantQuota } from "./log-quota.ts";
import type { Logs } from "./logs.ts";
import { takeOverLogs } from "./take-over-logs.ts";

export interface LogsOptions extends Partial<Pick<AppLogOptions, "fileBytes" | "files" | "pendingBytes">> {
  clock?: Clock;
  /** The id of the app or appliance that has the name; needed for the files of an older Mayfly, which were called by names. */
  idOf: (name: string) => string;
  /** The most bytes of the logs of all apps together. The default is as much as the disk holds. */
  totalBytes?: number;
  /** How much the logs of all apps of a tenant may take together; undefined, and the default: no tenant has a limit. */
  ofTenants?: () => TenantQuota | undefined;
  /** Called when a read or a write failed. After a failed write it is not called for that app's writes until one has worked. */
  onFailure: (app: string, error: unknown) => void;
}

/**
 * The logs of all apps and appliances: lines of JSON in `dir`/<id>.jsonl, 4 files of 8 MiB for each app. kill -9 loses the last 100 ms at
 * most.
 */
export function openLogs(dir: string, options: LogsOptions): Logs {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  takeOverLogs(dir, options.idOf);
  const logs = new Map<string, AppLog>();
  const quota = createLogQuota(dir, options.totalBytes ?? Infinity, options.ofTenants ?? (() => undefined), (app, age) =>
    of(app).drop(age),
  );
  const of = (app: string): AppLog => {
    const known = logs.get(app);
    if (known) return known;
    const log = new AppLog(withDefaults(dir, app, options, (bytes) => quota.written(bytes)));
    logs.set(app, log);
    return log;
  };
  return {
    append: ({ level, ...line }) => of(line.app).append({ ...line, level: levelName(level) }),
    tail: (query) => of(query.app).tail(query),
    follow: (query, callback) => of(query.app).follow(query, callback),
    has: (app) => existsSync(join(dir, `${app}.jsonl`)),
    remove: (app) => of(app).remove(),
    limitsChanged: () => quota.changed(),
    async close() {
      await Promise.all([...logs.values()].map((log) => log.flush()));
      await quota.settled();
    },
  };
}

function withDefaults(dir: string, app: string, options: LogsOptions, onWritten: (bytes: number) => void): AppLogOptions {
  const { clock, onFailure, totalBytes: _, idOf: _idOf, ofTenants: _ofTenants, ...sizes } = options;
  return {
    fileBytes: 8_388_608,
    files: 4,
    pendingBytes: 4_194_304,
    ...sizes,
    dir,
    app,
    clock: clock ?? systemClock,
    onWritten,
    onFailure: (error) => onFailure(app, error),
  };
}
