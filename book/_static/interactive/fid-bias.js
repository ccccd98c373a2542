/* The Frechet and the kernel distance of two normal samples, against their size
   (chapter 8, section 5).  The true distances are known in closed form; everything else
   is computed here, from samples that are drawn when a slider moves. */
(() => {
  "use strict";

  const { calm, random } = window.interactive;

  /* n samples (n, d) with mean (shift, .. shift) and covariance I. */
  const sample = (n, d, shift, normal) =>
    Array.from({ length: n }, () =>
      Float64Array.from({ length: d }, () => shift + normal()));

  const dot = (x, y) => {
    let sum = 0;
    for (let k = 0; k < x.length; k++) sum += x[k] * y[k];
    return sum;
  };

  const matrix = (d, entry) => Array.from({ length: d }, (_, i) =>
    Float64Array.from({ length: d }, (__, j) => entry(i, j)));

  const product = (a, b) => matrix(a.length, (i, j) => {
    let sum = 0;
    for (let k = 0; k < a.length; k++) sum += a[i][k] * b[k][j];
    return sum;
  });

  /* Mean (d) and covariance (d, d) of samples, divided by n - 1. */
  function moments(x) {
    const [n, d] = [x.length, x[0].length];
    const mean = x[0].map((_, k) => x.reduce((sum, row) => sum + row[k], 0) / n);
    const covariance = matrix(d, () => 0);
    for (const row of x) {
      for (let i = 0; i < d; i++) {
        for (let j = 0; j <= i; j++) {
          covariance[i][j] += ((row[i] - mean[i]) * (row[j] - mean[j])) / (n - 1);
        }
      }
    }
    const both = (i, j) => covariance[Math.max(i, j)][Math.min(i, j)];
    return { mean, covariance: matrix(d, both) };
  }

  /* Eigenvalues and eigenvectors (columns) of a symmetric matrix, by Jacobi: turn the
     plane of each pair (p, q) until the entry between them is 0, and repeat. */
  function eigen(symmetric) {
    const d = symmetric.length;
    const a = symmetric.map((row) => row.slice());
    const v = matrix(d, (i, j) => (i === j ? 1 : 0));
    for (let sweep = 0; sweep < 50; sweep++) {
      let [off, on] = [0, 0];
      for (let p = 0; p < d; p++) {
        on += a[p][p] ** 2;
        for (let q = 0; q < p; q++) off += a[p][q] ** 2;
      }
      if (off <= 1e-30 * on) break;
      for (let p = 0; p < d; p++) for (let q = p + 1; q < d; q++) turn(a, v, p, q);
    }
    return { values: a.map((row, k) => row[k]), vectors: v };
  }

  function turn(a, v, p, q) {
    if (a[p][q] === 0) return;
    const theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
    const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
    const c = 1 / Math.hypot(t, 1);
    const s = t * c;
    for (let k = 0; k < a.length; k++) { // columns
      for (const m of [a, v]) {
        const [x, y] = [m[k][p], m[k][q]];
        m[k][p] = c * x - s * y;
        m[k][q] = s * x + c * y;
      }
    }
    for (let k = 0; k < a.length; k++) { // rows
      const [x, y] = [a[p][k], a[q][k]];
      a[p][k] = c * x - s * y;
      a[q][k] = s * x + c * y;
    }
  }

  const root = (symmetric) => {
    const { values, vectors } = eigen(symmetric);
    return matrix(values.length, (i, j) => values.reduce((sum, value, k) =>
      sum + vectors[i][k] * Math.sqrt(Math.max(value, 0)) * vectors[j][k], 0));
  };

  /* |m_x - m_y|^2 + tr(A + B - 2 (A^1/2 B A^1/2)^1/2), as metrics.frechet_distance. */
  function frechet(x, y) {
    const [one, two] = [moments(x), moments(y)];
    const half = root(one.covariance);
    const { values } = eigen(product(product(half, two.covariance), half));
    let sum = 0;
    for (let k = 0; k < half.length; k++) {
      sum += (one.mean[k] - two.mean[k]) ** 2 + one.covariance[k][k]
        + two.covariance[k][k] - 2 * Math.sqrt(Math.max(values[k], 0));
    }
    return Math.max(sum, 0);
  }

  /* The squared maximum mean discrepancy under (a.b / D + 1)^3, over pairs of different
     samples, as metrics.kernel_distance. */
  function kernel(x, y) {
    const d = x[0].length;
    const mean = (a, b) => {
      let sum = 0;
      for (let i = 0; i < a.length; i++) {
        for (let j = 0; j < (a === b ? i : b.length); j++) {
          const k = dot(a[i], b[j]) / d + 1;
          sum += k * k * k;
        }
      }
      return sum / (a === b ? (a.length * (a.length - 1)) / 2 : a.length * b.length);
    };
    return mean(x, x) + mean(y, y) - 2 * mean(x, y);
  }

  /* The true distances of N(0, I) and N(m, I) in d dimensions with |m|^2 = f: the
     Frechet distance is f itself.  For the kernel expand the cube: with independent e
     and e' from N(0, I), the products s = (m + e).(m + e') have the moments f,
     f^2 + 2 f + d and f^3 + 3 f (2 f + d) + 6 f, and so on for the other two means. */
  const truth = {
    FID: (d, f) => f,
    KID: (d, f) => (3 * f) / d + (3 * f * f) / d ** 2
      + (f ** 3 + 6 * f * f + 3 * d * f + 6 * f) / d ** 3,
  };
  const bias = { FID: (d, n) => (2 * d + (d * (d + 1)) / 2) / n, KID: () => 0 };
  const measure = { FID: frechet, KID: kernel };

  const SIZES = [25, 50, 100, 200, 400, 800];
  const REPEATS = 20;
  const MEASURES = ["FID", "KID"];
  const GENERATORS = ["A", "B"];

  const meanOf = (values) => values.reduce((a, b) => a + b, 0) / values.length;
  const spreadOf = (values) => {
    const mean = meanOf(values);
    return Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2)));
  };

  /* One chart: each generator's mean over the draws, with the spread of a single draw,
     its truth (dotted) and the truth plus the bias by the formula (dashed). */
  function drawChart(view, name, found, chosen, { d, f }, colours) {
    const { context: c, width, height } = view;
    const shift = { A: 0, B: f };
    const values = GENERATORS.flatMap((who) => [truth[name](d, shift[who]),
      ...found[name][who].filter((list) => list.length).map(meanOf)]);
    const high = 1.15 * Math.max(...values, 0.1);
    const low = -0.2 * high;
    const [left, right, top, bottom] = [40, width - 8, 22, height - 40];
    const x = (n) => left + 12 + ((right - left - 24) * Math.log2(n / 25)) / 5;
    const y = (value) => bottom - ((bottom - top) * (value - low)) / (high - low);
    c.clearRect(0, 0, width, height);
    c.font = "14px system-ui, sans-serif";
    c.lineWidth = 1;
    c.setLineDash([]);
    c.strokeStyle = colours.border;
    c.fillStyle = colours.quiet;
    c.textAlign = "right";
    for (const tick of [0, high / 2.3, high / 1.15]) {
      c.fillText(tick.toFixed(high < 1 ? 2 : 1), left - 4, y(tick) + 4);
      c.beginPath();
      c.moveTo(left, y(tick));
      c.lineTo(right, y(tick));
      c.stroke();
    }
    c.textAlign = "center";
    for (const n of SIZES) c.fillText(n, x(n), bottom + 17);
    c.fillText("pictures in a set, n", (left + right) / 2, height - 4);
    c.save();
    c.beginPath();
    c.rect(left, top, right - left, bottom - top);
    c.clip();
    for (const who of GENERATORS) {
      const colour = who === "A" ? colours.blue : colours.orange;
      const exact = truth[name](d, shift[who]);
      [c.strokeStyle, c.fillStyle] = [colour, colour];
      c.setLineDash([2, 4]);
      c.beginPath();
      c.moveTo(left, y(exact));
      c.lineTo(right, y(exact));
      c.stroke();
      c.setLineDash([6, 4]);
      c.beginPath();
      for (let k = 0; k <= 50; k++) {
        const n = 25 * 2 ** (k / 10);
        c.lineTo(x(n), y(exact + bias[name](d, n)));
      }
      c.stroke();
      c.setLineDash([]);
      SIZES.forEach((n, k) => {
        const list = found[name][who][k];
        if (!list.length) return;
        const [mean, spread] = [meanOf(list), spreadOf(list)];
        const at = x(n) + (who === "A" ? -4 : 4);
        c.beginPath();
        c.moveTo(at, y(mean - spread));
        c.lineTo(at, y(mean + spread));
        c.stroke();
        c.beginPath();
        c.arc(at, y(mean), chosen[who] === k ? 6 : 3, 0, 2 * Math.PI);
        c.fill();
      });
    }
    c.restore();
    c.textAlign = "left";
    c.fillStyle = colours.text;
    c.fillText(name, left, 14);
    c.fillStyle = colours.blue;
    c.fillText("A, perfect", left + 40, 14);
    c.fillStyle = colours.orange;
    c.fillText("B, off", left + 122, 14);
  }

  const build = (ui) => {
    const charts = MEASURES.map((name) => ui.canvas({ width: 360, height: 240,
      label: `${name} of generators A and B against the number of pictures` }));
    const rules = { d: 8, f: 0.5 };
    const chosen = { A: 1, B: 4 };
    let [seed, found, turns] = [1, null, 0];

    const value = (name, who) => {
      const list = found[name][who][chosen[who]];
      const mean = meanOf(list);
      return `${who} ${mean.toFixed(2).replace("-0.00", "0.00")}`;
    };
    const verdict = (name) => {
      const [a, b] = GENERATORS.map((who) => meanOf(found[name][who][chosen[who]]));
      const better = a < b ? "A" : "B";
      return `${name}: ${value(name, "A")}, ${value(name, "B")}: `
        + `${better} seems better`;
    };
    const draw = () => {
      const colours = ui.colours();
      MEASURES.forEach((name, k) =>
        drawChart(charts[k], name, found, chosen, rules, colours));
    };
    const tell = () => {
      const { d, f } = rules;
      const size = (who) => SIZES[chosen[who]];
      ui.say(`A with n = ${size("A")}, B with n = ${size("B")}; means of ${REPEATS} `
        + `draws. ${MEASURES.map(verdict).join(". ")}. `
        + `True: FID 0 and ${f.toFixed(2)}, KID 0 and ${truth.KID(d, f).toFixed(2)}.`);
    };

    /* One size in each frame, the large ones last. */
    const loop = ui.loop(() => {
      const k = turns % SIZES.length;
      const { normal } = random(seed * 1e5 + turns);
      const { d, f } = rules;
      for (const who of GENERATORS) {
        const shift = who === "A" ? 0 : Math.sqrt(f / d);
        const x = sample(SIZES[k], d, 0, normal);
        const y = sample(SIZES[k], d, shift, normal);
        for (const name of MEASURES) found[name][who][k].push(measure[name](x, y));
      }
      turns += 1;
      const done = turns === REPEATS * SIZES.length;
      if (done || (!calm() && turns % SIZES.length === 0)) draw();
      if (!done) return;
      loop.running = false;
      tell();
    });
    const begin = () => {
      const empty = () => Object.fromEntries(GENERATORS.map((who) =>
        [who, SIZES.map(() => [])]));
      found = Object.fromEntries(MEASURES.map((name) => [name, empty()]));
      turns = 0;
      draw();
      ui.say("Measuring …");
      loop.running = true;
    };
    const look = () => {
      draw();
      if (!loop.running) tell();
    };

    for (const who of GENERATORS) {
      ui.slider({ label: `Pictures for ${who}`, min: 0, max: SIZES.length - 1, step: 1,
        value: chosen[who], format: (k) => `n = ${SIZES[k]}`,
        change: (k) => { chosen[who] = k; look(); } });
    }
    ui.slider({ label: "True FID of B", min: 0, max: 3, step: 0.1, value: rules.f,
      format: (f) => f.toFixed(1), change: (f) => { rules.f = f; begin(); } });
    ui.slider({ label: "Features, d", min: 1, max: 16, step: 1, value: rules.d,
      change: (d) => { rules.d = d; begin(); } });
    ui.button({ label: "Draw again", press: () => { seed += 1; begin(); } });
    ui.onTheme(draw);
    begin();
  };

  window.interactive.fidBias = { frechet, kernel, root, eigen, truth };
  window.interactive("fid-bias", build);
})();
