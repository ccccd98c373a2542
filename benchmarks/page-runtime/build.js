/* Bundle what entry.js names into one script for the pages:

     cd benchmarks/page-runtime && npm install && npm run build

   The script sets `restorePhoto.runtime` to a function, so that a page can hand its
   source to a worker even where it was opened from a folder.  The WebAssembly binary
   stands in it, deflated, in base64. */
import { build } from "esbuild";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { deflateSync } from "node:zlib";

const wasm = new URL(
  "node_modules/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm",
  import.meta.url,
);
const out = new URL("../../book/_static/vendor/tfjs/", import.meta.url);

const ours = {
  name: "ours",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^packed:wasm$/ }, () => ({ path: "wasm", namespace: "packed" }));
    onLoad({ filter: /.*/, namespace: "packed" }, () => ({
      contents: deflateSync(readFileSync(wasm), { level: 9 }).toString("base64"),
      loader: "text",
    }));
    // One thread: what starts several is left out.
    const threaded = /wasm-threaded-simd(\.worker)?(\.js)?$/;
    onResolve({ filter: threaded }, () => ({ path: "none", namespace: "none" }));
    onLoad({ filter: /.*/, namespace: "none" }, () => ({
      contents: "export default null; export const wasmWorkerContents = '';",
    }));
    // What Node.js would need.
    const node = /^(fs|path|crypto|os|util|worker_threads|perf_hooks|node-fetch)$/;
    onResolve({ filter: node }, () => ({ path: "none", namespace: "none" }));
  },
};

const { outputFiles } = await build({
  entryPoints: [new URL("entry.js", import.meta.url).pathname],
  bundle: true,
  minify: true,
  write: false,
  format: "iife",
  globalName: "runtime",
  target: "es2021",
  legalComments: "none",
  plugins: [ours],
});
const code = outputFiles[0].text;
writeFileSync(
  new URL("tfjs.js", out),
  `(window.restorePhoto||={}).runtime=function(){${code}return runtime};\n`,
);
console.log(`tfjs.js: ${code.length} bytes, ${deflateSync(code, { level: 9 }).length} deflated`);
