import { type Row, answering } from "./row.ts";

export const documents: Row[] = [
  {
    name: "pdf-lib",
    packages: ["pdf-lib"],
    code: answering(
      'import { PDFDocument } from "pdf-lib";',
      'const doc = await PDFDocument.create(); doc.addPage(); const bytes = await doc.save(); return new Response(Buffer.from(bytes).toString("latin1", 0, 5));',
    ),
    expect: { answers: "%PDF-" },
  },
  {
    name: "pdfkit",
    packages: ["pdfkit"],
    code: answering(
      'import PDFDocument from "pdfkit"; import { buffer } from "node:stream/consumers";',
      'const doc = new PDFDocument(); doc.text("hello"); doc.end(); return new Response((await buffer(doc)).toString("latin1", 0, 5));',
    ),
    // Needed only for PDF/A.
    expect: { answers: "%PDF-", warned: /pdfkit reads .*\.icc/ },
  },
  {
    name: "jsdom",
    packages: ["jsdom"],
    code: answering(
      'import { JSDOM } from "jsdom";',
      'return new Response(new JSDOM("<p>hi</p>").window.document.querySelector("p").textContent);',
    ),
    expect: { warned: /jsdom reads .*default-stylesheet\.css/, advised: { external: ["jsdom"] }, answers: "hi" },
  },
  {
    name: "happy-dom",
    packages: ["happy-dom"],
    code: answering(
      'import { Window } from "happy-dom";',
      'const window = new Window(); window.document.body.innerHTML = "<p>hi</p>"; return new Response(window.document.querySelector("p").textContent);',
    ),
    expect: { answers: "hi" },
  },
  {
    name: "linkedom",
    packages: ["linkedom"],
    code: answering(
      'import { parseHTML } from "linkedom";',
      'return new Response(parseHTML("<p>hi</p>").document.querySelector("p").textContent);',
    ),
    expect: { answers: "hi" },
  },
  {
    name: "isomorphic-dompurify",
    packages: ["isomorphic-dompurify"],
    code: answering('import DOMPurify from "isomorphic-dompurify";', 'return new Response(DOMPurify.sanitize("<b onclick=x>hi</b>"));'),
    expect: { warned: /jsdom reads .*default-stylesheet\.css/, advised: { external: ["isomorphic-dompurify"] }, answers: "<b>hi</b>" },
  },
  {
    name: "cheerio",
    packages: ["cheerio"],
    code: answering('import * as cheerio from "cheerio";', 'return new Response(cheerio.load("<p>hi</p>")("p").text());'),
    expect: { answers: "hi" },
  },
  {
    name: "exceljs",
    packages: ["exceljs"],
    code: answering(
      'import ExcelJS from "exceljs";',
      'const book = new ExcelJS.Workbook(); book.addWorksheet("a").addRow([1]); const bytes = await book.xlsx.writeBuffer(); return new Response(Buffer.from(bytes).toString("latin1", 0, 2));',
    ),
    expect: { answers: "PK" },
  },
  {
    name: "archiver",
    packages: ["archiver"],
    code: answering(
      'import { ZipArchive } from "archiver"; import { buffer } from "node:stream/consumers";',
      'const zip = new ZipArchive(); zip.append("x", { name: "a.txt" }); zip.finalize(); return new Response((await buffer(zip)).toString("latin1", 0, 2));',
    ),
    expect: { answers: "PK" },
  },
  {
    name: "jszip",
    packages: ["jszip"],
    code: answering(
      'import JSZip from "jszip";',
      'const zip = new JSZip(); zip.file("a", "x"); return new Response((await zip.generateAsync({ type: "nodebuffer" })).toString("latin1", 0, 2));',
    ),
    expect: { answers: "PK" },
  },
  {
    name: "pdf-parse",
    packages: ["pdf-parse"],
    code: answering('import { PDFParse } from "pdf-parse";', "return new Response(typeof PDFParse);"),
    expect: { warned: /pdfjs-dist.*unpdf/, advised: { external: ["pdf-parse"] }, answers: "function" },
  },
  {
    name: "pdfjs-dist",
    packages: ["pdfjs-dist"],
    code: answering('import { getDocument } from "pdfjs-dist/legacy/build/pdf.mjs";', "return new Response(typeof getDocument);"),
    expect: { warned: /pdfjs-dist.*unpdf/, advised: { external: ["pdfjs-dist"] }, answers: "function" },
  },
  {
    name: "tesseract.js",
    packages: ["tesseract.js"],
    code: answering('import Tesseract from "tesseract.js";', "return new Response(typeof Tesseract.createWorker);"),
    expect: { warned: /tesseract\.js: it starts a worker/, advised: { external: ["tesseract.js"] }, answers: "function" },
  },
  {
    name: "mjml",
    packages: ["mjml"],
    code: answering(
      'import mjml2html from "mjml";',
      'const { html } = await mjml2html("<mjml><mj-body><mj-section><mj-column><mj-text>hi</mj-text></mj-column></mj-section></mj-body></mjml>"); return new Response(/hi/.exec(html)[0]);',
    ),
    expect: { answers: "hi" },
  },
  {
    name: "satori",
    packages: ["satori"],
    code: answering('import satori from "satori";', "return new Response(typeof satori);"),
    expect: { answers: "function" },
  },
  {
    name: "jimp",
    packages: ["jimp"],
    code: answering(
      'import { Jimp } from "jimp";',
      'const image = new Jimp({ width: 4, height: 4, color: 0xff0000ff }); return new Response((await image.getBuffer("image/png")).toString("latin1", 1, 4));',
    ),
    expect: { answers: "PNG" },
  },
  {
    name: "qrcode",
    packages: ["qrcode"],
    code: answering('import QRCode from "qrcode";', 'return new Response((await QRCode.toDataURL("hi")).slice(0, 14));'),
    expect: { answers: "data:image/png" },
  },
  {
    name: "resvg-wasm",
    packages: ["@resvg/resvg-wasm"],
    code: answering(
      'import { Resvg, initWasm } from "@resvg/resvg-wasm"; import wasm from "@resvg/resvg-wasm/index_bg.wasm"; const ready = initWasm(wasm);',
      'await ready; return new Response(Buffer.from(new Resvg(\'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>\').render().asPng()).toString(\'latin1\', 1, 4));',
    ),
    expect: { answers: "PNG" },
  },
];
