/* Chapter 4's damage by hand: a few kinds of `gantools.damage`, by the same formulas.  A
   picture is one array, red, green and blue of each pixel, in [0, 1], row by row. */
(() => {
  "use strict";
  const SIDE = 200;
  const VISIBLE = 0.2; // a change that counts as fully visible
  const BROWN = [0.62, 0.44, 0.24];

  /* Let the dyes keep shares of their density; `floor` is the light through black. */
  const fade = (x, keep, floor = 0.05) => x.map((value, i) =>
    (Math.pow(floor + (1 - floor) * value, keep[i % 3]) - floor) / (1 - floor));

  /* Stain the whole sheet: `density` in the blue, shares of it in red and green. */
  const yellow = (x, density, shares = [0.07, 0.35, 1]) => {
    const light = shares.map((share) => Math.pow(10, -density * share));
    return x.map((value, i) => value * light[i % 3]);
  };

  /* Grain, strongest in the mid-tones; noise (pixels) of deviation 1. */
  const grain = (x, amount, noise, flat = 0.3) => x.map((value, i) =>
    value + amount * (flat + (1 - flat) * 4 * value * (1 - value)) * noise[(i / 3) | 0]);

  /* What covers, and what stains; alpha (pixels) in [0, 1]. */
  const cover = (x, colour, alpha) => x.map((value, i) => {
    const a = alpha[(i / 3) | 0];
    return (1 - a) * value + a * colour[i % 3];
  });
  const stain = (x, colour, alpha) => x.map((value, i) =>
    value * (1 - alpha[(i / 3) | 0] * (1 - colour[i % 3])));

  const clip = (x) => x.map((value) => Math.min(1, Math.max(0, value)));

  /* Where a change is visible, (pixels): its largest channel in units of VISIBLE. */
  const visible = (before, after) => Float32Array.from({ length: before.length / 3 },
    (_, i) => Math.min(1, Math.max(...[0, 1, 2].map((c) =>
      Math.abs(after[3 * i + c] - before[3 * i + c]))) / VISIBLE));

  /* A Gaussian of deviation sigma, along rows and then along columns. */
  const blur = (x, sigma, channels = 3) => {
    if (sigma < 0.2) return x;
    const reach = Math.ceil(3 * sigma);
    const kernel = Array.from({ length: 2 * reach + 1 },
      (_, i) => Math.exp(-0.5 * ((i - reach) / sigma) ** 2));
    const total = kernel.reduce((a, b) => a + b);
    const along = (from, step, pixel) => {
      const made = new Float32Array(from.length);
      for (let at = 0; at < from.length; at++) {
        const place = pixel((at / channels) | 0);
        for (let k = -reach; k <= reach; k++) {
          const to = Math.min(Math.max(place + k, 0), SIDE - 1) - place;
          made[at] += (kernel[k + reach] / total) * from[at + to * step * channels];
        }
      }
      return made;
    };
    return along(along(x, 1, (i) => i % SIDE), SIDE, (i) => (i / SIDE) | 0);
  };

  const noise = ({ normal }) => Float32Array.from({ length: SIDE * SIDE }, normal);

  /* Noise of lumps, `cell` pixels and smaller ones of half the size and 0.55 the height. */
  const cloud = (random, cell) => {
    const total = new Float32Array(SIDE * SIDE);
    for (let size = cell, height = 1; size > 1.5; size /= 2, height *= 0.55) {
      const lumps = blur(noise(random), size / 2, 1);
      const spread = Math.sqrt(lumps.reduce((sum, v) => sum + v * v, 0) / lumps.length);
      lumps.forEach((value, i) => { total[i] += (height * value) / spread; });
    }
    return total;
  };

  const smoothstep = (x, low, high) => {
    const t = Math.min(1, Math.max(0, (x - low) / (high - low)));
    return t * t * (3 - 2 * t);
  };

  /* Where scratches run, (pixels): the browser draws the strokes, white on black. */
  const strokes = ({ uniform, normal }, count) => {
    const canvas = interactive.element("canvas", { width: SIDE, height: SIDE });
    const pen = canvas.getContext("2d");
    pen.strokeStyle = "#fff";
    for (let i = 0; i < count; i++) {
      let [x, y, angle] = [SIDE * uniform(), SIDE * uniform(), 2 * Math.PI * uniform()];
      const step = (SIDE * (0.2 + 0.8 * uniform())) / 16;
      pen.globalAlpha = 0.5 + 0.5 * uniform();
      pen.lineWidth = 0.7 + 1.1 * uniform();
      pen.beginPath();
      for (let k = 0; k < 16; k++) {
        pen.lineTo(x, y);
        angle += 0.05 * normal();
        x += step * Math.cos(angle);
        y += step * Math.sin(angle);
      }
      pen.stroke();
    }
    const { data } = pen.getImageData(0, 0, SIDE, SIDE);
    return Float32Array.from({ length: SIDE * SIDE }, (_, i) => data[4 * i + 3] / 255);
  };

  interactive.damage = { fade, yellow };

  /* The photograph's pixels: a picture inside a script, for a page that is opened as a
     file may not read the pixels of another file. */
  const read = async () => {
    const picture = interactive.element("img", { src: await interactive.load("portrait") });
    await picture.decode();
    const canvas = interactive.element("canvas", { width: SIDE, height: SIDE });
    const context = canvas.getContext("2d");
    context.drawImage(picture, 0, 0);
    const { data } = context.getImageData(0, 0, SIDE, SIDE);
    return Float32Array.from({ length: 3 * SIDE * SIDE },
      (_, i) => data[4 * ((i / 3) | 0) + (i % 3)] / 255);
  };

  interactive("damage", (ui) => {
    const view = (title, label) =>
      ui.canvas({ width: SIDE, height: SIDE, pixels: true, title, label });
    const picture = view("what time left", "A portrait, damaged as the sliders say");
    const hidden = view("mask", "White where marks have visibly changed the portrait");
    const paint = ({ context }, value) => {
      const image = context.createImageData(SIDE, SIDE);
      for (let i = 0; i < SIDE * SIDE; i++) {
        for (let c = 0; c < 3; c++) image.data[4 * i + c] = 255 * value(i, c) + 0.5;
        image.data[4 * i + 3] = 255;
      }
      context.putImageData(image, 0, 0);
    };

    let clean, film, lumps;
    let seed = 0;
    const draw = () => { // what chance decides, once for all strengths
      film = blur(noise(interactive.random(seed)), 0.6, 1);
      const spread = Math.sqrt(film.reduce((sum, v) => sum + v * v, 0) / film.length);
      film = film.map((value) => value / spread);
      lumps = cloud(interactive.random(seed + 1), 40);
    };
    const age = () => {
      let x = clip(yellow(fade(clean, dyes.map((dye) => dye.value)), cast.value));
      x = clip(grain(x, coarse.value, film));
      const before = x;
      const level = 2.6 - 2.2 * spots.value; // of the lumps, of deviation about 1
      const alpha = lumps.map((v) => spots.value && 0.8 * smoothstep(v, level, level + 0.4));
      x = stain(x, BROWN, alpha);
      x = cover(x, [0.93, 0.9, 0.84], strokes(interactive.random(seed + 2), lines.value));
      return { mask: visible(before, x), damaged: blur(x, soft.value) };
    };
    const show = () => {
      if (!clean) return;
      const { damaged, mask } = age();
      paint(picture, (i, c) => damaged[3 * i + c]);
      paint(hidden, (i) => mask[i]);
      const error = damaged.reduce((sum, v, i) => sum + (v - clean[i]) ** 2, 0);
      const share = (100 * mask.reduce((sum, v) => sum + (v > 0.5), 0)) / mask.length;
      ui.say(
        (error ? `PSNR ${(-10 * Math.log10(error / clean.length)).toFixed(1)} dB`
          : "The clean photograph")
        + `; ${share.toFixed(0)} % of the pixels marked as damage.`,
      );
    };

    const sliders = [];
    const slider = (label, min, max, step, value, none) => {
      const format = (v) => v.toFixed(step < 1 ? 2 : 0);
      const made = ui.slider({ label, min, max, step, value, format, change: show });
      sliders.push([made, none]);
      return made;
    };
    const dyes = [["Cyan", 0.5], ["Magenta", 0.75], ["Yellow", 0.9]].map(
      ([name, value]) => slider(`${name} dye left`, 0.1, 1, 0.05, value, 1));
    const cast = slider("Yellowing, density", 0, 0.3, 0.02, 0.06, 0);
    const coarse = slider("Grain", 0, 0.2, 0.02, 0.04, 0);
    const spots = slider("Blotches", 0, 1, 0.1, 0.4, 0);
    const lines = slider("Scratches", 0, 30, 1, 8, 0);
    const soft = slider("Blur, px", 0, 2, 0.2, 0.4, 0);
    ui.button({ label: "Undo all", press: () => {
      for (const [made, none] of sliders) made.value = none;
      show();
    } });
    ui.button({ label: "Other marks", press: () => { seed += 3; draw(); show(); } });
    ui.say("Loading the photograph.");
    read().then((pixels) => { clean = pixels; draw(); show(); }, (error) => {
      console.error(error);
      ui.say("The photograph could not be loaded. Reload the page.");
    });
  });
})();
