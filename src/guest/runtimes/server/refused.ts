/** Whether a connection to the program failed because nothing listens on its port. @param error as node:http or node:http2 tell it */
export function isRefused(error: Error): boolean {
  const { code, syscall, cause } = error as NodeJS.ErrnoException;
  return (code === "ECONNREFUSED" && syscall === "connect") || (cause instanceof Error && isRefused(cause));
}
