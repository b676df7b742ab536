/** What is known of packages that no look at their code tells, or that a look would misjudge. */

interface Known {
  /** The files that it reads are for something that few use, or that is told by another rule. */
  quiet?: true;
  /** Said wherever the package is in a bundle. */
  warning?: string;
}

export const knownPackages = new Map<string, Known>([
  // Workers for pino's transports, which are told where the app asks for one.
  ["thread-stream", { quiet: true }],
  // Compiled code that could read its WebAssembly from a file, and has it in its text.
  ["@tootallnate/quickjs-emscripten", { quiet: true }],
  ["satori", { quiet: true }],
  [
    "tesseract.js",
    {
      quiet: true,
      warning: "it starts a worker, and loads WebAssembly, from files of its own, which are not in the machine: recognising text fails",
    },
  ],
  [
    "pdfjs-dist",
    {
      quiet: true,
      warning: "in Node it needs the native @napi-rs/canvas (DOMMatrix is not defined without); use unpdf, which is PDF.js for servers",
    },
  ],
]);
