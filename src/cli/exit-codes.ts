/** The exit codes of all commands. docs/cli.md has the same table. */
import type { ErrorCode } from "../base/errors/table.ts";

export const ExitCode = { Ok: 0, Failed: 1, Usage: 2, MissingPart: 3, Unreachable: 4, Conflict: 5 } as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

export const exitCodesHelp = `Exit codes:
  0  done
  1  the function or the operation failed
  2  bad usage: the command line, a setting or a manifest
  3  this host lacks a part, or no machine can be started
  4  the platform is not reachable, or the token is refused
  5  something else is in the way: a running server, a port, a file`;

const exitCodes: Partial<Record<ErrorCode, ExitCode>> = {
  "bad-config": ExitCode.Usage,
  "bad-osv-kernel": ExitCode.Usage,
  "bad-manifest": ExitCode.Usage,
  "bad-tool-file": ExitCode.Usage,
  "no-such-kernel": ExitCode.Usage,
  "bad-module": ExitCode.Usage,
  "bad-request": ExitCode.Usage,
  "not-done": ExitCode.Usage,
  "unsafe-bind": ExitCode.Usage,
  "missing-part": ExitCode.MissingPart,
  "machine-start-failed": ExitCode.MissingPart,
  "image-build-failed": ExitCode.MissingPart,
  "certificate-failed": ExitCode.MissingPart,
  "api-unreachable": ExitCode.Unreachable,
  "connection-lost": ExitCode.Unreachable,
  "not-trusted": ExitCode.Unreachable,
  "server-starting": ExitCode.Unreachable,
  "shutting-down": ExitCode.Unreachable,
  unauthorized: ExitCode.Unreachable,
  forbidden: ExitCode.Unreachable,
  "bad-export": ExitCode.Usage,
  "bad-appliance": ExitCode.Usage,
  "not-permitted": ExitCode.Usage,
  "store-unreachable": ExitCode.Unreachable,
  "name-taken": ExitCode.Conflict,
  "bucket-taken": ExitCode.Conflict,
  "bucket-not-empty": ExitCode.Conflict,
  "tenant-not-empty": ExitCode.Conflict,
  "principal-differs": ExitCode.Conflict,
  "too-many-credentials": ExitCode.Conflict,
  "backup-running": ExitCode.Conflict,
  "bad-backup": ExitCode.Usage,
  "state-not-empty": ExitCode.Conflict,
  "file-exists": ExitCode.Conflict,
  "file-unusable": ExitCode.Conflict,
  "port-in-use": ExitCode.Conflict,
  "address-unusable": ExitCode.Conflict,
  "state-locked": ExitCode.Conflict,
  "state-unusable": ExitCode.Conflict,
};

export function exitCodeOf(code: ErrorCode): ExitCode {
  return exitCodes[code] ?? ExitCode.Failed;
}
