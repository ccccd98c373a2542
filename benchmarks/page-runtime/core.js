/* What the WebGPU backend needs of TensorFlow.js's core: it is in tfjs.js, once for both
   backends, so that they share one engine. */
export {
  DataStorage, KernelBackend, backend_util, broadcast_util, buffer, engine, env,
  registerBackend, registerKernel, slice_util, sumOutType, upcastType, util,
} from "@tensorflow/tfjs-core/dist/base";
