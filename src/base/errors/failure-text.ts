import { getSystemErrorMessage } from "node:util";

/**
 * What failed, in words that every caller may read. Node's own text of a failed system call has the path of the file on the host, which strangers must not learn; the
 * error itself goes to the server's log as the cause.
 */
export function failureText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code = error.name, errno, syscall = "", path, address } = error as NodeJS.ErrnoException & { address?: unknown };
  const isSocketFile = typeof address === "string" && address.startsWith("/");
  if (errno === undefined || (path === undefined && !isSocketFile)) return error.message;
  // "spawn /usr/bin/program" is how Node names the call that started a program.
  const [call] = syscall.split(" ", 1);
  return `${code}: ${getSystemErrorMessage(errno)}, ${call}`;
}
