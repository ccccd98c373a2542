/* What the page takes of TensorFlow.js: the engine, the WebAssembly backend, and those
   of its kernels that our networks need. */
import { engine, env, ready, setBackend, tensor } from "@tensorflow/tfjs-core/dist/base";
import { registerBackend, registerKernel } from "@tensorflow/tfjs-core/dist/base";
import {
  BackendWasm, init, setWasmPaths,
} from "@tensorflow/tfjs-backend-wasm/dist/backend_wasm";
import "@tensorflow/tfjs-backend-wasm/dist/flags_wasm";
import { addConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Add";
import { avgPoolConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/AvgPool";
import { concatConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Concat";
import { depthToSpaceConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/DepthToSpace";
import { erfConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Erf";
import { fusedConv2DConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/FusedConv2D";
import {
  fusedDepthwiseConv2DConfig,
} from "@tensorflow/tfjs-backend-wasm/dist/kernels/FusedDepthwiseConv2D";
import { identityConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Identity";
import { meanConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Mean";
import { multiplyConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Multiply";
import { reluConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Relu";
import { relu6Config } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Relu6";
import { reshapeConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Reshape";
import { sliceConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Slice";
import { subConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Sub";
import { transposeConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Transpose";
import binary from "packed:wasm";

for (const kernel of [
  addConfig, avgPoolConfig, concatConfig, depthToSpaceConfig, erfConfig,
  fusedConv2DConfig, fusedDepthwiseConv2DConfig, identityConfig, meanConfig,
  multiplyConfig, reluConfig, relu6Config, reshapeConfig, sliceConfig, subConfig,
  transposeConfig,
]) registerKernel(kernel);

/* Start the backend on one thread; `inflate` turns the packed binary into bytes. */
export async function start(inflate) {
  const bytes = await inflate(binary);
  env().platform.fetch = async () => ({ ok: true, arrayBuffer: async () => bytes.buffer });
  env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  setWasmPaths("", true);
  registerBackend("wasm", async () => new BackendWasm((await init()).wasm));
  await use("wasm");
}

/* Let what follows run on the backend of this name. */
export async function use(backend) {
  await setBackend(backend);
  await ready();
}

export const run = (kernel, inputs, settings) =>
  engine().runKernel(kernel, inputs, settings);
export const tidy = (fn) => engine().tidy(fn);
export { tensor };
export * as core from "./core";
