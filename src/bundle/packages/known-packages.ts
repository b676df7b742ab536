/** Facts about packages that can't be found in their code, or for which looking at their code misleads. */

interface Known {
  /** The files that the package reads are needed by few users, or are reported by another rule. */
  quiet?: true;
  /** Reported whenever the package is in a bundle. */
  warning?: string;
}

export const knownPackages = new Map<string, Known>([
  // Workers for pino's transports, which are reported if the app configures a transport.
  ["thread-stream", { quiet: true }],
  ["pino", { quiet: true }],
  // It serves its client's code to browsers, which few apps leave to it.
  ["socket.io", { quiet: true }],
  // Compiled code that could read its WebAssembly from a file, but contains it as text.
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
