/* The restorer in the page: what `gantools.restoration.restore` does, step by step, on
   the levels of a photograph, with the networks that `gantools.browser.pack` wrote.

   It is one function of (runtime, weights, report, webgpu), so that its source can be
   handed to a worker; `webgpu` gives that backend, and is null where there is none.  It
   gives a function (pixels, height, width) -> a promise of what was restored. */
(window.restorePhoto ||= {}).engine = async (runtime, weights, report, webgpu) => {
  "use strict";

  // The largest tensor of a window has 24 numbers a pixel: 127 MB. A device of WebGPU
  // binds 134 MB or more.
  const FIDELITY = 0, STRIDE = 16, HALO = 192, TILE = 1152, VIEW = 640, THUMBNAIL = 96;
  const GATE = 3, WORN = 0.008, CAUTION = [3.5, 0], DOUBT = [0.02, 0.03];
  const APART = 1e-3; // what WebGPU may differ by; a level is 1/127.5
  const { tensor, run: kernel } = runtime;

  /* --- The networks --- */

  const inflate = async (text) => {
    const letters = atob(text), bytes = new Uint8Array(letters.length);
    for (let i = 0; i < bytes.length; i++) bytes[i] = letters.charCodeAt(i);
    const stream = new Blob([bytes]).stream();
    const whole = stream.pipeThrough(new DecompressionStream("deflate"));
    return new Uint8Array(await new Response(whole).arrayBuffer());
  };

  const half = (bits) => { // float16, as a number
    const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  };

  /* Give the weights by path, as tensors: see `gantools.browser.unpack`. */
  const unpack = (bytes) => {
    const size = (shape) => shape.reduce((a, b) => a * b, 1);
    const kernels = weights.tensors.filter(([, shape]) => shape.length > 1);
    const count = kernels.reduce((n, [, shape]) => n + size(shape), 0);
    const codes = new Int8Array(bytes.buffer, bytes.length - count);
    const view = new DataView(bytes.buffer);
    const found = {};
    let at = 0, next = 0;
    for (const [path, shape] of weights.tensors) {
      const last = shape.at(-1);
      const channels = shape.length > 1 && last === 1 ? shape.at(-2) : last;
      let values = new Float32Array(channels);
      for (let i = 0; i < channels; i++, at += 2) {
        values[i] = half(view.getUint16(at, true));
      }
      if (shape.length > 1) {
        const scales = values;
        values = new Float32Array(size(shape));
        for (let i = 0; i < values.length; i++) {
          values[i] = codes[next++] * scales[i % channels];
        }
      }
      found[path] = { values, shape };
    }
    return found;
  };

  const linear = { dataFormat: "NHWC", dilations: [1, 1] };
  const add = (a, b) => kernel("Add", { a, b });
  const multiply = (a, b) => kernel("Multiply", { a, b });
  const reshape = (x, shape) => kernel("Reshape", { x }, { shape });

  const activate = (x, name) => {
    if (name === "linear") return x;
    if (name === "relu") return kernel("Relu", { x });
    if (name === "relu6") return kernel("Relu6", { x });
    if (name !== "gelu") throw new Error(`Expected an activation. Received: ${name}`);
    const erf = kernel("Erf", { x: multiply(x, tensor(Math.SQRT1_2)) });
    return multiply(multiply(x, tensor(0.5)), add(erf, tensor(1)));
  };

  const convolve = (x, { kernel: filter, bias }, strides, activation = "linear") => {
    const fused = activation.startsWith("relu") ? activation : "linear";
    const settings = { ...linear, strides, pad: "same", activation: fused };
    const y = kernel("FusedConv2D", { x, filter, bias }, settings);
    return fused === activation ? y : activate(y, activation);
  };

  const pad = (shape, rank) => [...Array(rank - shape.length).fill(1), ...shape];

  /* What a step of a graph does: (tensors read, the step, its weights) -> tensors. */
  const OPERATIONS = {
    Activation: ([x], step) => activate(x, step.activation),
    Add: ([a, b]) => add(a, b),
    AveragePooling2D: ([x], { pool_size: size }) =>
      kernel("AvgPool", { x }, { filterSize: size, strides: size, pad: "valid" }),
    Concatenate: (xs) => kernel("Concat", xs, { axis: xs[0].shape.length - 1 }),
    Conv2D: ([x], step, own) => convolve(x, own, step.strides, step.activation),
    Conv2DTranspose: ([x], { strides: [side] }, own) =>
      kernel("DepthToSpace", { x: convolve(x, own, [1, 1]) },
        { blockSize: side, dataFormat: "NHWC" }),
    Dense: ([x], step, own) => {
      const asPicture = reshape(x, [1, 1, 1, x.shape.at(-1)]);
      const y = convolve(asPicture, own, [1, 1], step.activation);
      return reshape(y, [1, y.shape.at(-1)]);
    },
    DepthwiseConv2D: ([x], step, { kernel: filter, bias }) =>
      kernel("FusedDepthwiseConv2D", { x, filter, bias }, {
        ...linear, strides: step.strides, pad: "same",
        activation: step.activation ?? "linear",
      }),
    Flatten: ([x]) => reshape(x, [1, x.size]),
    GlobalAveragePooling2D: ([x]) => kernel("Mean", { x }, { axis: [1, 2] }),
    Multiply: ([a, b]) => multiply(a, b),
    ReLU: ([x], step) => activate(x, `relu${step.max_value ?? ""}`),
    Rescaling: ([x], step) =>
      add(multiply(x, tensor(step.scale)), tensor(step.offset)),
    Reshape: ([x], step) => reshape(x, [1, ...step.target_shape]),
    Split: ([x], { indices_or_sections: cuts }) => {
      const edges = [0, ...cuts, x.shape.at(-1)];
      const rest = x.shape.slice(0, -1);
      return edges.slice(1).map((stop, i) => kernel("Slice", { x }, {
        begin: [...rest.map(() => 0), edges[i]], size: [...rest, stop - edges[i]],
      }));
    },
    Subtract: ([a, b]) => kernel("Sub", { a, b }),
  };

  /* A transposed convolution whose windows do not overlap is a 1x1 convolution to all
     places of a window, which are then laid out: (k, k, O, C) -> (1, 1, C, k k O). */
  const asPointwise = ({ kernel: { values, shape }, bias }) => {
    const [k, , out, channels] = shape;
    const places = k * k * out;
    const turned = new Float32Array(values.length);
    for (let place = 0; place < places; place++) {
      for (let c = 0; c < channels; c++) {
        turned[c * places + place] = values[place * channels + c];
      }
    }
    const repeated = new Float32Array(places);
    for (let i = 0; i < places; i++) repeated[i] = bias.values[i % out];
    return {
      kernel: { values: turned, shape: [1, 1, channels, places] },
      bias: { values: repeated, shape: [places] },
    };
  };

  /* Join a relu to the convolution before it, where nothing else reads that. */
  const joined = ({ inputs, outputs, steps }) => {
    const readers = (name) => steps.filter((s) => s.in.includes(name));
    const renamed = {};
    const left = [];
    for (const step of steps) {
      const from = left.find((s) => s.name === renamed[step.in[0]]);
      const name = step.op === "ReLU" ? `relu${step.max_value}` : step.activation;
      const follows = step.op === "ReLU" || step.op === "Activation";
      const may = follows && /^relu6?$/.test(name) && from && /Conv2D$/.test(from.op)
        && (from.activation ?? "linear") === "linear" && !outputs.includes(step.in[0])
        && readers(step.in[0]).length === 1;
      if (may) from.activation = name;
      else left.push({ ...step, in: step.in.map((x) => renamed[x] ?? x) });
      renamed[step.name] = may ? from.name : step.name;
    }
    return { inputs, outputs: outputs.map((x) => renamed[x] ?? x), steps: left };
  };

  /* Make a function of tensors from a graph; it disposes of all but its answers. */
  const compile = (name, graph, arrays) => {
    const { inputs, outputs, steps } = joined(graph);
    const own = {}, dead = steps.map(() => []), last = {};
    steps.forEach((step, i) => {
      for (const x of step.in) if (typeof x === "string") last[x] = i;
      const path = `${name}/${step.name}`;
      if (!arrays[`${path}/bias`]) return;
      let pair = { kernel: arrays[`${path}/kernel`], bias: arrays[`${path}/bias`] };
      if (step.op === "Conv2DTranspose") pair = asPointwise(pair);
      if (step.op === "Dense") {
        pair.kernel = { ...pair.kernel, shape: [1, 1, ...pair.kernel.shape] };
      }
      own[step.name] = Object.fromEntries(
        Object.entries(pair).map(([k, x]) => [k, tensor(x.values, x.shape)]),
      );
    });
    for (const [x, i] of Object.entries(last)) {
      if (!outputs.includes(x) && !inputs.includes(x)) dead[i].push(x);
    }
    return (given) => runtime.tidy(() => {
      const known = Object.fromEntries(inputs.map((x, i) => [x, given[i]]));
      steps.forEach((step, i) => {
        const read = step.in.map((x) => typeof x === "string" ? known[x] : tensor(x));
        const rank = Math.max(...read.map((x) => x.shape.length));
        const answer = OPERATIONS[step.op](
          step.op === "Add" || step.op === "Subtract" || step.op === "Multiply"
            ? read.map((x) => x.shape.length && x.shape.length < rank
              ? reshape(x, pad(x.shape, rank)) : x)
            : read,
          step, own[step.name],
        );
        [answer].flat().forEach((x, k) => { known[k ? `${step.name}:${k}` : step.name] = x; });
        for (const x of dead[i]) known[x].dispose();
      });
      return outputs.map((x) => known[x]);
    });
  };

  await runtime.start(inflate);
  const arrays = unpack(await inflate(weights.data));

  /* The networks on one backend. `values` takes the values out of the tensors that
     `compute` makes of them, and frees those. */
  const onBackend = async (name, backend, guarded) => {
    await runtime.use(backend);
    const network = Object.fromEntries(
      Object.entries(weights.graphs).map(([k, g]) => [k, compile(k, g, arrays)]),
    );
    const values = (compute) => guarded(async () => {
      await runtime.use(backend);
      const tensors = runtime.tidy(() => compute(network));
      try {
        return await Promise.all(tensors.map((x) => x.data()));
      } finally {
        for (const x of tensors) x.dispose();
      }
    });
    return { name, values };
  };

  /* --- A window --- */

  /* Ask the repairer about a window of levels (h, w, C): `restoration._ask`. */
  const ask = async ({ values }, { levels, height, width, channels }) => {
    const colour = new Float32Array(height * width * 3);
    for (let i = 0; i < colour.length; i++) {
      const level = channels === 3 ? levels[i] : levels[Math.floor(i / 3)];
      colour[i] = level / 127.5 - 1;
    }
    const answers = await values((network) => {
      const picture = tensor(colour, [1, height, width, 3]);
      const marked = tensor(new Float32Array(height * width), [1, height, width, 1]);
      const seen = network.encoder([picture]);
      return network.decoder([...seen, picture, marked, tensor([FIDELITY], [1, 1])]);
    });
    if (!answers.every((x) => x.every(Number.isFinite))) {
      throw new Error("a result is not finite");
    }
    const [paint, correction, logits] = answers;
    return { paint, correction, logits };
  };

  const processor = await onBackend("WebAssembly", "wasm", (compute) => compute());
  let device = null, graphics = null; // where WebGPU works: it, and the networks on it

  const giveUp = (reason) => {
    console.warn(`WebGPU is not used: ${reason?.message ?? reason}.`);
    graphics = null;
    device?.end();
  };

  /* Wait for something so long only: there are drivers that never answer. */
  const within = (seconds, promise) => Promise.race([promise, new Promise((_, failed) => {
    setTimeout(() => failed(new Error("it does not answer")), 1000 * seconds);
  })]);

  /* Open WebGPU; a device that comes too late is given back. */
  const start = async () => {
    device = webgpu(runtime.core);
    const started = device.start();
    await within(5, started).catch((reason) => {
      started.then(device.end, () => {});
      throw reason;
    });
  };

  /* Open it, and compare what both say of a small picture of waves. */
  const open = async () => {
    await start();
    const opened = await onBackend("WebGPU", "webgpu", device.guarded);
    const levels = Uint8Array.from({ length: THUMBNAIL * THUMBNAIL * 3 },
      (_, i) => 127.5 * (1 + Math.sin(i + (i * i) / 1e4)));
    const waves = { levels, height: THUMBNAIL, width: THUMBNAIL, channels: 3 };
    const ours = await within(60, ask(opened, waves));
    const expected = await ask(processor, waves);
    for (const [name, values] of Object.entries(expected)) {
      const differs = (x, i) =>
        Math.abs(x - ours[name][i]) > APART * Math.max(1, Math.abs(x));
      if (values.some(differs)) throw new Error(`its ${name} differs`);
    }
    return opened;
  };

  if (webgpu) await open().then((opened) => { graphics = opened; }, giveUp);

  /* How a length is cut: `tiling._windows` without a rim. */
  const spans = (length) => {
    const whole = Math.ceil(length / STRIDE) * STRIDE;
    const count = Math.max(1, Math.ceil((whole - 2 * HALO) / (TILE - 2 * HALO)));
    const side = Math.ceil((whole + 2 * HALO * (count - 1)) / (count * STRIDE)) * STRIDE;
    const found = [];
    for (let done = 0; done < whole;) {
      const start = Math.max(0, Math.min(done - HALO, whole - side));
      const stop = Math.min(start + side, whole);
      const answered = stop === whole ? whole : stop - HALO;
      found.push({ start, stop, from: done, to: Math.min(answered, length) });
      done = answered;
    }
    return found;
  };

  /* Cut a window out; what lies beyond is the reflection. */
  const cut = ({ levels, height, width, channels }, rows, columns) => {
    const h = rows.stop - rows.start, w = columns.stop - columns.start;
    const window = new Uint8Array(h * w * channels);
    const inside = (i, n) => (i < n ? i : 2 * n - 1 - i);
    for (let y = 0, k = 0; y < h; y++) {
      const row = inside(rows.start + y, height) * width;
      for (let x = 0; x < w; x++) {
        const at = (row + inside(columns.start + x, width)) * channels;
        for (let c = 0; c < channels; c++) window[k++] = levels[at + c];
      }
    }
    return { levels: window, height: h, width: w, channels };
  };

  /* Visit each pixel of a picture once: see(place in the picture, place in the answer,
     the answer of its window). */
  const visit = async (picture, answer, see, progress) => {
    const down = spans(picture.height), across = spans(picture.width);
    let done = 0;
    for (const rows of down) {
      for (const columns of across) {
        const found = await answer(cut(picture, rows, columns));
        const w = columns.stop - columns.start;
        for (let y = rows.from; y < rows.to; y++) {
          for (let x = columns.from; x < columns.to; x++) {
            see(y * picture.width + x, (y - rows.start) * w + x - columns.start, found);
          }
        }
        progress?.(++done / (down.length * across.length));
      }
    }
  };

  /* --- The whole --- */

  /* How much surer than in training a mark must be: `restoration.caution`. */
  const caution = async (picture, answer, progress) => {
    const starts = (length) => {
      const count = Math.min(3, Math.ceil(length / VIEW));
      const rest = Math.max(0, length - VIEW);
      return Array.from({ length: count },
        (_, i) => (count > 1 ? Math.floor((i * rest) / (count - 1)) : 0));
    };
    const { height, width } = picture;
    let marked = 0, seen = 0, done = 0;
    const tops = starts(height), lefts = starts(width);
    for (const top of tops) {
      for (const left of lefts) {
        const view = cut(picture,
          { start: top, stop: Math.min(height, top + VIEW) },
          { start: left, stop: Math.min(width, left + VIEW) });
        await visit(view, answer, (_, k, found) => {
          seen += 1;
          if (found.logits[k] > 1) marked += 1;
        });
        progress(++done / (tops.length * lefts.length));
      }
    }
    const [sound, worn] = CAUTION;
    return worn + (sound - worn) * Math.max(0, 1 - marked / seen / WORN);
  };

  const sigmoid = (x) => 1 / (1 + Math.exp(-x));
  const clip = (x) => Math.min(1, Math.max(0, x));

  /* Repair, by this backend: levels from 0 to 65535, and a mask from 0 to 255. */
  const repair = async (picture, backend) => {
    const { levels, height, width, channels } = picture;
    const repaired = new Uint16Array(levels.length);
    const mask = new Uint8Array(height * width);
    const small = Math.max(height, width) <= VIEW; // the one view is the one window
    let known = null;
    const answer = async (window) => {
      const found = known ?? await ask(backend, window);
      if (small) known = found;
      return found;
    };
    // Windows of both rounds count alike, by their size.
    const views = Math.min(3, Math.ceil(height / VIEW)) * Math.min(3, Math.ceil(width / VIEW));
    const size = (ss) => ss.reduce((n, s) => n + s.stop - s.start, 0);
    const first = small ? 0 : views * VIEW * VIEW;
    const second = size(spans(height)) * size(spans(width));
    const share = first / (first + second);
    const shift = await caution(picture, answer, (x) => report(share * x));
    await visit(picture, answer, (i, k, { paint, correction, logits }) => {
      const logit = logits[k] - shift;
      const gate = sigmoid(GATE * (logit - 1));
      mask[i] = Math.round(255 * sigmoid(logit));
      let sum = 0;
      for (let c = 0; c < 3; c++) {
        const change = (gate * paint[3 * k + c] + correction[3 * k + c]) / 2;
        if (channels === 1) sum += change;
        else repaired[3 * i + c] = 65535 * clip(levels[3 * i + c] / 255 + change) + 0.5;
      }
      if (channels === 1) repaired[i] = 65535 * clip(levels[i] / 255 + sum / 3) + 0.5;
    }, (x) => report(share + (1 - share) * x));
    return { repaired, mask, by: backend.name };
  };

  /* Repair by WebGPU, or else by WebAssembly. */
  const repairSomehow = async (picture) => {
    if (graphics) {
      try {
        const repaired = await repair(picture, graphics);
        device.release();
        return repaired;
      } catch (reason) {
        giveUp(reason);
      }
    }
    return repair(picture, processor);
  };

  /* The mean of each of 96 x 96 areas, (96, 96, 3) in [0, 1]. */
  const thumbnail = (levels, { height, width, channels }) => {
    const weigh = (length) => Array.from({ length: THUMBNAIL }, (_, i) => {
      const from = (i * length) / THUMBNAIL, to = ((i + 1) * length) / THUMBNAIL;
      const places = [];
      for (let k = Math.floor(from); k < Math.min(length, Math.ceil(to)); k++) {
        const part = Math.min(k + 1, to) - Math.max(k, from);
        if (part > 1e-3) places.push([k, part]);
      }
      const total = places.reduce((n, [, part]) => n + part, 0);
      return places.map(([k, part]) => [k, part / total]);
    });
    const down = weigh(height), across = weigh(width);
    const small = new Float32Array(THUMBNAIL * THUMBNAIL * 3);
    for (let y = 0, at = 0; y < THUMBNAIL; y++) {
      for (let x = 0; x < THUMBNAIL; x++) {
        const sums = [0, 0, 0];
        for (const [row, a] of down[y]) {
          for (const [column, b] of across[x]) {
            const i = (row * width + column) * channels;
            for (let c = 0; c < 3; c++) sums[c] += a * b * levels[i + c % channels];
          }
        }
        for (const sum of sums) small[at++] = Math.round(sum) / 65535;
      }
    }
    return small;
  };

  /* Is it in one ink: `restoration.is_one_ink`. A cubic of the brightness, by least
     squares, for each channel. */
  const isOneInk = (small) => {
    const n = small.length / 3;
    const light = Float64Array.from({ length: n },
      (_, i) => (small[3 * i] + small[3 * i + 1] + small[3 * i + 2]) / 3);
    const mean = light.reduce((a, b) => a + b) / n;
    const spread = Math.sqrt(light.reduce((a, b) => a + (b - mean) ** 2, 0) / n);
    if (spread < 1e-9) return false;
    // Orthogonal polynomials on the values: Gram and Schmidt, twice.
    const basis = [];
    for (let power = 0; power < 4; power++) {
      const v = light.map((x) => ((x - mean) / spread) ** power);
      for (let round = 0; round < 2; round++) {
        for (const b of basis) {
          const along = b.reduce((s, x, i) => s + x * v[i], 0);
          for (let i = 0; i < n; i++) v[i] -= along * b[i];
        }
      }
      const length = Math.sqrt(v.reduce((s, x) => s + x * x, 0));
      if (length > 1e-6 * Math.sqrt(n)) basis.push(v.map((x) => x / length));
    }
    let left = 0;
    for (let c = 0; c < 3; c++) {
      const v = light.map((_, i) => small[3 * i + c]);
      for (const b of basis) {
        const along = b.reduce((s, x, i) => s + x * v[i], 0);
        for (let i = 0; i < n; i++) v[i] -= along * b[i];
      }
      left += v.reduce((s, x) => s + x * x, 0);
    }
    return Math.sqrt(left / (3 * n)) < 0.03 * spread;
  };

  /* `restoration.apply_tone` for one pixel whose channels are raised already. */
  const mix = (tone, curved, c) => {
    const row = tone[c];
    const y = row[0] * curved[0] + row[1] * curved[1] + row[2] * curved[2] + row[3];
    return clip((y + 1) / 2);
  };

  const curve = (tone, value, c) => {
    const power = 2 ** Math.min(2, Math.max(-2, tone[c][4]));
    return 2 * Math.min(1, Math.max(1e-4, value)) ** power - 1;
  };

  const retoned = (small, tone) => {
    const toned = new Float32Array(small.length);
    for (let i = 0; i < small.length; i += 3) {
      const curved = [0, 1, 2].map((c) => curve(tone, small[i + c], c));
      for (let c = 0; c < 3; c++) toned[i + c] = mix(tone, curved, c);
    }
    return toned;
  };

  /* What tone a photograph needs: `restoration.read_tone`. */
  const readTone = async (small) => {
    const answers = [await numbersOf(small), await numbersOf(mirrored(small))];
    const rests = [0, 1, 2].map((c) => [0, 1, 2, 3, 4].map((k) => (k === c ? 1 : 0)));
    const [one, two, rest] = [...answers, rests].map(isOneInk(small) ? alike : (x) => x);
    const tone = one.map((row, c) => row.map((x, k) => (x + two[c][k]) / 2));
    const delta = apart(retoned(small, tone), retoned(small, rest));
    const doubt = apart(retoned(small, one), retoned(small, two)) / delta;
    const believed = Math.max(0, 1 - doubt ** 2);
    const share = believed * firm(believed * delta);
    return rest.map((row, c) => row.map((x, k) => x + share * (tone[c][k] - x)));
  };

  /* Ask the network for the numbers of a thumbnail. */
  const numbersOf = async (small) => {
    const [answer] = await processor.values((network) => {
      const picture = tensor(small.map((x) => 2 * x - 1), [1, THUMBNAIL, THUMBNAIL, 3]);
      return network.reader([picture, network.encoder([picture]).at(-1)]);
    });
    return [0, 1, 2].map((c) => Array.from(answer.slice(5 * c, 5 * c + 5)));
  };

  const mirrored = (small) =>
    small.map((_, i) => {
      const pixel = Math.floor(i / 3), x = pixel % THUMBNAIL;
      return small[3 * (pixel - x + THUMBNAIL - 1 - x) + (i % 3)];
    });

  /* The same numbers for all three channels. */
  const alike = (rows) => {
    const row = rows[0].map((_, k) => (rows[0][k] + rows[1][k] + rows[2][k]) / 3);
    return [row, row, row];
  };

  const apart = (a, b) =>
    Math.sqrt(a.reduce((sum, x, i) => sum + (x - b[i]) ** 2, 0) / a.length + 1e-12);

  /* The share of a change of that size that is made. */
  const firm = (delta) => {
    const [low, high] = DOUBT;
    if (delta >= high) return 1;
    return delta > low ? (high * (delta - low)) / (high - low) / delta : 0;
  };

  /* Repaired, and in the tone it needs: levels from 0 to 255. */
  const full = (repaired, tone, channels) => {
    const curves = tone.map((_, c) =>
      Float32Array.from({ length: 65536 }, (_, level) => curve(tone, level / 65535, c)));
    const levels = new Uint8Array(repaired.length);
    const curved = [0, 0, 0];
    for (let i = 0; i < repaired.length; i += channels) {
      for (let c = 0; c < 3; c++) curved[c] = curves[c][repaired[i + c % channels]];
      if (channels === 3) {
        for (let c = 0; c < 3; c++) levels[i + c] = 255 * mix(tone, curved, c) + 0.5;
      } else {
        const sum = mix(tone, curved, 0) + mix(tone, curved, 1) + mix(tone, curved, 2);
        levels[i] = 85 * sum + 0.5;
      }
    }
    return levels;
  };

  /* Repaired inside the damage, with a rim that fades: `restoration._paste_weight`. */
  const conservative = ({ levels, height, width, channels }, repaired, mask) => {
    // Five neighbours along an axis; beyond the border it is mirrored.
    const neighbours = (length) => Array.from({ length }, (_, at) =>
      [-2, -1, 0, 1, 2].map((k) =>
        (at + k < 0 ? -at - k : at + k < length ? at + k : 2 * length - 2 - at - k)));
    const across = neighbours(width), down = neighbours(height);
    const both = (values, take) => {
      const rows = new Float32Array(values.length), made = new Float32Array(values.length);
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) rows[y * width + x] = take(values, y * width, 1, across[x]);
      }
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) made[y * width + x] = take(rows, x, width, down[y]);
      }
      return made;
    };
    const largest = (v, at, step, [a, b, c, d, e]) => Math.max(
      v[at + step * a], v[at + step * b], v[at + step * c], v[at + step * d],
      v[at + step * e]);
    const blur = (v, at, step, [a, b, c, d, e]) => (v[at + step * a] + v[at + step * e]) / 16
      + (v[at + step * b] + v[at + step * d]) / 4 + (3 * v[at + step * c]) / 8;
    const found = Float32Array.from(mask, (x) => (x > 127.5 ? 1 : 0));
    const weight = both(both(found, largest), blur);
    const made = new Uint8Array(levels.length);
    for (let i = 0, k = 0; k < weight.length; k++) {
      for (let c = 0; c < channels; c++, i++) {
        const was = levels[i] / 255;
        made[i] = 255 * (was + weight[k] * (repaired[i] / 65535 - was)) + 0.5;
      }
    }
    return made;
  };

  const asColours = (levels, channels) => { // to red, green, blue, alpha
    const count = levels.length / channels;
    const pixels = new Uint8ClampedArray(4 * count);
    for (let i = 0; i < count; i++) {
      for (let c = 0; c < 3; c++) pixels[4 * i + c] = levels[channels * i + c % channels];
      pixels[4 * i + 3] = 255;
    }
    return pixels;
  };

  /* Restore the pixels of a canvas, (height, width, 4). Where red, green and blue are
     equal everywhere, the photograph is grey, and stays it. */
  return async (pixels, height, width) => {
    let grey = true;
    for (let i = 0; grey && i < pixels.length; i += 4) {
      grey = pixels[i] === pixels[i + 1] && pixels[i] === pixels[i + 2];
    }
    const channels = grey ? 1 : 3;
    const levels = new Uint8Array(height * width * channels);
    for (let i = 0; i < height * width; i++) {
      for (let c = 0; c < channels; c++) levels[channels * i + c] = pixels[4 * i + c];
    }
    const picture = { levels, height, width, channels };
    const { repaired, mask, by } = await repairSomehow(picture);
    const tone = await readTone(thumbnail(repaired, picture));
    return {
      by,
      full: asColours(full(repaired, tone, channels), channels),
      conservative: asColours(conservative(picture, repaired, mask), channels),
      mask,
      tone,
      damaged: mask.reduce((n, x) => n + (x > 127.5 ? 1 : 0), 0) / mask.length,
    };
  };
};
