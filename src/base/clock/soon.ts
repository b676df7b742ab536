/**
 * Does the work when the code that runs now is done, before any timer. What `work` throws becomes the rejection of a promise that nobody awaits: the worker
 * of a server logs it and goes on, everything else ends, as with any error that is not caught.
 */
export function soon(work: () => void): void {
  void Promise.resolve().then(work);
}
