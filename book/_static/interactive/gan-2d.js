/* A GAN trained in the page: the plane of chapter 2 under a reader's hands.  The games
   and the training step are those of the chapter; the networks have half the units and
   the batch half the samples, so that a step takes about a millisecond. */
(() => {
  "use strict";

  const { element, random } = window.interactive;

  const BATCH = 128;
  const HIDDEN = [32, 32];
  const [SHOWN, JUDGED, SIDE] = [300, 1000, 48]; // points drawn, counted; D's map
  const SPREAD = 0.1; // the deviation of the data around its curve, in both directions

  /* The data: `curve` takes [0, 1) to the plane, `parts` is the number of its modes, or
     of the equal stretches that count as modes where the curve is in one piece. */
  const circle = (radius, turns) =>
    [radius * Math.cos(2 * Math.PI * turns), radius * Math.sin(2 * Math.PI * turns)];
  const DATA = {
    ring: { text: "ring of 8", parts: 8, whole: false,
      curve: (u) => circle(2, Math.floor(8 * u) / 8) },
    grid: { text: "grid of 9", parts: 9, whole: false,
      curve: (u) => {
        const k = Math.floor(9 * u);
        return [2 * (k % 3) - 2, 2 * Math.floor(k / 3) - 2];
      } },
    moons: { text: "two moons", parts: 8, whole: true,
      curve: (u) => {
        const [x, y] = circle(1.4, u); // the upper, then the lower half
        return u < 0.5 ? [x - 0.7, y - 0.35] : [x + 0.7, y + 0.35];
      } },
    spiral: { text: "spiral", parts: 8, whole: true,
      curve: (u) => circle(0.4 + 2 * Math.sqrt(u), 1.5 * Math.sqrt(u)) },
  };

  /* c (p, q) = the sum over k of a[i, k] b[k, j].  The strides of both are given, so it
     serves transposed matrices too.  Four columns at once stay in registers. */
  function multiply(c, [p, q, k], a, [a0, a1], b, [b0, b1]) {
    for (let i = 0; i < p; i++) {
      let j = 0;
      for (; j + 4 <= q; j += 4) {
        let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
        for (let n = 0; n < k; n++) {
          const v = a[i * a0 + n * a1];
          const to = n * b0 + j * b1;
          s0 += v * b[to];
          s1 += v * b[to + b1];
          s2 += v * b[to + 2 * b1];
          s3 += v * b[to + 3 * b1];
        }
        const at = i * q + j;
        c[at] = s0;
        c[at + 1] = s1;
        c[at + 2] = s2;
        c[at + 3] = s3;
      }
      for (; j < q; j++) {
        let sum = 0;
        for (let n = 0; n < k; n++) sum += a[i * a0 + n * a1] * b[n * b0 + j * b1];
        c[i * q + j] = sum;
      }
    }
  }

  /* Set to 0 where a unit is off. */
  function mask(x, values, size) {
    for (let k = 0; k < size; k++) if (!(values[k] > 0)) x[k] = 0;
  }

  /* Dense layers with ReLU between them.  `values[l]` are the activations of layer l,
     `slopes[l]` the derivatives in what enters its ReLU; l = 0 is the input. */
  class Network {
    constructor(sizes, rows, normal) {
      this.sizes = sizes;
      this.layers = sizes.slice(1).map((outputs, l) => {
        const inputs = sizes[l];
        const kernel = Float64Array.from({ length: inputs * outputs },
          () => normal() * Math.sqrt(2 / inputs));
        return { inputs, outputs, weights: [kernel, new Float64Array(outputs)] };
      });
      for (const layer of this.layers) {
        layer.grads = layer.weights.map((w) => new Float64Array(w.length));
        layer.moments = layer.weights.map((w) => [w, w].map((v) => v.slice().fill(0)));
      }
      this.age = 0;
      const space = () => sizes.map((n) => new Float64Array(rows * n));
      [this.values, this.slopes] = [space(), space()];
      [this.tangents, this.mixed] = [space(), space()];
    }

    get input() { return this.values[0]; }

    get output() { return this.values[this.layers.length]; }

    /* From `values[0]` to the output. */
    forward(rows) {
      this.layers.forEach(({ inputs, outputs, weights: [kernel, bias] }, l) => {
        const y = this.values[l + 1];
        const shape = [rows, outputs, inputs];
        multiply(y, shape, this.values[l], [inputs, 1], kernel, [outputs, 1]);
        const lowest = l + 1 === this.layers.length ? -Infinity : 0;
        for (let k = 0; k < rows * outputs; k += outputs) {
          for (let o = 0; o < outputs; o++) {
            y[k + o] = Math.max(y[k + o] + bias[o], lowest);
          }
        }
      });
    }

    /* From `slopes` of the output down to those of the input. */
    backward(rows) {
      for (let l = this.layers.length - 1; l >= 0; l--) {
        const { inputs, outputs, weights: [kernel] } = this.layers[l];
        const [above, below] = [this.slopes[l + 1], this.slopes[l]];
        const shape = [rows, inputs, outputs];
        multiply(below, shape, above, [outputs, 1], kernel, [1, outputs]);
        if (l) mask(below, this.values[l], rows * inputs);
      }
    }

    /* The gradients in the weights, from values and slopes.

       `scale` (rows) multiplies each row's slopes: for D, whose slopes are those of the
       logit s itself, it is dL/ds.  `tangents[0]`, where wanted, is dP/dg for a penalty
       P on g = ds/dx.  As ReLU is straight but for its kink, g = W1 m1 W2 m2 .. with
       masks m of 0 and 1 that do not move, so P's gradient in the kernel l is exactly
       the outer product of t[l - 1] = dP/dg W1 m1 .. and slopes[l].  Hence one product
       serves both: (dL/ds value + tangent) times slope. */
    differentiate(rows, scale = null, penalised = false) {
      this.layers.forEach(({ inputs, outputs, grads: [kernel, bias] }, l) => {
        const [value, mixed] = [this.values[l], this.mixed[l]];
        const slope = this.slopes[l + 1];
        if (penalised && l) this.push(rows, l);
        const tangent = penalised ? this.tangents[l] : null;
        bias.fill(0);
        for (let r = 0; r < rows; r++) {
          const s = scale ? scale[r] : 1;
          for (let k = r * inputs; k < (r + 1) * inputs; k++) {
            mixed[k] = s * value[k] + (tangent ? tangent[k] : 0);
          }
          for (let o = 0; o < outputs; o++) bias[o] += s * slope[r * outputs + o];
        }
        const shape = [inputs, outputs, rows];
        multiply(kernel, shape, mixed, [1, inputs], slope, [outputs, 1]);
      });
    }

    /* Carry the tangents through the layer below l. */
    push(rows, l) {
      const { inputs, outputs, weights: [kernel] } = this.layers[l - 1];
      const [from, to] = [this.tangents[l - 1], this.tangents[l]];
      multiply(to, [rows, outputs, inputs], from, [inputs, 1], kernel, [outputs, 1]);
      mask(to, this.values[l], rows * outputs);
    }

    /* One step down the gradients: Adam with beta_1 = 0.5, or plain SGD. */
    move(rate, optimizer) {
      this.age += 1;
      const [b1, b2] = [0.5, 0.999];
      const [one, two] = [1 - b1 ** this.age, 1 - b2 ** this.age];
      for (const { weights, grads, moments } of this.layers) {
        weights.forEach((w, n) => {
          const [g, [m, v]] = [grads[n], moments[n]];
          for (let k = 0; k < w.length; k++) {
            m[k] += (1 - b1) * (g[k] - m[k]);
            v[k] += (1 - b2) * (g[k] * g[k] - v[k]);
            w[k] -= rate * (optimizer === "SGD"
              ? g[k] : m[k] / one / (Math.sqrt(v[k] / two) + 1e-7));
          }
        });
      }
    }
  }

  const sigmoid = (t) => 1 / (1 + Math.exp(-t));
  const softplus = (t) => Math.max(t, 0) + Math.log1p(Math.exp(-Math.abs(t)));

  /* The games of gantools.losses, for one real logit r and one made logit m: the losses
     of D and G, D's derivatives in r and m, and G's in m. */
  const crossEntropy = {
    d: (r, m) => softplus(-r) + softplus(m),
    dr: (r) => -sigmoid(-r),
    dm: (r, m) => sigmoid(m),
  };
  const GAMES = {
    "saturating": { ...crossEntropy, g: (r, m) => -softplus(m),
      gm: (r, m) => -sigmoid(m) },
    "non-saturating": { ...crossEntropy, g: (r, m) => softplus(-m),
      gm: (r, m) => -sigmoid(-m) },
    "least-squares": { d: (r, m) => ((r - 1) ** 2 + m ** 2) / 2, dr: (r) => r - 1,
      dm: (r, m) => m, g: (r, m) => (m - 1) ** 2 / 2, gm: (r, m) => m - 1,
      belief: (s) => Math.min(1, Math.max(0, s)) },
    "hinge": { d: (r, m) => Math.max(0, 1 - r) + Math.max(0, 1 + m),
      dr: (r) => (r < 1 ? -1 : 0), dm: (r, m) => (m > -1 ? 1 : 0),
      g: (r, m) => -m, gm: () => -1 },
    "relativistic": { d: (r, m) => softplus(m - r), dr: (r, m) => -sigmoid(m - r),
      dm: (r, m) => sigmoid(m - r), g: (r, m) => softplus(r - m),
      gm: (r, m) => -sigmoid(r - m), belief: (s, middle) => sigmoid(s - middle) },
  };

  class Players {
    /* `start` multiplies the last layer of G: 0.02 begins in the middle of the ring. */
    constructor({ data = "ring", seed = 1, start = 1, ahead = 0, batch = BATCH,
      hidden = HIDDEN }) {
      this.data = DATA[data];
      this.ahead = ahead;
      this.batch = batch;
      this.random = random(seed);
      const { normal } = random(1000 + seed); // the weights' own
      const rows = Math.max(2 * batch, SHOWN * 2, JUDGED, SIDE * SIDE);
      this.generator = new Network([2, ...hidden, 2], rows, normal);
      this.discriminator = new Network([2, ...hidden, 1], rows, normal);
      for (const w of this.generator.layers.at(-1).weights) {
        w.forEach((value, k) => { w[k] = start * value; });
      }
      this.z = new Float64Array(2 * batch);
      this.real = new Float64Array(2 * batch);
      this.scale = new Float64Array(2 * batch);
      this.steps = 0;
    }

    draw() {
      for (let k = 0; k < 2 * this.batch; k++) this.z[k] = this.random.normal();
      real(this.data, this.random, this.real);
    }

    /* Both losses on the drawn batch, and the gradients of each in its own player. */
    differentiate({ loss, gamma }, both = true) {
      const { batch, generator: G, discriminator: D, scale } = this;
      const game = GAMES[loss];
      G.input.set(this.z);
      G.forward(batch);
      D.input.set(this.real);
      D.input.set(G.output.subarray(0, 2 * batch), 2 * batch);
      D.forward(2 * batch);
      D.slopes.at(-1).fill(1, 0, 2 * batch); // of the logit itself
      D.backward(2 * batch);
      const [logits, slopes] = [D.output, D.slopes[0]];
      const found = { L_G: 0, L_D: 0, penalty: 0 };
      for (let k = 0; k < batch; k++) {
        const [r, m] = [logits[k], logits[batch + k]];
        scale[k] = game.dr(r, m) / batch;
        scale[batch + k] = game.dm(r, m) / batch;
        found.L_D += game.d(r, m) / batch;
        found.L_G += game.g(r, m) / batch;
        for (let c = 2 * k; c < 2 * k + 2; c++) {
          const slope = slopes[2 * batch + c]; // at the made sample
          found.penalty += (gamma / 2) * (slopes[c] ** 2 + slope ** 2) / batch;
          G.slopes.at(-1)[c] = (game.gm(r, m) / batch) * slope;
        }
      }
      for (let c = 0; c < 4 * batch; c++) {
        D.tangents[0][c] = (gamma / batch) * slopes[c];
      }
      D.differentiate(2 * batch, scale, gamma > 0);
      if (both) {
        G.backward(batch);
        G.differentiate(batch);
      }
      return found;
    }

    /* Move D alone for all but the last of its steps, then both at once; G stands still
       for the first `ahead` steps of a game. */
    step(rules) {
      let found;
      for (let left = rules.dSteps; left > 0; left--) {
        this.draw();
        found = this.differentiate(rules, left === 1);
        this.discriminator.move(rules.dRate, "Adam");
      }
      if (this.steps >= this.ahead) this.generator.move(rules.gRate, rules.optimizer);
      this.steps += 1;
      return found;
    }

    /* Points (n, 2) that G makes of given noise. */
    make(noise) {
      const rows = noise.length / 2;
      this.generator.input.set(noise);
      this.generator.forward(rows);
      return this.generator.output.slice(0, 2 * rows);
    }

    /* D's logits of points (n, 2). */
    judge(points) {
      const rows = points.length / 2;
      this.discriminator.input.set(points);
      this.discriminator.forward(rows);
      return this.discriminator.output.slice(0, rows);
    }

    /* The pull on made points, each against a real one: -dL_G/dx of its own loss. */
    pull(made, others, loss) {
      const rows = made.length / 2;
      const reals = this.judge(others);
      const logits = this.judge(made);
      const { slopes } = this.discriminator;
      slopes.at(-1).fill(1, 0, rows);
      this.discriminator.backward(rows);
      return Float64Array.from(made, (_, c) => {
        const k = c >> 1;
        return -GAMES[loss].gm(reals[k], logits[k]) * slopes[0][c];
      });
    }
  }

  /* Fill an array (n, 2) with real points. */
  function real({ curve }, { uniform, normal }, points) {
    for (let k = 0; k < points.length; k += 2) {
      const [x, y] = curve(uniform());
      points[k] = x + SPREAD * normal();
      points[k + 1] = y + SPREAD * normal();
    }
    return points;
  }

  /* The judge of section 4: a made point is good within three deviations of the curve;
     a mode is found when more than one point in a hundred is good and belongs to it. */
  function judge({ curve, parts, whole }, points) {
    const many = whole ? 25 * parts : parts;
    const centres = Array.from({ length: many }, (_, k) => curve((k + 0.5) / many));
    const held = new Array(parts).fill(0);
    for (let c = 0; c < points.length; c += 2) {
      let [nearest, best] = [-1, (3 * SPREAD) ** 2];
      centres.forEach(([x, y], k) => {
        const distance = (points[c] - x) ** 2 + (points[c + 1] - y) ** 2;
        if (distance < best) [nearest, best] = [k, distance];
      });
      if (nearest >= 0) held[Math.floor((nearest * parts) / many)] += 1;
    }
    const count = points.length / 2;
    const found = held.map((some) => some > 0.01 * count);
    return {
      found,
      modes: found.filter(Boolean).length,
      good: held.reduce((a, b) => a + b, 0) / count,
    };
  }

  /* What the reader may choose.  A preset that `goesOn` keeps the networks as they are:
     it is a cure, and has to help a game that is ill already. */
  const BALANCED = { loss: "non-saturating", optimizer: "Adam", gRate: 1e-3,
    dRate: 1e-3, dSteps: 1, gamma: 0.02 };
  const PRESETS = {
    balanced: { text: "balanced", rules: BALANCED },
    collapse: { text: "collapse", rules: { ...BALANCED, dRate: 1e-4 } },
    collapseCure: { text: "cure of the collapse", goesOn: true, rules: BALANCED },
    vanish: { text: "vanishing gradient", start: 0.02, ahead: 400,
      rules: { ...BALANCED, loss: "saturating", optimizer: "SGD", dRate: 10 ** -2.5,
        gamma: 0 } },
    vanishCure: { text: "cure of the vanishing", goesOn: true, rules: BALANCED },
  };
  const GAMMAS = [0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1];
  const VIEW = 3; // the plane is drawn from -3 to 3

  /* Keep a course of any length in at most 400 points, evenly spaced. */
  class Course {
    constructor() { [this.rows, this.every] = [[], 1]; }

    add(step, row) {
      if (this.rows.length && step < this.rows.at(-1).step + this.every) return;
      this.rows.push({ step, ...row });
      if (this.rows.length <= 400) return;
      this.rows = this.rows.filter((_, k) => k % 2 === 0);
      this.every = step / this.rows.length;
    }
  }

  const number = (value) =>
    value !== 0 && Math.abs(value) < 0.01 ? value.toExponential(0) : value.toFixed(2);

  /* Curves of a course over its steps.  `lines` are levels to compare with. */
  function drawCurves({ context: c, width, height }, { rows }, series, scale, colours) {
    const [left, right, top, bottom] = [46, width - 6, 24, height - 20];
    const size = Math.max(rows.at(-1)?.step ?? 0, 100);
    const x = (step) => left + ((right - left) * step) / size;
    const y = (value) => {
      const at = scale.log ? Math.log10(Math.max(value, 1e-12)) : value;
      return bottom - (bottom - top) * (at - scale.min) / (scale.max - scale.min);
    };
    c.clearRect(0, 0, width, height);
    c.font = "14px system-ui, sans-serif";
    c.lineWidth = 1;
    c.textAlign = "right";
    for (const tick of scale.ticks) {
      c.strokeStyle = colours.border;
      c.fillStyle = colours.quiet;
      c.fillText(scale.log ? number(tick) : tick.toFixed(1), left - 5, y(tick) + 4);
      c.beginPath();
      c.moveTo(left, y(tick));
      c.lineTo(right, y(tick));
      c.stroke();
    }
    c.fillText(`${size.toLocaleString("en")} steps`, right, height - 4);
    c.save();
    c.beginPath();
    c.rect(left, top - 2, right - left, bottom - top + 4);
    c.clip();
    for (const { key, colour, level } of series) {
      c.strokeStyle = colour;
      c.lineWidth = 1.5;
      c.setLineDash([]);
      c.beginPath();
      for (const row of rows) c.lineTo(x(row.step), y(row[key]));
      c.stroke();
      if (level === undefined) continue;
      c.setLineDash([4, 4]);
      c.beginPath();
      c.moveTo(left, y(level));
      c.lineTo(right, y(level));
      c.stroke();
    }
    c.restore();
    c.setLineDash([]);
    c.textAlign = "left";
    let at = left;
    for (const { text, colour } of series) {
      c.fillStyle = colour;
      c.fillText(text, at, 14);
      at += c.measureText(text).width + 14;
    }
  }

  /* The plane: D's belief as a map, real and made points, the pull, the modes. */
  class Plane {
    constructor(view) {
      this.view = view;
      this.map = element("canvas", { width: SIDE, height: SIDE });
      this.places = Float64Array.from({ length: 2 * SIDE * SIDE }, (_, k) => {
        const cell = k >> 1;
        const at = k & 1 ? SIDE - 1 - Math.floor(cell / SIDE) : cell % SIDE;
        return VIEW * ((2 * at + 1) / SIDE - 1);
      });
    }

    at([x, y]) {
      const { width, height } = this.view;
      return [(width * (x / VIEW + 1)) / 2, (height * (1 - y / VIEW)) / 2];
    }

    dots(points, colour, radius) {
      const { context: c } = this.view;
      c.fillStyle = colour;
      c.beginPath();
      for (let k = 0; k < points.length; k += 2) {
        const [x, y] = this.at([points[k], points[k + 1]]);
        c.moveTo(x + radius, y);
        c.arc(x, y, radius, 0, 2 * Math.PI);
      }
      c.fill();
    }

    arrows(points, pull, many, colour) {
      const { context: c } = this.view;
      c.strokeStyle = colour;
      c.lineWidth = 1.5;
      c.beginPath();
      for (let k = 0; k < 2 * many; k += 2) {
        const [x, y] = this.at([points[k], points[k + 1]]);
        const length = Math.hypot(pull[k], pull[k + 1]);
        const drawn = 60 * Math.min(length, 1); // units; longer pulls are cut
        if (drawn < 2) continue;
        const [u, v] = [pull[k] / length, -pull[k + 1] / length];
        const [toX, toY, head] = [x + drawn * u, y + drawn * v, Math.min(drawn / 2, 6)];
        c.moveTo(x, y);
        c.lineTo(toX, toY);
        for (const side of [-0.5, 0.5]) {
          c.moveTo(toX, toY);
          c.lineTo(toX - head * (u + side * v), toY - head * (v - side * u));
        }
      }
      c.stroke();
    }

    belief(logits, believe, middle, colours) {
      const { context: c, width, height } = this.view;
      const tint = ["pink", "ground", "orange"].map((name) => {
        c.fillStyle = colours[name];
        const hex = parseInt(c.fillStyle.slice(1), 16);
        return [hex >> 16, (hex >> 8) & 255, hex & 255];
      });
      const small = this.map.getContext("2d");
      const image = small.createImageData(SIDE, SIDE);
      logits.forEach((logit, k) => {
        const p = 2 * believe(logit, middle) - 1;
        const [ground, end] = [tint[1], tint[p < 0 ? 0 : 2]];
        for (let i = 0; i < 3; i++) {
          image.data[4 * k + i] = ground[i] + 0.75 * Math.abs(p) * (end[i] - ground[i]);
        }
        image.data[4 * k + 3] = 255;
      });
      small.putImageData(image, 0, 0);
      c.drawImage(this.map, 0, 0, width, height);
    }

    modes({ curve, parts, whole }, found, colours) {
      const { context: c, width } = this.view;
      const radius = (3 * SPREAD * width) / (2 * VIEW);
      found.forEach((yes, k) => {
        const [x, y] = this.at(curve((k + 0.5) / parts));
        c.strokeStyle = yes ? colours.text : colours.quiet;
        c.lineWidth = yes ? 3 : 1;
        c.setLineDash(yes ? [] : [3, 3]);
        c.beginPath();
        c.arc(x, y, whole ? radius * 0.7 : radius, 0, 2 * Math.PI);
        c.stroke();
      });
      c.setLineDash([]);
    }
  }

  /* Points that do not change with the game: noise to look at, noise to count, and real
     points to show. */
  const noise = (n) => {
    const { normal } = random(99);
    return Float64Array.from({ length: 2 * n }, normal);
  };
  const [SHOWN_NOISE, JUDGED_NOISE] = [noise(SHOWN), noise(JUDGED)];

  const look = (players, { loss }, reals) => {
    const counted = judge(players.data, players.make(JUDGED_NOISE));
    const made = players.make(SHOWN_NOISE);
    const pull = players.pull(made, reals, loss);
    let mean = 0;
    for (let c = 0; c < pull.length; c += 2) {
      mean += Math.hypot(pull[c], pull[c + 1]) / SHOWN;
    }
    return { ...counted, made, pull, mean };
  };

  /* The gradients against central differences: the largest error in any weight of
     either network, as a share of the gradient's length. */
  function check(loss, gamma) {
    const players = new Players({ seed: 3, batch: 16, hidden: [8, 8] });
    const networks = [players.generator, players.discriminator];
    for (const { layers } of networks) { // or dead rows would sit on a kink
      for (const { weights: [, bias] } of layers) {
        bias.forEach((_, k) => { bias[k] = 0.3 * players.random.normal(); });
      }
    }
    players.draw();
    const losses = () => {
      const { L_G, L_D, penalty } = players.differentiate({ loss, gamma });
      return [L_G, L_D + penalty];
    };
    return networks.map(({ layers }, who) => {
      losses();
      const grads = layers.map((layer) => layer.grads.map((g) => g.slice()));
      const length = Math.hypot(...grads.flat().flatMap((g) => [...g]));
      const errors = layers.flatMap(({ weights }, l) => weights.flatMap((w, n) =>
        Array.from(w, (old, k) => {
          const [above, below] = [1e-6, -1e-6].map((by) => {
            w[k] = old + by;
            return losses()[who];
          });
          w[k] = old;
          return Math.abs((above - below) / 2e-6 - grads[l][n][k]) / length;
        })));
      return Math.max(...errors);
    });
  }

  const build = (ui) => {
    const plane = new Plane(ui.canvas({ width: 400, height: 400,
      label: "The plane with real points, made points, and what D believes where" }));
    const charts = element("div", { class: "interactive-view" });
    const [losses, pulls] = ["Losses of the two players over the steps",
      "Mean pull on a made point over the steps, logarithmic"].map((label) => {
      const view = ui.canvas({ width: 400, height: 190, label });
      charts.append(view.canvas);
      view.box.remove();
      return view;
    });
    ui.views.append(charts);

    let [data, seed, preset] = ["ring", 1, "balanced"];
    let players, course, reals, seen, last, toldAt;
    const rules = { ...BALANCED };

    const draw = () => {
      const colours = ui.colours();
      const game = GAMES[rules.loss];
      const logits = players.judge(plane.places);
      const on = [...players.judge(reals), ...players.judge(seen.made)];
      const middle = on.reduce((a, b) => a + b, 0) / on.length;
      plane.belief(logits, game.belief ?? sigmoid, middle, colours);
      plane.dots(reals, colours.blue, 1.6);
      plane.modes(players.data, seen.found, colours);
      plane.dots(seen.made, colours.text, 2);
      plane.arrows(seen.made, seen.pull, 40, colours.text);

      const even = game === GAMES["least-squares"] ? 0.5 : 0; // both logits, undecided
      const series = [
        { key: "L_D", text: "loss of D", colour: colours.blue,
          level: game.d(even, even) },
        { key: "L_G", text: "loss of G", colour: colours.orange,
          level: game.g(even, even) },
      ];
      const values = course.rows.flatMap((row) => [row.L_D, row.L_G]);
      const low = Math.floor(Math.max(-4, Math.min(0, ...values)));
      const high = Math.ceil(Math.min(8, Math.max(2, ...values)));
      const step = high - low < 3 ? 0.5 : Math.ceil((high - low) / 5);
      const ticks = [];
      for (let tick = low; tick <= high; tick += step) ticks.push(tick);
      drawCurves(losses, course, series, { min: low, max: high, ticks }, colours);
      drawCurves(pulls, course,
        [{ key: "mean", text: "mean pull on a made point", colour: colours.green }],
        { log: true, min: -7, max: 1, ticks: [1e-6, 1e-4, 1e-2, 1] }, colours);
    };

    const tell = () => {
      toldAt = performance.now();
      const { modes, good, mean, found } = seen;
      const score = last ? `L_D ${number(last.L_D)}, L_G ${number(last.L_G)}. ` : "";
      ui.say(`Seed ${seed}, step ${players.steps.toLocaleString("en")}: ${modes} of ` +
        `${found.length} modes, ${Math.round(100 * good)} % good. ${score}` +
        `Mean pull ${number(mean)}.`);
    };

    const show = () => {
      seen = look(players, rules, reals);
      if (last) course.add(players.steps, { ...last, mean: seen.mean });
      draw();
      if (!loop.running || performance.now() - toldAt > 2000) tell();
    };

    const play = (steps) => {
      const until = performance.now() + 12; // milliseconds of a frame
      for (let k = 0; k < steps && (k === 0 || performance.now() < until); k++) {
        last = players.step(rules);
      }
      show();
    };

    const restart = () => {
      players = new Players({ data, seed, ...PRESETS[preset] });
      reals = real(players.data, random(98), new Float64Array(2 * SHOWN));
      [course, last] = [new Course(), null];
      show();
    };

    const loop = ui.loop(() => play(20));
    const run = (wanted) => {
      loop.running = wanted;
      start.textContent = wanted ? "Pause" : "Start";
      if (!wanted) tell();
    };

    const options = (table) => Object.entries(table).map(([key, { text }]) =>
      [key, text ?? key]);
    const start = ui.button({ label: "Start", press: () => run(!loop.running) });
    ui.button({ label: "One step", press: () => { run(false); play(1); } });
    ui.button({ label: "Restart", press: restart });
    ui.button({ label: "Another seed", press: () => { seed += 1; restart(); } });
    const choosePreset = (name) => {
      Object.assign(rules, PRESETS[name].rules);
      for (const set of setters) set();
      if (PRESETS[name].goesOn) {
        show();
      } else {
        preset = name;
        restart();
      }
    };
    ui.choice({ label: "Game", options: options(PRESETS), value: preset,
      change: choosePreset });
    ui.choice({ label: "Data", options: options(DATA), value: data,
      change: (name) => { data = name; restart(); } });

    /* A control for each rule, which a preset sets too. */
    const setters = [];
    const choose = (label, key, names) => {
      const control = ui.choice({ label, options: names.map((name) => [name, name]),
        value: rules[key], change: (value) => { rules[key] = value; show(); } });
      setters.push(() => { control.value = rules[key]; });
    };
    const slide = (label, key, range, there, home, format) => {
      const control = ui.slider({ label, ...range, value: there(rules[key]),
        format: (value) => format(home(value)),
        change: (value) => { rules[key] = home(value); } });
      setters.push(() => { control.value = there(rules[key]); });
    };
    choose("Loss", "loss", Object.keys(GAMES));
    choose("G moves by", "optimizer", ["Adam", "SGD"]);
    for (const [label, key] of [["Rate of G", "gRate"], ["Rate of D", "dRate"]]) {
      slide(label, key, { min: -4, max: -1, step: 0.25 }, Math.log10, (v) => 10 ** v,
        (rate) => rate.toPrecision(2));
    }
    slide("Steps of D for one of G", "dSteps", { min: 1, max: 10, step: 1 },
      Number, Number, String);
    slide("Penalty gamma", "gamma", { min: 0, max: GAMMAS.length - 1, step: 1 },
      (gamma) => GAMMAS.indexOf(gamma), (k) => GAMMAS[k], String);
    ui.onTheme(draw);
    restart();
  };

  window.interactive.gan2d = { check, DATA, GAMES, PRESETS, Players, look, real };
  window.interactive("gan-2d", build);
})();
