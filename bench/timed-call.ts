/** One call as a caller sees it. */

/** Returns the milliseconds from the request to the last byte of the reply. Rejects if the status is not 200. */
export async function timedCall(url: string): Promise<number> {
  const from = performance.now();
  const response = await fetch(url);
  const body = await response.text();
  if (response.status !== 200) throw new Error(`${response.status}: ${body}`);
  return performance.now() - from;
}
