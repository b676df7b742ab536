/**
 * A connection on which all that the program has sent is read, also when it takes no more bytes. A program may answer before it has read all of a request, such
 * as one that is too large or not permitted, and close the connection. Then the next write fails, and Node would drop the answer that waits in the kernel.
 */
import { Socket } from "node:net";

type Callback = (error?: Error | null) => void;

export class PatientSocket extends Socket {
  override _write(chunk: unknown, encoding: BufferEncoding, callback: Callback): void {
    super._write(chunk, encoding, this.#patient(callback));
  }

  override _writev(chunks: { chunk: unknown; encoding: BufferEncoding }[], callback: Callback): void {
    super._writev!(chunks, this.#patient(callback));
  }

  /** A write that has failed never ends: nothing more is written. What ends the connection is that all of it has been read. */
  #patient(callback: Callback): Callback {
    return (error) => {
      if (!isClosed(error)) return callback(error);
      if (this.readableEnded) this.destroy(error);
      else this.once("end", () => this.destroy());
    };
  }
}

/** Whether the other end has closed the connection. */
function isClosed(error: NodeJS.ErrnoException | null | undefined): error is NodeJS.ErrnoException {
  return error?.code === "EPIPE" || error?.code === "ECONNRESET";
}
