/* A transposed convolution beside a resize-convolution (chapter 9, section 5): which
   kernels and strides paint a pattern of their own. */
(() => {
  "use strict";

  const { element, random } = window.interactive;

  const SIDE = 8; // of the input

  const square = (side, at) => ({ side, values: Float64Array.from(
    { length: side * side }, (_, k) => at(Math.floor(k / side), k % side)) });

  const INPUTS = {
    constant: () => 1,
    blob: (r, c) => Math.exp(-((r - 3.5) ** 2 + (c - 3.5) ** 2) / 10),
  };
  const KERNELS = {
    equal: () => () => 1,
    hill: (k) => (r, c) => [r, c].reduce((a, i) => a * ((k + 1) / 2
      - Math.abs(i - (k - 1) / 2)), 1),
    random: (k, seed) => random(seed).normal,
  };

  /* Every input paints a copy of the kernel, the copies `stride` pixels apart; what is
     outside of `stride` times the input's side is cut off, as by padding "same". */
  function transposed(x, kernel, stride) {
    const y = square(stride * x.side, () => 0);
    const left = Math.floor(Math.max(kernel.side - stride, 0) / 2);
    x.values.forEach((value, i) => {
      const top = Math.floor(i / x.side) * stride - left;
      const start = (i % x.side) * stride - left;
      kernel.values.forEach((weight, j) => {
        const [r, c] = [top + Math.floor(j / kernel.side), start + (j % kernel.side)];
        if (r < 0 || c < 0 || r >= y.side || c >= y.side) return;
        y.values[r * y.side + c] += value * weight;
      });
    });
    return y;
  }

  /* Repeat every pixel `stride` times in both directions, then convolve: a sum over the
     kernel at every pixel, zeros outside. */
  function resized(x, kernel, stride) {
    const [side, k] = [stride * x.side, kernel.side];
    const left = Math.floor((k - 1) / 2);
    const large = (r, c) => (r < 0 || c < 0 || r >= side || c >= side ? 0
      : x.values[Math.floor(r / stride) * x.side + Math.floor(c / stride)]);
    return square(side, (r, c) => kernel.values.reduce((sum, weight, j) =>
      sum + weight * large(r + Math.floor(j / k) - left, c + (j % k) - left), 0));
  }

  const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
  const rms = (values) => Math.sqrt(mean(values.map((value) => value * value)));

  /* Where every output has all its copies: from here to as far from the other rim. */
  const margin = (k, stride) => stride * Math.ceil((k + stride) / (2 * stride));

  /* The values away from the rim, by their place in a tile of stride by stride. */
  function places({ side, values }, k, stride) {
    const from = margin(k, stride);
    const found = Array.from({ length: stride * stride }, () => []);
    for (let r = from; r < side - from; r++) {
      for (let c = from; c < side - from; c++) {
        found[(r % stride) * stride + (c % stride)].push(values[r * side + c]);
      }
    }
    return found;
  }

  /* How large the pattern is that repeats every `stride` pixels: the deviation of the
     means of its places, as a share of the root mean square. */
  function pattern(y, k, stride) {
    const found = places(y, k, stride);
    const means = found.map(mean);
    return rms(means.map((m) => m - mean(means))) / rms(found.flat());
  }

  /* How many copies reach the places 0 .. stride - 1 along one axis. */
  const copies = (k, stride) => Array.from({ length: stride }, (_, t) =>
    Math.max(0, Math.ceil((k - t) / stride)));

  const WAYS = { transposed, resized };
  const TITLES = { input: "input", transposed: "transposed",
    resized: "resize, convolve" };

  const build = (ui) => {
    const rules = { kernel: 5, stride: 2, weights: "equal", input: "constant" };
    let seed = 1;
    const views = Object.fromEntries(Object.entries(TITLES).map(([name, title]) => {
      const view = ui.canvas({ width: 200, height: 200, title,
        label: `The picture: ${title}` });
      view.box.style.flexBasis = "9rem";
      return [name, view];
    }));

    /* Grey for `middle`, black and white for `most` below and above it. */
    const paint = ({ context, width, height }, { side, values }, middle, most) => {
      const small = element("canvas", { width: side, height: side });
      const image = small.getContext("2d").createImageData(side, side);
      values.forEach((value, k) => {
        const grey = 127.5 * (1 + (value - middle) / most);
        image.data.set([grey, grey, grey, 255], 4 * k);
      });
      small.getContext("2d").putImageData(image, 0, 0);
      context.imageSmoothingEnabled = false;
      context.drawImage(small, 0, 0, width, height);
    };

    const show = () => {
      const { kernel: k, stride, weights, input } = rules;
      const x = square(SIDE, INPUTS[input]);
      const kernel = square(k, KERNELS[weights](k, seed));
      const shares = {};
      paint(views.input, x, 0.5, 0.75);
      for (const [name, way] of Object.entries(WAYS)) {
        const y = way(x, kernel, stride);
        const found = places(y, k, stride).flat();
        paint(views[name], y, mean(found), rms(found));
        shares[name] = Math.round(100 * pattern(y, k, stride));
      }
      ui.say(`Copies along an axis: ${copies(k, stride).join(", ")}. Pattern of period `
        + `${stride}: transposed ${shares.transposed} %, resized ${shares.resized} %.`);
    };

    const set = (key) => (value) => { rules[key] = value; show(); };
    ui.slider({ label: "Kernel", min: 1, max: 8, step: 1, value: rules.kernel,
      format: (k) => `${k} x ${k}`, change: set("kernel") });
    ui.slider({ label: "Stride", min: 2, max: 4, step: 1, value: rules.stride,
      change: set("stride") });
    ui.choice({ label: "Weights", options: [["equal", "all equal"], ["hill", "a hill"],
      ["random", "random"]], change: set("weights") });
    ui.choice({ label: "Input",
      options: [["constant", "constant"], ["blob", "a soft spot"]],
      change: set("input") });
    ui.button({ label: "Other random weights", press: () => { seed += 1; show(); } });
    show();
  };

  window.interactive.checkerboard = { transposed, resized, pattern, copies, square };
  window.interactive("checkerboard", build);
})();
