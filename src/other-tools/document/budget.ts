import { BadToolFile } from "./bad-tool-file.ts";

const MOST_STEPS = 200_000;
const MOST_NESTED = 100;
/** In UTF-16 code units. */
const MOST_TEXT = 262_144;

/** Bounds what a file may have evaluated: values that name values that name values. One is shared by all evaluations of a file. */
export class Budget {
  #left = MOST_STEPS;
  #depth = 0;

  /** Runs one step, which may have further ones in it. */
  step<T>(at: string, run: () => T): T {
    if (--this.#left < 0) throw new BadToolFile(at, `its values take over ${MOST_STEPS} steps to find out: they name each other too often`);
    if (this.#depth >= MOST_NESTED)
      throw new BadToolFile(at, `its values name each other over ${MOST_NESTED} times in a row, perhaps in a circle`);
    this.#depth += 1;
    try {
      return run();
    } finally {
      this.#depth -= 1;
    }
  }

  /** For a text that is made of parts: counts them before they are put together, because one of a few characters may stand for a long one a thousand times. */
  growing(at: string): { grown: (part: string) => string } {
    let length = 0;
    return {
      grown: (part) => {
        length += part.length;
        if (length > MOST_TEXT) throw tooLong(at);
        return part;
      },
    };
  }

  text(at: string, text: string): string {
    if (text.length > MOST_TEXT) throw tooLong(at);
    return text;
  }
}

function tooLong(at: string): BadToolFile {
  return new BadToolFile(at, `one of its texts has over ${MOST_TEXT} characters`);
}
