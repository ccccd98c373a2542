/* The generator fruit-32 of `gantools.dcgan`, computed in the page: 1.2 million weights
   and some 50 million products for each picture, in plain loops over typed arrays.
   A picture (height, width, channels) is one array, channels fastest. */
(() => {
  "use strict";
  const LATENT = 100;
  const SIDE = 32;

  const TYPES = { int8: Int8Array, int16: Int16Array, float32: Float32Array };

  /* Take a stored generator apart: { name: array }, kernels (out, height, width, in). */
  const unpack = ({ parts, data }) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const found = {};
    let place = 0;
    for (const [name, kind, shape] of parts) {
      const count = shape.reduce((a, b) => a * b);
      found[name] = new TYPES[kind](bytes.buffer, place, count);
      place += found[name].byteLength;
    }
    for (const [name, kind, [channels]] of parts) {
      if (kind === "float32") continue;
      const scale = found[name.replace("kernel", "scale")];
      const each = found[name].length / channels;
      found[name] = Float32Array.from(found[name], (v, i) => v * scale[(i / each) | 0]);
    }
    return found;
  };

  /* LeakyReLU(scale x + shift). */
  const normalise = (weights, name, x) => {
    const scale = weights[`${name}/scale`];
    const shift = weights[`${name}/shift`];
    return x.map((value, i) => {
      const c = i % scale.length;
      const y = scale[c] * value + shift[c];
      return y < 0 ? 0.2 * y : y;
    });
  };

  /* Put a rim of zeros round a picture (side, side, channels). */
  const pad = (x, side, channels, rim) => {
    const wide = side + 2 * rim;
    const padded = new Float32Array(wide * wide * channels);
    for (let row = 0; row < side; row++) {
      const line = x.subarray(row * side * channels, (row + 1) * side * channels);
      padded.set(line, ((row + rim) * wide + rim) * channels);
    }
    return padded;
  };

  /* Convolve by size x size kernels, "same": for each output a sum over `size` pieces of
     memory, each size x channels long; in four sums, which is twice as fast as in one. All
     channels are multiples of four. */
  const convolve = (weights, name, x, side, size) => {
    const kernel = weights[`${name}/kernel`];
    const bias = weights[`${name}/bias`];
    const channels = x.length / (side * side);
    const length = size * channels;
    const outputs = kernel.length / (size * length);
    const wide = side + size - 1;
    const padded = size === 1 ? x : pad(x, side, channels, (size - 1) / 2);
    const made = new Float32Array(side * side * outputs);
    for (let row = 0, at = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        for (let out = 0, k = 0; out < outputs; out++, at++) {
          let [a, b, c, d] = [bias ? bias[out] : 0, 0, 0, 0];
          for (let line = 0; line < size; line++) {
            const from = ((row + line) * wide + column) * channels;
            for (let i = from; i < from + length; i += 4, k += 4) {
              a += kernel[k] * padded[i];
              b += kernel[k + 1] * padded[i + 1];
              c += kernel[k + 2] * padded[i + 2];
              d += kernel[k + 3] * padded[i + 3];
            }
          }
          made[at] = a + b + c + d;
        }
      }
    }
    return made;
  };

  /* Twice as large, bilinear: a new pixel is 3/4 of the nearest and 1/4 of the next. */
  const enlarge = (x, side) => {
    const channels = x.length / (side * side);
    const large = 2 * side;
    const made = new Float32Array(large * large * channels);
    const near = (i) => i >> 1;
    const next = (i) => Math.min(Math.max((i >> 1) + (i & 1 ? 1 : -1), 0), side - 1);
    for (let row = 0, at = 0; row < large; row++) {
      for (let column = 0; column < large; column++) {
        const [a, b] = [near(row), next(row)].map((i) => i * side);
        const [c, d] = [near(column), next(column)];
        for (let k = 0; k < channels; k++, at++) {
          const get = (line, place) => x[(line + place) * channels + k];
          made[at] = 0.75 * (0.75 * get(a, c) + 0.25 * get(a, d))
            + 0.25 * (0.75 * get(b, c) + 0.25 * get(b, d));
        }
      }
    }
    return made;
  };

  /* Noise (100) to a picture (32, 32, 3) in [0, 1]. */
  const generate = (weights, z) => {
    let x = convolve(weights, "dense", Float32Array.from(z), 1, 1); // (4, 4, 192)
    for (let side = 4; ; side *= 2) {
      let y = x;
      for (const i of [0, 1]) {
        y = normalise(weights, `norm${side}_${i}`, y);
        y = convolve(weights, `conv${side}_${i}`, y, side, 3);
      }
      x = x.map((value, i) => value + y[i]);
      if (side === SIDE) break;
      x = convolve(weights, `narrow${2 * side}`, x, side, 1);
      x = enlarge(x, side);
    }
    x = convolve(weights, "colour", normalise(weights, "norm", x), SIDE, 3);
    return x.map((value) => (Math.tanh(value) + 1) / 2);
  };

  const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  const norm = (a) => Math.sqrt(dot(a, a));

  /* From a to b, the share t of the way. */
  const paths = {
    arc: (a, b, t) => {
      const angle = Math.acos(dot(a, b) / (norm(a) * norm(b)));
      if (!(angle > 1e-6)) return a.slice();
      const [p, q] = [(1 - t) * angle, t * angle].map((v) => Math.sin(v) / Math.sin(angle));
      return a.map((value, i) => p * value + q * b[i]);
    },
    line: (a, b, t) => a.map((value, i) => (1 - t) * value + t * b[i]),
  };

  const noise = (seed) => {
    const { normal } = interactive.random(seed);
    return Array.from({ length: LATENT }, normal);
  };

  /* How far two pictures are apart, in levels of 255 on average. */
  const apart = (a, b) =>
    (255 * a.reduce((sum, value, i) => sum + Math.abs(value - b[i]), 0)) / a.length;

  const walk = (ui, weights) => {
    const view = ui.canvas({
      width: 3 * SIDE + 2,
      height: SIDE,
      pixels: true,
      label: "Three pictures of fruit: where the walk begins, where it is, where it ends",
    });
    const paint = (picture, place) => {
      const image = view.context.createImageData(SIDE, SIDE);
      for (let i = 0; i < SIDE * SIDE; i++) {
        for (let c = 0; c < 3; c++) image.data[4 * i + c] = 255 * picture[3 * i + c] + 0.5;
        image.data[4 * i + 3] = 255;
      }
      view.context.putImageData(image, place * (SIDE + 1), 0);
    };
    const vector = (seed) => noise(seed).map((value) => value * stretch.value);
    let ends;

    const show = (speak = true) => {
      const z = paths[path.value](ends[0].z, ends[1].z, way.value / 100);
      const here = generate(weights, z);
      paint(here, 1);
      if (!speak) return;
      const [first, last] = ends.map((end) => apart(here, end.picture).toFixed(0));
      ui.say(
        `${way.value} % of the way: z is ${norm(z).toFixed(1)} long; the picture is `
        + `${first} levels from the first and ${last} from the last.`,
      );
    };
    const begin = (speak = true) => {
      ends = [from.value, to.value].map((seed, i) => {
        const z = vector(seed);
        const picture = generate(weights, z);
        paint(picture, 2 * i);
        return { z, picture };
      });
      show(speak);
    };
    const seed = { min: 0, max: 99, step: 1, change: () => begin() };
    const way = ui.slider({
      label: "Way", min: 0, max: 100, step: 2, value: 50,
      format: (value) => `${value} %`, change: () => show(),
    });
    const path = ui.choice({
      label: "Path",
      options: [["arc", "along the arc"], ["line", "along the straight line"]],
      change: () => show(),
    });
    const from = ui.slider({ ...seed, label: "First picture, seed", value: 3 });
    const to = ui.slider({ ...seed, label: "Last picture, seed", value: 8 });
    const stretch = ui.slider({
      label: "Length of z (1: as drawn)", min: 0.2, max: 1.6, step: 0.1,
      value: 1, format: (value) => value.toFixed(1), change: () => begin(),
    });
    const loop = ui.loop(() => {
      if (way.value < 100) {
        way.value += 2;
        show(false);
      } else { // on, to another
        from.value = to.value;
        to.value = (to.value + 7) % 100;
        way.value = 0;
        begin(false);
      }
    });
    const moving = ui.button({
      label: "Walk",
      press: () => {
        loop.running = !loop.running;
        moving.textContent = loop.running ? "Stop" : "Walk";
        if (!loop.running) show();
      },
    });
    begin();
    way.input.focus();
  };

  interactive("latent-walk", (ui) => {
    const still = ui.figure.querySelector("img").cloneNode();
    ui.views.append(still);
    const start = ui.button({
      label: "Start: load the generator (1.3 MB)",
      press: async () => {
        start.disabled = true;
        ui.say("Loading the generator.");
        try {
          const weights = unpack(await interactive.load("fruit-32"));
          interactive.fruit = (z) => generate(weights, z);
          still.remove();
          start.remove();
          walk(ui, weights);
        } catch (error) {
          console.error(error);
          start.disabled = false;
          ui.say("The generator could not be loaded. Try again, or reload the page.");
        }
      },
    });
  });
})();
