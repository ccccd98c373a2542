/* The WebGPU backend of TensorFlow.js, and those of its kernels that our networks need.
   It shares the core of tfjs.js. */
import { env, registerBackend, registerKernel } from "@tensorflow/tfjs-core";
import { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu/dist/backend_webgpu";
import { addConfig } from "@tensorflow/tfjs-backend-webgpu/dist/kernels/Add";
import { avgPoolConfig } from "@tensorflow/tfjs-backend-webgpu/dist/kernels/AvgPool";
import { concatConfig } from "@tensorflow/tfjs-backend-webgpu/dist/kernels/Concat";
import {
  depthToSpaceConfig,
} from "@tensorflow/tfjs-backend-webgpu/dist/kernels/DepthToSpace";
import {
  fusedConv2DConfig,
} from "@tensorflow/tfjs-backend-webgpu/dist/kernels/FusedConv2D";
import {
  fusedDepthwiseConv2DConfig,
} from "@tensorflow/tfjs-backend-webgpu/dist/kernels/FusedDepthwiseConv2D";
import { identityConfig } from "@tensorflow/tfjs-backend-webgpu/dist/kernels/Identity";
import { multiplyConfig } from "@tensorflow/tfjs-backend-webgpu/dist/kernels/Multiply";
import { reluConfig } from "@tensorflow/tfjs-backend-webgpu/dist/kernels/Relu";
import { reshapeConfig } from "@tensorflow/tfjs-backend-webgpu/dist/kernels/Reshape";
import { sliceConfig } from "@tensorflow/tfjs-backend-webgpu/dist/kernels/Slice";
import { subConfig } from "@tensorflow/tfjs-backend-webgpu/dist/kernels/Sub";

for (const kernel of [
  addConfig, avgPoolConfig, concatConfig, depthToSpaceConfig, fusedConv2DConfig,
  fusedDepthwiseConv2DConfig, identityConfig, multiplyConfig, reluConfig,
  reshapeConfig, sliceConfig, subConfig,
]) registerKernel(kernel);

const FAULTS = ["validation", "out-of-memory", "internal"];
let device = null, backend = null;

/* Open the device, with the limits that every one has, and register the backend. */
export async function start() {
  const wish = { powerPreference: "high-performance" };
  const adapter = await navigator.gpu.requestAdapter(wish);
  if (!adapter) throw new Error("there is no adapter");
  device = await adapter.requestDevice();
  env().set("WEBGPU_CPU_FORWARD", false); // its kernels for the CPU are left out
  // Each step is submitted at once, so that the next may use the buffers that it frees.
  env().set("WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE", 1);
  backend = new WebGPUBackend(device, adapter.info);
  registerBackend("webgpu", () => backend);
}

/* Give what `compute` promises, or throw what the device found wrong meanwhile: it tells
   nobody unless asked, and leaves zeros. */
export async function guarded(compute) {
  for (const fault of FAULTS) device.pushErrorScope(fault);
  const work = compute().then((value) => ({ value }), (error) => ({ error }));
  const { value, error } = await work;
  const found = await Promise.all(FAULTS.map(() => device.popErrorScope()));
  const wrong = error ?? found.find((fault) => fault);
  if (wrong) throw new Error(wrong.message);
  return value;
}

/* Give back the buffers that the backend keeps for reuse. */
export function release() {
  const manager = backend.bufferManager;
  for (const buffers of manager.freeBuffers.values()) {
    for (const buffer of buffers.splice(0)) {
      manager.numBytesAllocated -= buffer.size;
      manager.numFreeBuffers -= 1;
      buffer.destroy();
    }
  }
}

/* Give back everything. */
export const end = () => device?.destroy();
