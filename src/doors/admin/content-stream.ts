import { guarded } from "../../base/errors/guarded.ts";
import type { ReadObject } from "../../services/objects/objects.ts";

/**
 * The content of an object, no faster than it is read. What it was read with is released once: at its end, or when the reply is over, whatever became of it.
 * @param isHead nobody will read it @param whenOver left out: there is no connection
 */
export function contentStream(
  object: ReadObject,
  isHead: boolean,
  whenOver: ((over: () => void) => void) | undefined,
): ReadableStream<Uint8Array> | null {
  let isReleased = false;
  const end = () => {
    if (isReleased) return;
    isReleased = true;
    object.release();
  };
  if (isHead) {
    end();
    return null;
  }
  whenOver?.(guarded(end, () => {}));
  const pieces = object.content()[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done !== true) return controller.enqueue(value);
      end();
      controller.close();
    },
    async cancel() {
      await pieces.return?.();
      end();
    },
  });
}
