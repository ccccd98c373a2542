/* Bundle what entry.js and entry-webgpu.js name into two scripts for the pages:

     cd benchmarks/page-runtime && npm install && npm run build

   They set `restorePhoto.runtime` and `restorePhoto.webgpu` to functions, so that a page
   can hand their source to a worker even where it was opened from a folder.  The second
   is given the core of the first.  The WebAssembly binary stands in the first, deflated,
   in base64. */
import { build } from "esbuild";
import { readFileSync, writeFileSync } from "node:fs";
import { deflateSync } from "node:zlib";

const here = new URL(".", import.meta.url).pathname;
const wasm = `${here}node_modules/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm`;
const out = `${here}../../book/_static/vendor/tfjs/`;

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

// What entry-webgpu.js shares with entry.js, and what it does without.
const names = readFileSync(`${here}core.js`, "utf8").match(/\{[^}]*\}/)[0];
const shared = {
  name: "shared",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@tensorflow\/tfjs-core$/ }, () => ({ path: "core", namespace: "core" }));
    onLoad({ filter: /.*/, namespace: "core" }, () => ({
      contents: `export * from "@tensorflow/tfjs-core/dist/kernel_names";
        export const ${names} = core;`,
      resolveDir: here,
    }));
    const cpu = /^@tensorflow\/tfjs-backend-cpu\/dist\/shared$/;
    onResolve({ filter: cpu }, () => ({ path: "cpu", namespace: "cpu" }));
    onLoad({ filter: /.*/, namespace: "cpu" }, () => ({ contents: "module.exports = {};" }));
  },
};

async function bundle(entry, plugin, name, head, script) {
  const { outputFiles } = await build({
    entryPoints: [here + entry],
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    globalName: name,
    target: "es2021",
    legalComments: "none",
    plugins: [plugin],
  });
  const code = `(window.restorePhoto||={}).${name}=${head}{${outputFiles[0].text}return ${name}};\n`;
  writeFileSync(out + script, code);
  const packed = deflateSync(code, { level: 9 }).length;
  console.log(`${script}: ${code.length} bytes, ${packed} deflated`);
}

await bundle("entry.js", ours, "runtime", "function()", "tfjs.js");
await bundle("entry-webgpu.js", shared, "webgpu", "function(core)", "tfjs-webgpu.js");
